"""A page of accounts out of many, as an API reads it: by key, never by offset.

python -m bench paging [--scale default|full|tiny]
"""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence

from bench import fixtures
from bench.figures import Figure, Target
from bench.fixtures import DOMAIN, Fixture, user
from bench.measuring import measured, quantile
from bench.scales import Site
from postwarden.bootstrap import Platform
from postwarden.model.accounts import Account
from postwarden.model.actors import OPERATOR
from postwarden.services import accounts
from postwarden.services.ports import UnitOfWork

GROUP = "paging"
PAGE = 100
_READS = 200


def measure(site: Site) -> Iterator[Figure]:
    """Read first, last and random pages; the target is for the slowest kind."""
    count = site.scale.paged
    fixture = Fixture(accounts=count, mailboxes=False)
    platform = fixtures.opened(fixtures.cached(site.work, fixture))
    try:
        yield from asyncio.run(_measured(platform, count))
    finally:
        platform.close()


async def _measured(platform: Platform, count: int) -> list[Figure]:
    page, chance = min(PAGE, count), random.Random(1)
    places = {
        "the first page": [0] * _READS,
        "the last page": [count - page] * _READS,
        "random pages": [chance.randrange(count - page + 1) for _ in range(_READS)],
    }
    found = []
    for name, starts in places.items():
        times = [await _read(platform, start, page) for start in starts]
        found.append(
            Figure(
                group=GROUP,
                name=f"{name} of {page} of {count:,} accounts, p95",
                value=1000 * quantile(times, 0.95),
                unit="ms",
                target=Target(value=20.0),
                note=f"p50 {1000 * quantile(times, 0.5):.2f} ms",
            )
        )
    return found


async def _read(platform: Platform, start: int, page: int) -> float:
    after = f"{DOMAIN}/{user(start - 1)}" if start else ""
    begun = time.perf_counter()
    read = await platform.store.read(_page, after, page)
    seconds = time.perf_counter() - begun
    if len(read) != page or read[0].address.local_part != user(start):
        raise ValueError(f"the page behind {after!r} is another one")
    return seconds


def _page(uow: UnitOfWork, after: str, limit: int) -> list[Account]:
    return accounts.page(uow, OPERATOR, after=after, limit=limit)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure pages alone."""
    return measured("paging", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
