"""A trace out of a large ledger: by Message-ID, recipient, subject word, trace id.

    python -m bench tracing [--scale default|full|tiny]

Each is the search with the rows it finds, inside a process that has the store open.
SCALE=full builds a ledger of 10,000,000 events first, which takes some minutes.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench import fixtures, history
from bench.figures import Figure, Target
from bench.history import History
from bench.measuring import measured, quantile
from bench.scales import Scale, Site
from postwarden.bootstrap import Platform
from postwarden.model.actors import OPERATOR
from postwarden.model.ledger import LedgerRow
from postwarden.model.queries import parse
from postwarden.services import tracing
from postwarden.services.ports import UnitOfWork

GROUP = "trace"
_EVENTS_OF_A_RECIPIENT = 50


def past(scale: Scale) -> History:
    """Return what the ledger of this measurement holds."""
    recipients = max(scale.events // _EVENTS_OF_A_RECIPIENT, 1)
    return History(events=scale.events, recipients=recipients)


def measure(site: Site) -> Iterator[Figure]:
    """Ask for random messages, recipients, words and traces."""
    whole = past(site.scale)
    data = fixtures.kept(site.work, whole, history.build)
    platform = fixtures.opened(data)
    try:
        yield from asyncio.run(_measured(platform, whole, site.scale))
    finally:
        platform.close()


def _queries(whole: History, chance: random.Random) -> Mapping[str, Callable[[], str]]:
    return {
        "by Message-ID": lambda: (
            f"message-id:<{whole.message_id(chance.randrange(whole.messages))}>"
        ),
        "by recipient": lambda: (
            f"rcpt:{whole.address(chance.randrange(whole.recipients))}"
        ),
        "by a word of the subject": lambda: (
            f"subject:{whole.word(chance.randrange(whole.words))}"
        ),
        "by trace id": lambda: (
            f"trace:{whole.trace_id(chance.randrange(whole.messages))}"
        ),
    }


async def _measured(platform: Platform, whole: History, scale: Scale) -> list[Figure]:
    found = []
    for name, query in _queries(whole, random.Random(1)).items():
        times, events = [], 0
        for _ in range(scale.traces):
            begun = time.perf_counter()
            rows = await platform.store.read(_trace, query())
            times.append(time.perf_counter() - begun)
            events += len(rows)
        if not events:
            raise ValueError(f"nothing was found {name}")
        found.append(
            Figure(
                group=GROUP,
                name=f"{name}, in {whole.events:,} events, p95",
                value=1000 * quantile(times, 0.95),
                unit="ms",
                target=Target(value=50.0),
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
