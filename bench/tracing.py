"""A trace out of a large ledger: by Message-ID, by recipient, by trace id.

    python -m bench tracing [--scale default|full|tiny]

Each is the search with the rows it finds, inside a process that has the store open.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from bench import fixtures
from bench.campaign import large, main_fixture
from bench.figures import Figure
from bench.fixtures import DOMAIN, user
from bench.measuring import measured, quantile
from bench.scales import Scale, Site
from postwarden.bootstrap import Platform
from postwarden.model.actors import OPERATOR
from postwarden.model.ledger import LedgerRow
from postwarden.model.queries import parse
from postwarden.services import tracing
from postwarden.services.ports import UnitOfWork

GROUP = "trace"


def measure(site: Site) -> Iterator[Figure]:
    """Ask for random messages, recipients and traces."""
    data = fixtures.cached(site.work, main_fixture(site.scale))
    platform = fixtures.opened(data)
    try:
        yield from asyncio.run(_measured(platform, site.scale))
    finally:
        platform.close()


def _queries(scale: Scale) -> dict[str, Callable[[int], str]]:
    campaign = large(scale)
    return {
        "by Message-ID": lambda n: f"message-id:<{campaign.message_id(n)}>",
        "by recipient": lambda n: f"rcpt:{user(n)}@{DOMAIN}",
        "by trace id": lambda n: f"trace:{campaign.name}-{n}",
    }


async def _measured(platform: Platform, scale: Scale) -> list[Figure]:
    chance, found = random.Random(1), []
    for name, query in _queries(scale).items():
        times, events = [], 0
        for _ in range(scale.traces):
            begun = time.perf_counter()
            rows = await platform.store.read(
                _trace, query(chance.randrange(scale.campaign))
            )
            times.append(time.perf_counter() - begun)
            events += len(rows)
        found.append(
            Figure(
                group=GROUP,
                name=f"{name}, in {2 * scale.copies:,} events, p95",
                value=1000 * quantile(times, 0.95),
                unit="ms",
                note=f"p50 {1000 * quantile(times, 0.5):.2f} ms, "
                f"{events / scale.traces:.0f} events each",
            )
        )
    return found


def _trace(uow: UnitOfWork, text: str) -> list[LedgerRow]:
    events = tracing.trace(uow, OPERATOR, parse(text, now=uow.now), {})
    return tracing.rows(uow, events)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure traces alone."""
    return measured("tracing", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
