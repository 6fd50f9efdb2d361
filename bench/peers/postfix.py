"""A private Postfix on loopback that hands its mail to a private Dovecot by LMTP.

    python -m bench.peers.postfix [--users N] [--dir DIR]

It runs until it is interrupted. The settings are Postfix's own: the queue file is
fsynced before `250`; Dovecot then stores durably (see `bench.peers.dovecot`).
Recipients are looked up in a table; no DNS, filters or logs (without a syslog daemon)
slow it down.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers import dovecot
from bench.peers.dovecot import DOMAIN, Dovecot, Missing, require
from bench.processes import answers, free_port, running, wait_until

_MASTER = Path("/usr/lib/postfix/sbin/master")

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peer.{domain}
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{folder}/recipients
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_recipient_restrictions = permit_mynetworks, reject
in_flow_delay = {delay}
"""

_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_QUEUES = ("maildrop", "incoming", "active", "deferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running Postfix and the Dovecot behind it."""

    folder: Path
    port: int
    pid: int
    behind: Dovecot

    def queued(self) -> int:
        """Return how many messages wait to be delivered."""
        return sum(
            len(files)
            for name in _QUEUES
            for _, _, files in os.walk(self.folder / "queue" / name)
        )


def version() -> str:
    """Return the version of the Postfix that is installed."""
    require("postconf")
    told = subprocess.run(
        ["postconf", "-d", "-h", "mail_version"], capture_output=True, check=True
    )
    return told.stdout.decode().strip()


def _configure(folder: Path, behind: Dovecot, port: int, delay: str) -> Path:
    configuration = folder / "config"
    configuration.mkdir(parents=True)
    for each in (folder, configuration):
        each.chmod(0o755)
    for name in ("queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    values = {"folder": folder, "domain": DOMAIN, "lmtp": behind.port, "delay": delay}
    (configuration / "main.cf").write_text(_MAIN.format(**values))
    (configuration / "master.cf").write_text(_SERVICES.format(port=port))
    users = (behind.folder / "users").read_text().splitlines()
    addresses = (line.partition(":")[0] for line in users)
    (folder / "recipients").write_text("".join(f"{a} known\n" for a in addresses))
    # It makes the folders of the queue with their owners and modes.
    checked = subprocess.run(
        ["postfix", "-c", str(configuration), "check"], capture_output=True, check=False
    )
    if checked.returncode:
        raise Missing(f"postfix check: {checked.stderr.decode(errors='replace')}")
    return configuration


@contextmanager
def started(
    folder: Path, behind: Dovecot, *, in_flow_delay: str = "1s"
) -> Iterator[Postfix]:
    """Run a Postfix in a new `folder` that delivers to `behind`.

    `in_flow_delay` is Postfix's brake on who sends faster than it delivers.
    """
    require("postfix", "postconf")
    port = free_port()
    configuration = _configure(folder, behind, port, in_flow_delay)
    command = (_MASTER, "-c", configuration, "-d")
    with running(command, log=folder / "stderr") as process:
        wait_until(lambda: answers(port), "Postfix")
        yield Postfix(folder=folder, port=port, pid=process.pid, behind=behind)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chain until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers.postfix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--users", type=int, default=100, metavar="N")
    parser.add_argument("--dir", type=Path, default=None, help="default: a passing one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-postfix-") as passing:
        folder = options.dir or Path(passing)
        Path(passing).chmod(0o755)
        users = (f"u{n}" for n in range(options.users))
        try:
            with (
                dovecot.started(folder / "dovecot", users) as behind,
                started(folder / "postfix", behind) as postfix,
            ):
                print(f"smtp=127.0.0.1:{postfix.port} lmtp=127.0.0.1:{behind.port}")
                print(f"u0 ... u{options.users - 1} @{DOMAIN}; interrupt to end")
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except Missing as error:
            print(f"no Postfix: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
