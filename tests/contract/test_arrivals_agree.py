"""What a hold marks as it arrives is what a search would find of it.

A copy is judged in memory in the transaction that files it; what was there before
is searched for. Both must mean the same by one query.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import (
    HasAttachment,
    InMailbox,
    Is,
    Leaf,
    Node,
    Query,
    Similar,
    Words,
    format_query,
    parse,
    rewrite,
)
from postwarden.model.queries.terms import Event
from postwarden.services import arrivals, finding
from postwarden.services.ports import UnitOfWork
from tests.contract.strategies import Asked, asked
from tests.support.factories import NOW, Clock, hold
from tests.support.stores import ADAPTERS, opened
from tests.support.worlds import build


def immutable(uow: UnitOfWork, query: Query) -> str | None:
    """Return the text of what is left of a query without terms that change."""

    def kept(leaf: Leaf) -> Node:
        if isinstance(leaf, Words | InMailbox | Is | Event):
            return HasAttachment()
        if isinstance(leaf, Similar):
            known = uow.messages.page(after=0, limit=1)[0]
            return parse(f"similar:{known.sha256.hex()}", now=NOW).root
        return leaf

    text = format_query(rewrite(query, kept))
    try:
        parse(text, now=NOW)
    except Invalid:  # everything, in other words
        return None
    return text


def differing(uow: UnitOfWork, case: Asked) -> dict[str, tuple[list[int], list[int]]]:
    known = uow.copies.many(range(1, len(case.world.copies) + 1))
    found = {}
    for query in case.queries:
        if (text := immutable(uow, query)) is None:
            continue
        wanted = parse(text, now=NOW)
        searched = uow.copies.search(
            wanted,
            states=tuple(CopyState),
            similar=finding.named_messages(uow, wanted),
        )
        judged = arrivals.matching(uow, hold(query=text), list(known.values()))
        found[text] = sorted(searched), sorted(judged)
    return {text: each for text, each in found.items() if each[0] != each[1]}


@pytest.mark.parametrize("name", ADAPTERS)
@settings(
    max_examples=25,
    deadline=None,
    # No shrinking: it opens hundreds of stores, and the query that fails is named.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=asked())
async def test_arrivals_are_judged_as_a_search_would(
    name: str, case: Asked, empty_sqlite: Path
) -> None:
    with (
        TemporaryDirectory() as folder,
        opened(name, Path(folder) / "store", Clock(), empty_sqlite) as adapter,
    ):
        await build(adapter.store, adapter.index, case.world)
        assert await adapter.store.read(differing, case) == {}
