"""A private Dovecot: LMTP on loopback, Maildir, durable; `doveadm` beside it.

    python -m bench.peers.dovecot [--users N] [--dir DIR]

It runs until it is interrupted. Durability is Dovecot's own default, `mail_fsync =
optimized`: a message is fsynced before it gets its name, the folder after it. With
`always` it also fsyncs index files, which it can rebuild; that would be slower.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.processes import answers, free_port, running, wait_until

OWNER = "mail"  # Debian's system user, who owns the Maildirs
DOMAIN = "bench.example"

_CONFIGURATION = """\
base_dir = {sockets}
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = lmtp
ssl = no
mail_location = maildir:~/Maildir
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = 1
mail_fsync = optimized
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@{domain}
}}
"""


class Missing(Exception):
    """A program of the peer is not installed, or may not be run."""


def require(*programs: str) -> None:
    """Raise Missing unless these are installed and we are root."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    absent = [name for name in programs if not shutil.which(name, path=path)]
    if absent:
        raise Missing(f"{', '.join(absent)}: not installed (scripts/services)")
    if os.geteuid() != 0:
        raise Missing("its master process needs root")


def version() -> str:
    """Return the version of the Dovecot that is installed."""
    require("dovecot")
    told = subprocess.run(["dovecot", "--version"], capture_output=True, check=True)
    return told.stdout.decode().split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """A running Dovecot and where its mail is."""

    folder: Path
    port: int
    pid: int = 0

    @property
    def configuration(self) -> Path:
        return self.folder / "dovecot.conf"

    def doveadm(self, *words: str) -> bytes:
        """Run a command of `doveadm` and return what it prints."""
        done = subprocess.run(
            ["doveadm", "-c", str(self.configuration), *words],
            capture_output=True,
            check=True,
        )
        return done.stdout

    def delivered(self) -> int:
        """Return how many messages lie in all Maildirs."""
        parts = ("new", "cur")
        homes = (self.folder / "homes").iterdir()
        folders = (home / "Maildir" / part for home in homes for part in parts)
        return sum(len(list(each.iterdir())) for each in folders if each.is_dir())


def homes_in(folder: Path) -> Path:
    """Return the folder of all homes, made if it is not there."""
    homes = folder / "homes"
    if not homes.is_dir():
        homes.mkdir(parents=True)
        shutil.chown(homes, OWNER, OWNER)
    return homes


def _configured(folder: Path, sockets: Path, users: Iterable[str]) -> Dovecot:
    dovecot = Dovecot(folder=folder, port=free_port())
    homes = homes_in(folder)
    for each in (folder, sockets):
        each.chmod(0o755)
    (folder / "users").write_text(
        "".join(f"{user}@{DOMAIN}:::::{homes}/{user}::\n" for user in users)
    )
    values = {"folder": folder, "sockets": sockets, "owner": OWNER, "domain": DOMAIN}
    dovecot.configuration.write_text(_CONFIGURATION.format(port=dovecot.port, **values))
    return dovecot


@contextmanager
def started(folder: Path, users: Iterable[str]) -> Iterator[Dovecot]:
    """Run a Dovecot in `folder` for these local parts of `DOMAIN`."""
    require("dovecot", "doveadm")
    # The names of sockets must be short.
    with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
        configured = _configured(folder, Path(sockets), users)
        command = ("dovecot", "-F", "-c", configured.configuration)
        with running(command, log=folder / "stderr") as process:
            wait_until(lambda: answers(configured.port), "Dovecot's LMTP")
            yield replace(configured, pid=process.pid)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers.dovecot",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--users", type=int, default=100, metavar="N")
    parser.add_argument("--dir", type=Path, default=None, help="default: a passing one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-dovecot-") as passing:
        folder = options.dir or Path(passing)
        try:
            with started(folder, (f"u{n}" for n in range(options.users))) as dovecot:
                print(f"lmtp=127.0.0.1:{dovecot.port} config={dovecot.configuration}")
                print(f"u0 ... u{options.users - 1} @{DOMAIN}; interrupt to end")
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except Missing as error:
            print(f"no Dovecot: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
