"""Durable ingest over SMTP and LMTP, beside Postfix and Dovecot.

    python -m bench ingest [--scale default|full|tiny] [--no-peers]

Time runs from the first connection until every mail lies in its mailbox: with
Postwarden and with LMTP to Dovecot that is the last reply, with Postfix in front it
is an empty queue. Every mail is another one (Postwarden would store equal ones once),
for 100 accounts in turn, over connections that stay open. `smtp-source` lines send
mails that differ in their Message-ID alone, all for one account.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count as count_from
from pathlib import Path

from bench import clients, fixtures, ours
from bench.clients import Letter
from bench.figures import Better, Figure, Target, skipped
from bench.fixtures import DOMAIN, Fixture, user
from bench.mails import KB, Mails
from bench.measuring import measured
from bench.peers import dovecot, postfix
from bench.processes import cpu_seconds, wait_until
from bench.scales import Site

GROUP = "ingest"
USERS = 100
_MAIN = (2 * KB, 10)  # what the target is about: octets, sessions
_SMTP_SOURCE = "smtp-source"
_SEEDS = count_from(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server to send to; `settle` waits until what it accepted is delivered.

    `delivered` counts what lies in its mailboxes, where that can be looked at.
    """

    name: str
    port: int
    pids: Sequence[int]
    lmtp: bool
    settle: Callable[[], None] = field(default=lambda: None)
    delivered: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Mails per second, and CPU milliseconds of the server for each.

    `accepted` counts what was acknowledged, `per_second` what was delivered.
    """

    per_second: float
    accepted: float
    cpu_ms: float
    p95_ms: float = 0.0


def measure(site: Site) -> Iterator[Figure]:
    """Send the same numbers of mails to each server, in turn."""
    folder = Path(tempfile.mkdtemp(prefix="ingest-", dir=site.work))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            data = folder / "data"
            fixtures.build(data, Fixture(accounts=USERS))
            serving = stack.enter_context(ours.serving(data))
            pairs, missing = _pairs(site, stack, folder, serving)
            for octets, sessions, count in site.scale.mails:
                for mine, peer in pairs:
                    yield _compared(mine, peer, (octets, sessions, count))
            for mine, peer in pairs:
                for reconnects in (False, True):
                    yield _generated(mine, peer, site, reconnects=reconnects)
            if missing:
                yield skipped(GROUP, "peers", missing)
        yield Figure(
            group=GROUP,
            name="longest transaction meanwhile",
            value=1000 * ours.seen(data).longest_transaction,
            unit="ms",
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pairs(
    site: Site, stack: ExitStack, folder: Path, serving: ours.Serving
) -> tuple[list[tuple[Server, Server | None]], str]:
    """Return ours with the peer that each is compared with, and why there is none."""
    name = "postwarden"
    smtp = Server(name=name, port=serving.ports["smtp"], pids=[serving.pid], lmtp=False)
    lmtp = Server(name=name, port=serving.ports["lmtp"], pids=[serving.pid], lmtp=True)
    if not site.peers:
        return [(smtp, None), (lmtp, None)], ""
    try:
        behind = stack.enter_context(
            dovecot.started(folder / "dovecot", map(user, range(USERS)))
        )
        front = stack.enter_context(postfix.started(folder / "postfix", behind))
    except dovecot.Missing as error:
        return [(smtp, None), (lmtp, None)], str(error)
    alone = Server(
        name="Dovecot LMTP",
        port=behind.port,
        pids=[behind.pid],
        lmtp=True,
        delivered=behind.delivered,
    )
    chain = Server(
        name="Postfix + Dovecot LMTP",
        port=front.port,
        pids=[front.pid, behind.pid],
        lmtp=False,
        settle=lambda: wait_until(lambda: not front.queued(), "Postfix's queue", 300),
        delivered=behind.delivered,
    )
    return [(smtp, chain), (lmtp, alone)], ""


def _letters(octets: int, count: int) -> list[Letter]:
    """Return mails that no call returned before."""
    mails = Mails(octets, seed=next(_SEEDS))
    recipients = [f"{user(number)}@{DOMAIN}" for number in range(USERS)]
    contents = (mails.next(to=recipients[n % USERS]) for n in range(count))
    return clients.shared_out(contents, recipients)


def _rate(server: Server, count: int, send: Callable[[], object]) -> Rate:
    before = server.delivered() if server.delivered else 0
    cpu = sum(map(cpu_seconds, server.pids))
    begun = time.perf_counter()
    sent = send()
    accepted = count / (time.perf_counter() - begun)
    server.settle()
    seconds = time.perf_counter() - begun
    cpu = sum(map(cpu_seconds, server.pids)) - cpu
    if server.delivered and server.delivered() - before != count:
        raise clients.Unaccepted(f"{server.name} did not deliver {count} mails")
    p95 = sent.wait(0.95) if isinstance(sent, clients.Sent) else 0.0
    return Rate(
        per_second=count / seconds,
        accepted=accepted,
        cpu_ms=1000 * cpu / count,
        p95_ms=1000 * p95,
    )


def _compared(mine: Server, peer: Server | None, mails: tuple[int, int, int]) -> Figure:
    octets, sessions, count = mails
    letters = _letters(octets, count)

    def rate_of(server: Server) -> Rate:
        warming = _letters(octets, 2 * sessions)
        clients.send(server.port, warming, sessions=sessions, lmtp=server.lmtp)
        server.settle()
        return _rate(
            server,
            len(letters),
            lambda: clients.send(
                server.port, letters, sessions=sessions, lmtp=server.lmtp
            ),
        )

    protocol = "LMTP" if mine.lmtp else "SMTP"
    is_main = (octets, sessions) == _MAIN and not mine.lmtp
    return _figure(
        f"{protocol}, {octets // KB} kB, {sessions} sessions",
        (rate_of(mine), rate_of(peer) if peer else None),
        peer,
        Target(ratio=1.0) if is_main else Target(),
    )


def _figure(
    name: str, rates: tuple[Rate, Rate | None], peer: Server | None, target: Target
) -> Figure:
    own, other = rates
    notes = [f"CPU {own.cpu_ms:.2f} ms/mail"]
    if own.p95_ms:
        notes.append(f"p95 {own.p95_ms:.1f} ms")
    if other is not None:
        notes.append(f"theirs {other.cpu_ms:.2f} ms")
        if other.accepted > 1.05 * other.per_second:
            notes.append(f"accepted {other.accepted:.0f}/s, delivered later")
    return Figure(
        group=GROUP,
        name=name,
        value=own.per_second,
        unit="mails/s",
        better=Better.MORE,
        peer="" if peer is None else peer.name,
        peer_value=None if other is None else other.per_second,
        target=target,
        note=", ".join(notes),
    )


def _generated(
    mine: Server, peer: Server | None, site: Site, *, reconnects: bool
) -> Figure:
    """Send with Postfix's own generator, whose bodies are all alike."""
    octets, sessions, count = site.scale.mails[min(1, len(site.scale.mails) - 1)]
    protocol = "LMTP" if mine.lmtp else "SMTP"
    how = "a connection per mail" if reconnects else "connections that stay"
    name = f"{_SMTP_SOURCE} {protocol}, {sessions} sessions, {how}"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    program = shutil.which(_SMTP_SOURCE, path=path)
    if program is None:
        return skipped(GROUP, name, f"{_SMTP_SOURCE} is not installed")

    def rate_of(server: Server) -> Rate:
        command = [
            *(
                program,
                *(["-L"] if server.lmtp else []),
                *([] if reconnects else ["-d"]),
            ),
            *("-s", str(sessions), "-m", str(count), "-l", str(octets)),
            *("-f", "ada@example.net", "-t", f"{user(0)}@{DOMAIN}"),
            f"127.0.0.1:{server.port}",
        ]
        return _rate(server, count, lambda: subprocess.run(command, check=True))

    rates = rate_of(mine), rate_of(peer) if peer else None
    return _figure(name, rates, peer, Target(ratio=1.0) if not mine.lmtp else Target())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure ingest alone."""
    return measured("ingest", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
