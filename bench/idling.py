"""Memory of `postwarden serve`: when it has started, and when mail has come.

    python -m bench idling [--scale default|full|tiny]

Resident memory (VmRSS) is what the system counts, shared libraries included. The
second figure is read when the full text of all mail is indexed.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import clients, fixtures, ours
from bench.figures import MIB, Figure, Target
from bench.fixtures import DOMAIN, MAIL_SIZE, Fixture, user
from bench.mails import Mails
from bench.measuring import measured
from bench.processes import memory, wait_until
from bench.scales import Site

GROUP = "memory"
_ACCOUNTS = 100
_SETTLED = 2.0  # seconds after which a start is over


def measure(site: Site) -> Iterator[Figure]:
    """Look at one server twice."""
    folder = Path(tempfile.mkdtemp(prefix="idling-", dir=site.work))
    try:
        data = folder / "data"
        fixtures.build(data, Fixture(accounts=_ACCOUNTS))
        with ours.serving(data) as serving:
            time.sleep(_SETTLED)
            yield _figure("serve, idle", serving.pid)
            count = site.scale.remembered
            mails = Mails(MAIL_SIZE)
            recipients = [f"{user(n)}@{DOMAIN}" for n in range(_ACCOUNTS)]
            letters = clients.shared_out(
                (mails.next() for _ in range(count)), recipients
            )
            clients.send(serving.ports["smtp"], letters, sessions=10)
            wait_until(lambda: _lag(data) == 0, "the full-text index", 120)
            yield _figure(f"serve, after {count:,} mails", serving.pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figure(name: str, pid: int) -> Figure:
    return Figure(
        group=GROUP,
        name=name,
        value=memory(pid) / MIB,
        unit="MiB",
        target=Target(value=120.0),
    )


def _lag(data: Path) -> int:
    platform = fixtures.opened(data)
    try:
        return asyncio.run(platform.search.lag())
    finally:
        platform.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure memory alone."""
    return measured("idling", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
