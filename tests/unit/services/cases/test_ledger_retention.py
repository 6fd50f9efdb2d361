"""The ledger forgets what is old, and nothing that a hold or a case still needs."""

from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Action, Outcome
from postwarden.model.errors import Unavailable
from postwarden.model.ledger import Event
from postwarden.model.queries import parse
from postwarden.services import holds, ledger_retention
from postwarden.services.holds import NewHold
from postwarden.services.ledger_retention import Keep, Purged
from postwarden.services.ports import Store, UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock, ledger_event
from tests.unit.services.cases.desk import ADA, BOB, Desk
from tests.unit.services.registry import last_audited

YEAR = timedelta(days=365)
ALL: Keep = dict.fromkeys(Event, YEAR)
ONE, TWO = mails.mail("one", subject="One"), mails.mail("two", subject="Two")


async def events(store: Store) -> Counter[Event]:
    found = await store.read(lambda uow: uow.ledger.page(limit=1000))
    return Counter(each.event for each in found)


async def purge(store: Store, keep: Keep, *, limit: int = 1000) -> int:
    """Purge as the task does; return how many events are forgotten."""
    chunk, removed = Purged(up_to=0, removed=0, left=True), 0
    while chunk.left:
        chunk = await store.transact(
            ledger_retention.purge_chunk, keep, after=chunk.up_to, limit=limit
        )
        removed += chunk.removed
    return removed


async def subjects_left(store: Store) -> set[str]:
    """Return the subjects of the mails that the ledger still knows."""

    def left(uow: UnitOfWork) -> set[str]:
        known = {each.message for each in uow.ledger.page(limit=99)} - {None}
        return {each.subject for each in uow.messages.many(known).values()}  # type: ignore[arg-type]  # no None

    return await store.read(left)


@pytest.fixture
async def aged(desk: Desk, clock: Clock) -> Desk:
    """Two mails, received more than a year ago."""
    await desk.receive(ONE, ADA, BOB)
    await desk.receive(TWO, ADA)
    clock.now += YEAR + timedelta(days=1)
    return desk


@pytest.mark.parametrize("limit", [1, 2, 1000])
async def test_old_events_are_forgotten_by_kind(aged: Desk, limit: int) -> None:
    before = await events(aged.store)
    await aged.store.transact(
        lambda uow: uow.ledger.record([ledger_event(Event.DELIVER, time=uow.now)])
    )

    removed = await purge(aged.store, {Event.DELIVER: YEAR}, limit=limit)

    assert removed == before[Event.DELIVER] == 3
    after = before - Counter({Event.DELIVER: 3}) + Counter({Event.DELIVER: 1})
    assert await events(aged.store) == after


async def test_what_is_not_named_is_kept_for_ever(aged: Desk) -> None:
    before = await events(aged.store)
    assert await purge(aged.store, {}) == 0
    assert await purge(aged.store, {Event.READ: YEAR}) == 0
    assert await events(aged.store) == before


async def test_a_purge_is_audited_with_counts(aged: Desk) -> None:
    before = await events(aged.store)

    removed = await purge(aged.store, ALL)

    assert removed == before.total()
    assert await events(aged.store) == Counter()
    entry = await last_audited(aged.store)
    assert (entry.action, entry.actor) == ("ledger.purge", "postwarden")
    assert entry.before == {
        "events": removed,
        "kinds": {event.value: n for event, n in sorted(before.items())},
    }
    assert await purge(aged.store, ALL) == 0
    assert await last_audited(aged.store) == entry


async def test_what_a_hold_keeps_keeps_its_events(aged: Desk) -> None:
    query = parse("account:bob@example.org", now=NOW)
    _, task = await aged.store.transact(
        holds.create, OPERATOR, NewHold(query=query, reason="suit")
    )
    with pytest.raises(Unavailable, match="still being placed"):
        await purge(aged.store, ALL)
    await aged.work(task)

    await purge(aged.store, ALL)

    assert await subjects_left(aged.store) == {"One"}


async def test_what_a_case_works_on_keeps_its_events_until_it_is_closed(
    aged: Desk, clock: Clock
) -> None:
    case = await aged.open(f"similar:{sha256(TWO).hexdigest()}")
    assert await aged.carry_out(case, action=Action.CONTAIN) == {Outcome.REMOVED: 1}
    clock.now += YEAR + timedelta(days=1)

    await purge(aged.store, ALL)

    assert await subjects_left(aged.store) == {"Two"}
    kinds = await events(aged.store)
    assert {Event.RECEIVE, Event.DELIVER, Event.CONTAIN} <= kinds.keys()
    await aged.close(case)
    clock.now += YEAR + timedelta(days=1)
    await purge(aged.store, ALL)
    assert await events(aged.store) == Counter()
