"""What the audit log costs: an entry chained behind the newest, and verifying all.

    python -m bench auditing [--scale default|full|tiny]

An entry is measured inside a transaction, where it adds to what an act costs anyway,
and as a durable act of its own.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Better, Figure
from bench.measuring import measured, median, quantile
from bench.scales import Scale, Site
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.model.actors import OPERATOR
from postwarden.services import audit
from postwarden.services.audit import verification
from postwarden.services.ports import UnitOfWork

GROUP = "audit"
_BATCH = 1000  # entries in one transaction, as `account create-many` writes them


def measure(site: Site) -> Iterator[Figure]:
    """Append to a log of its own, then verify it."""
    with tempfile.TemporaryDirectory(dir=site.work) as folder:
        store = SqliteStore(Path(folder) / "postwarden.db")
        try:
            yield from asyncio.run(_measured(store, site.scale))
        finally:
            store.close()


async def _measured(store: SqliteStore, scale: Scale) -> list[Figure]:
    entries = max(scale.paged // 10, _BATCH)
    batches = [await store.transact(_append, _BATCH) for _ in range(entries // _BATCH)]
    alone = []
    for _ in range(scale.traces):
        begun = time.perf_counter()
        await store.transact(_append, 1)
        alone.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    verdict = await verification.verify(store, OPERATOR)
    seconds = time.perf_counter() - begun
    assert verdict.problem is None
    return [
        Figure(
            group=GROUP,
            name=f"append within a transaction, behind {entries:,} entries",
            value=1e6 * batches[-1] / _BATCH,
            unit="us",
            note=f"median {1e6 * median(batches) / _BATCH:.0f} us",
        ),
        Figure(
            group=GROUP,
            name="append as a durable act of its own, p95",
            value=1000 * quantile(alone, 0.95),
            unit="ms",
            note=f"p50 {1000 * quantile(alone, 0.5):.2f} ms",
        ),
        Figure(
            group=GROUP,
            name="verify",
            value=verdict.entries / seconds,
            unit="entries/s",
            better=Better.MORE,
        ),
    ]


def _append(uow: UnitOfWork, count: int) -> float:
    begun = time.perf_counter()
    for number in range(count):
        audit.record(
            uow,
            OPERATOR,
            "account.change",
            f"account u{number}@example.org",
            before={"quota_octets": 1024, "name": "Ada Lovelace"},
            after={"quota_octets": 2048, "name": "Ada King"},
        )
    return time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the audit log alone."""
    return measured("auditing", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
