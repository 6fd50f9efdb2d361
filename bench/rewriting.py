"""Where mail goes, looked up in a store with very many rewrites.

python -m bench rewriting [--scale default|full|tiny]
"""

import asyncio
import random
import shutil
import sys
import time
from collections.abc import Iterator, Sequence

from bench.figures import Better, Figure
from bench.measuring import measured
from bench.scales import Site
from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services import domains, resolution
from postwarden.services.ports import UnitOfWork
from postwarden.services.resolution import Rules
from postwarden.settings import Settings

GROUP = "rewriting"
DOMAIN = "many.example"
_CHUNK = 1000  # rewrites per transaction
_LOOKUPS = 5000
_RULES = Rules(host="mx.example")


def measure(site: Site) -> Iterator[Figure]:
    """Resolve random addresses, each of which leads to another and that one away."""
    count = site.scale.rewrites
    folder = site.work / "rewriting"
    shutil.rmtree(folder, ignore_errors=True)
    platform = open_platform(places_of(folder), Settings(), create=True)
    try:
        yield from asyncio.run(_measured(platform, count))
    finally:
        platform.close()


async def _measured(platform: Platform, count: int) -> list[Figure]:
    store, chance = platform.store, random.Random(1)
    await store.transact(domains.create, OPERATOR, DOMAIN)
    for start in range(0, count, _CHUNK):
        await store.transact(_fill, start, min(_CHUNK, count - start))
    wanted = [Address(f"a{chance.randrange(count)}", DOMAIN) for _ in range(_LOOKUPS)]
    seconds = await store.read(_resolved, wanted)
    return [
        Figure(
            group=GROUP,
            name=f"addresses resolved among {count:,} rewrites",
            value=_LOOKUPS / seconds,
            unit="/s",
            better=Better.MORE,
            note="two steps each, by an address and by a pattern",
        )
    ]


def _fill(uow: UnitOfWork, start: int, count: int) -> None:
    """Lead every address to a second one, and that by a pattern elsewhere."""
    for number in range(start, start + count):
        one, two = Address(f"a{number}", DOMAIN), Address(f"b{number}", DOMAIN)
        uow.rewrites.add(
            Rewrite(source=Source.of(one), kind=RewriteKind.ADDRESS, target=two)
        )
    if not start:
        every = Source("", DOMAIN)
        pattern = "(b.*)@.*:${1}@example.net"
        uow.rewrites.add(Rewrite(source=every, kind=RewriteKind.REGEX, target=pattern))


def _resolved(uow: UnitOfWork, wanted: Sequence[Address]) -> float:
    begun = time.perf_counter()
    for address in wanted:
        found = resolution.resolve(uow, _RULES, [address])
        if len(found.foreign) != 1:
            raise ValueError(f"{address} leads nowhere")
    return time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure rewriting alone."""
    return measured("rewriting", __doc__ or "", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
