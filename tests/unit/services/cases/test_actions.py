"""What each action does to copies, what undo gives back of it, and what it cannot."""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.cases import Action, Case, CaseState, Outcome, Plan
from postwarden.model.errors import Invalid, NotFound, Refused, Unavailable
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.model.tasks import Task
from postwarden.services import contents, holds, placement, removals, tasks
from postwarden.services.cases import running
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.unit.services import world
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
HERS = ("ada@example.org", "INBOX", "Your invoice")
HIS = ("bob@example.org", "INBOX", "Your invoice")


async def shred(desk: Desk, case: Case) -> dict[Outcome, int]:
    await desk.as_(CAROL).approve(await desk.preview(case, action=Action.SHRED))
    return await desk.run(case)


async def events(desk: Desk, event: Event) -> list[tuple[str | None, str]]:
    def told(uow: UnitOfWork) -> list[tuple[str | None, str]]:
        found = uow.ledger.search(parse(f"event:{event}", now=NOW), similar={})
        return [(row.account, row.detail) for row in uow.ledger.rows(found)]

    return await desk.store.read(told)


async def test_shredding_takes_copies_wherever_they_lie_and_forever(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA, BOB, EVE)
    other = await desk.open(f"{QUERY} account:{ADA}")
    await desk.carry_out(other)
    case = await desk.open(QUERY)

    assert await shred(desk, case) == {Outcome.REMOVED: 3}

    for state in CopyState:
        assert not await desk.lying(state)
    assert not await desk.residual(case)
    assert len(await events(desk, Event.PURGE)) == 3
    with pytest.raises(Refused, match="nothing to undo"):
        await desk.undo(case)
    undone = await desk.undo(other)
    assert (undone.state, undone.restored, undone.failed) == (CaseState.DONE, 0, 1)


async def test_what_was_shredded_is_swept_soon(desk: Desk) -> None:
    def sweep(uow: UnitOfWork) -> Task | None:
        return uow.tasks.unfinished(contents.TASK, tasks.STORE)

    await desk.receive(PHISH, ADA)
    await desk.store.transact(tasks.keep_scheduled, contents.TASK, timedelta(hours=1))
    first = await desk.store.read(sweep)
    await desk.work(first)
    waiting = await desk.store.transact(
        tasks.keep_scheduled, contents.TASK, timedelta(hours=1)
    )
    assert waiting.run_at == NOW + timedelta(hours=1)

    await shred(desk, await desk.open(QUERY))

    brought = await desk.store.read(sweep)
    assert brought is not None
    assert (brought.id, brought.run_at) == (waiting.id, NOW)


async def test_shredding_takes_another_person_at_any_size(desk: Desk) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    plan = await desk.preview(case, action=Action.SHRED)

    with pytest.raises(Refused, match="the plan destroys for good"):
        await desk.approve(plan)


async def hold(desk: Desk, account: Address) -> None:
    new = holds.NewHold(query=parse(f"account:{account}", now=NOW), reason="litigation")
    _, task = await desk.store.transact(holds.create, OPERATOR, new)
    await desk.work(task)


async def test_what_is_held_is_hidden_but_never_shredded(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB)
    await hold(desk, ADA)
    case = await desk.open(QUERY)

    plan = await desk.preview(case, action=Action.SHRED)
    assert [bool(i.hold) for i in await desk.items(plan)] == [True, False]
    assert await shred(desk, case) == {Outcome.HELD: 1, Outcome.REMOVED: 1}

    assert await desk.lying() == Counter([HERS])
    assert await desk.residual(case) == Counter([HERS])
    assert await desk.carry_out(case) == {Outcome.REMOVED: 1}
    assert await desk.lying(CopyState.CONTAINED) == Counter([HERS])


async def test_nothing_is_shredded_while_it_is_not_known_what_is_held(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    await desk.as_(CAROL).approve(await desk.preview(case, action=Action.SHRED))
    new = holds.NewHold(query=parse(f"account:{BOB}", now=NOW), reason="litigation")
    await desk.store.transact(holds.create, OPERATOR, new)
    await running.start(desk.store, desk.actor, case.id, desk.rules)

    with pytest.raises(Unavailable):
        await desk.store.transact(running.run_chunk, case.id)

    assert await desk.lying() == Counter([HERS])


async def test_restoring_brings_back_what_was_contained_and_deleted(
    desk: Desk,
) -> None:
    """From other cases, whose undo has nothing to do then; its own undo hides it."""
    await desk.receive(PHISH, ADA, BOB)
    contained = await desk.open(f"{QUERY} account:{ADA}")
    await desk.carry_out(contained)
    deleted = await desk.open(f"{QUERY} account:{BOB}")
    await desk.carry_out(deleted, action=Action.DELETE)
    assert not await desk.lying()
    case = await desk.open(QUERY)

    assert await desk.carry_out(case, action=Action.RESTORE) == {Outcome.REMOVED: 2}

    assert await desk.lying() == Counter([HERS, HIS])
    assert not await desk.residual(case)
    assert (await desk.undo(deleted)).restored == 1
    assert await desk.lying() == Counter([HERS, HIS])
    assert (await desk.undo(case)).restored == 2
    assert await desk.lying(CopyState.CONTAINED) == Counter([HERS, HIS])
    assert (await desk.undo(contained)).restored == 1
    assert await desk.lying() == Counter([HERS])


async def test_an_undo_leaves_what_another_case_has_contained_since(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    first = await desk.open(QUERY)
    await desk.carry_out(first)
    back = await desk.open(QUERY)
    await desk.carry_out(back, action=Action.RESTORE)
    second = await desk.open(QUERY)
    await desk.carry_out(second)

    undone = await desk.undo(first)

    assert (undone.restored, undone.failed) == (0, 1)
    assert not await desk.lying()
    await desk.close(first)
    assert await desk.lying(CopyState.CONTAINED) == Counter([HERS])
    assert (await desk.undo(second)).restored == 1
    assert await desk.lying() == Counter([HERS])


async def test_closing_starts_the_retention_of_what_is_contained(
    desk: Desk, clock: Clock
) -> None:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)
    await desk.carry_out(case)
    assert await expiries(desk) == [None, None]
    clock.forward(days=400)

    await desk.close(case)

    assert await desk.lying(CopyState.VAULTED) == Counter([HERS, HIS])
    ends = await expiries(desk)
    assert len(ends) == 2
    assert all(end is not None and end > clock.now for end in ends)
    with pytest.raises(Refused, match="closed"):
        await desk.undo(case)


async def expiries(desk: Desk) -> list[datetime | None]:
    def look(uow: UnitOfWork) -> list[datetime | None]:
        found = uow.copies.search(
            parse("all", now=NOW), states=tuple(CopyState), similar={}
        )
        return [each.expires_at for each in uow.copies.many(found).values()]

    return await desk.store.read(look)


async def removed_and_made_again(desk: Desk) -> Case:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)
    await desk.carry_out(case)
    removal = await desk.store.transact(removals.start, OPERATOR, ADA)
    await desk.work(removal.task)
    await desk.store.transact(lambda uow: world.add_account(uow, ADA))
    return case


async def test_a_new_account_of_the_same_address_gets_nothing_unasked(
    desk: Desk,
) -> None:
    case = await removed_and_made_again(desk)

    undone = await desk.undo(case)

    assert (undone.state, undone.restored, undone.failed) == (CaseState.DONE, 1, 1)
    assert await desk.lying() == Counter([HIS])
    undone = await desk.undo(case, ADA, to=ADA)
    assert (undone.state, undone.restored, undone.failed) == (CaseState.UNDONE, 2, 0)
    assert await desk.lying() == Counter([HIS, HERS])


async def test_to_names_one_removed_account_and_one_that_is_there(
    desk: Desk,
) -> None:
    case = await removed_and_made_again(desk)

    with pytest.raises(Invalid):
        await desk.undo(case, to=ADA)
    with pytest.raises(NotFound):
        await desk.undo(case, BOB, to=EVE)
    with pytest.raises(NotFound):
        await desk.undo(case, ADA, to=world.at("nobody"))


async def test_what_an_undo_failed_on_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    plan: Plan = await desk.preview(case)
    await desk.approve(plan)
    await desk.run(case)
    with monkeypatch.context() as broken:

        def restore(*_: object, **__: object) -> None:
            raise Invalid("the mailbox is beyond repair")

        broken.setattr(placement, "restore", restore)
        assert (await desk.undo(case)).failed == 1
        (item,) = await desk.items(plan)
        assert item.reason == "not restored: the mailbox is beyond repair"

    undone = await desk.undo(case)

    assert (undone.state, undone.restored, undone.failed) == (CaseState.UNDONE, 1, 0)
