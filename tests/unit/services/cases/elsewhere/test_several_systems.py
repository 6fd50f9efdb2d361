"""One case over our own store and other systems."""

import copy
from collections import Counter
from hashlib import sha256

import pytest

from postwarden.adapters.memory.mail_system import Lying, MemoryMailSystem
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.cases import Action, CaseState, MatchClass, Outcome, OwnerNotice
from postwarden.model.errors import Forbidden, Invalid, NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.systems import SystemKind
from postwarden.services import holds
from postwarden.services.cases.elsewhere import verifying
from postwarden.services.cases.elsewhere.verifying import Verified
from postwarden.services.holds import NewHold
from postwarden.services.systems import registry
from tests.e2e import mails
from tests.unit.services.cases.actors import of_domains
from tests.unit.services.cases.desk import ADA, BOB, Desk

PHISH = mails.mail("phish", subject="Your invoice")
AGAIN = PHISH.replace(b"<phish@", b"<again@")  # the same content under another id
OTHER = mails.mail("other", subject="Minutes")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
ALL = ("all",)


def lying(system: MemoryMailSystem) -> Counter[tuple[str, str, bool]]:
    return Counter((m.account, m.mailbox, m.aside) for m in system.mails)


def without_references(system: MemoryMailSystem) -> list[Lying]:
    mails = copy.deepcopy(system.mails)
    for mail in mails:
        mail.reference = ""
    return mails


async def verified(desk: Desk, case: int) -> Verified:
    return await verifying.verify(desk.store, desk.actor, case, desk.outside)


async def test_one_plan_has_copies_of_several_systems(
    desk: Desk, exchange: MemoryMailSystem, other: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA, BOB)
    exchange.add("eve@corp.example", "Inbox", AGAIN, "\\Seen")
    exchange.add("eve@corp.example", "Inbox", OTHER)
    other.add("ada@example.org", "Inbox/Old", PHISH)
    case = await desk.open(QUERY)

    plan = await desk.preview(case, systems=ALL)

    items = await desk.items(plan)
    assert [(i.system, i.address, i.mailbox, i.match_class) for i in items] == [
        ("local", "ada@example.org", "INBOX", MatchClass.EXACT),
        ("local", "bob@example.org", "INBOX", MatchClass.EXACT),
        ("exchange", "eve@corp.example", "Inbox", MatchClass.SAME),
        ("other", "ada@example.org", "Inbox/Old", MatchClass.EXACT),
    ]
    assert (plan.messages, plan.copies, plan.accounts) == (2, 4, 4)
    assert [(p.system, p.copies, p.accounts) for p in plan.parts] == [
        ("local", 2, 2),
        ("exchange", 1, 1),
        ("other", 1, 1),
    ]
    assert plan.parts[1].lacks == ("it forgets",)
    assert sum(each.copies for each in plan.counts if each.included) == 4
    assert await desk.blobs.get(items[2].sha256) == AGAIN


async def test_a_case_contains_and_returns_everywhere(
    desk: Desk, exchange: MemoryMailSystem, other: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA, BOB)
    exchange.add("eve@corp.example", "Inbox", AGAIN, "\\Seen").notes = "call her"
    exchange.add("eve@corp.example", "Inbox", OTHER)
    other.add("ada@example.org", "Inbox/Old", PHISH)
    before = [without_references(each) for each in (exchange, other)]
    case = await desk.open(QUERY)

    assert await desk.carry_out(case, systems=ALL) == {Outcome.REMOVED: 4}

    assert lying(exchange) == {
        ("eve@corp.example", "Inbox", True): 1,
        ("eve@corp.example", "Inbox", False): 1,
    }
    assert lying(other) == {("ada@example.org", "Inbox/Old", True): 1}
    assert not await desk.lying()
    seen = await verified(desk, case.id)
    assert (seen.count, seen.problems) == (0, [])
    assert seen.residual.recoverable.by_administrator == 4

    undone = await desk.undo(case)

    assert (undone.state, undone.restored, undone.failed) == (CaseState.UNDONE, 4, 0)
    assert [without_references(each) for each in (exchange, other)] == before
    assert sum((await desk.lying()).values()) == 2


async def test_late_copies_elsewhere_are_residual(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    exchange.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open(QUERY)
    await desk.carry_out(case, systems=("exchange",))
    assert (await verified(desk, case.id)).count == 0  # our own store was not asked

    exchange.add("mia@corp.example", "Inbox", AGAIN)

    (left,) = (await verified(desk, case.id)).left
    assert (left.system, left.found.copy.account) == ("exchange", "mia@corp.example")
    assert left.match_class is MatchClass.SAME


async def test_a_system_that_cannot_be_looked_into_is_named_in_the_plan(
    desk: Desk, exchange: MemoryMailSystem, other: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    exchange.reachable = False
    other.add("eve@corp.example", "Inbox", PHISH)
    other.broken = {"mia@corp.example"}
    case = await desk.open(QUERY)

    plan = await desk.preview(case, systems=ALL)

    assert plan.copies == 2
    assert [part.problems for part in plan.parts] == [
        (),
        ("the system gives no answer",),
        ("mia@corp.example: its mailbox is broken",),
    ]


async def test_a_system_that_is_not_reached_stops_no_other_and_resume_goes_on(
    desk: Desk, exchange: MemoryMailSystem, other: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    for system in (exchange, other):
        system.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open(QUERY)
    await desk.approve(await desk.preview(case, systems=ALL))
    exchange.reachable = False

    assert await desk.run(case) == {Outcome.REMOVED: 2, Outcome.PENDING: 1}

    status = await desk.status(case)
    assert status.case.state is CaseState.STOPPED
    assert status.waiting == [("exchange", "the system gives no answer")]
    seen = await verified(desk, case.id)
    assert seen.problems == [("exchange", "the system gives no answer")]
    exchange.reachable = True
    assert (await verified(desk, case.id)).count == 1
    assert await desk.resume(case) == {Outcome.REMOVED: 3}
    status = await desk.status(case)
    assert (status.case.state, status.waiting) == (CaseState.DONE, [])


async def test_an_undo_that_does_not_reach_a_system_is_tried_again(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    exchange.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open(QUERY)
    await desk.carry_out(case, systems=ALL)
    exchange.reachable = False
    undone = await desk.undo(case)
    assert (undone.state, undone.restored, undone.failed) == (CaseState.DONE, 1, 1)
    exchange.reachable = True
    undone = await desk.undo(case)
    assert (undone.state, undone.restored, undone.failed) == (CaseState.UNDONE, 2, 0)
    assert lying(exchange) == {("eve@corp.example", "Inbox", False): 1}


async def test_what_a_system_has_lost_is_made_anew_and_it_is_said_what_is_missing(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    exchange.add("eve@corp.example", "Inbox", PHISH, "\\Seen")
    case = await desk.open("subject:invoice")
    plan = await desk.preview(case, systems=ALL)
    await desk.approve(plan)
    await desk.run(case)
    exchange.mails.clear()

    assert (await desk.undo(case)).restored == 1

    (mail,) = exchange.mails
    assert (mail.content, mail.mailbox, mail.flags) == (PHISH, "Inbox", ("\\Seen",))
    (item,) = await desk.items(plan)
    assert (item.outcome, item.reason) == (Outcome.RESTORED, "its notes are lost")


async def test_single_accounts_of_other_systems_are_undone(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    for name in ("eve", "mia"):
        exchange.add(f"{name}@corp.example", "Inbox", PHISH)
    exchange.add("ada@example.org", "Inbox", PHISH)
    case = await desk.open(QUERY)
    await desk.carry_out(case, systems=ALL)
    undone = await desk.undo(case, Address.parse("eve@corp.example"))

    assert (undone.restored, undone.state) == (1, CaseState.DONE)
    assert sum((await desk.lying(CopyState.CONTAINED)).values()) == 1
    undone = await desk.undo(case, ADA)  # here and there
    assert undone.restored == 3
    with pytest.raises(NotFound):
        await desk.undo(case, Address.parse("nobody@corp.example"))


async def test_what_changed_or_went_since_the_preview_is_left_alone(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    changed, gone, kept = [
        exchange.add(f"{name}@corp.example", "Inbox", PHISH) for name in "abc"
    ]
    case = await desk.open("subject:invoice")
    plan = await desk.preview(case, systems=ALL)
    await desk.approve(plan)
    changed.content = OTHER
    exchange.mails.remove(gone)

    assert await desk.run(case) == {
        Outcome.FAILED: 1,
        Outcome.ALREADY_GONE: 1,
        Outcome.REMOVED: 1,
    }

    assert (changed.aside, kept.aside) == (False, True)
    assert [item.reason for item in await desk.items(plan)] == [
        "it is another mail than was planned",
        "no longer where it lay",
        None,
    ]


async def test_octets_that_a_system_makes_anew_are_known_by_their_fingerprint(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    mail = exchange.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open("subject:invoice")
    await desk.approve(await desk.preview(case, systems=ALL))
    mail.content = b"X-Rendered: again\r\n" + PHISH
    assert await desk.run(case) == {Outcome.REMOVED: 1}


async def test_two_cases_over_the_same_copies_serialise(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    exchange.add("eve@corp.example", "Inbox", PHISH)
    first, second = [await desk.open("subject:invoice") for _ in range(2)]
    plans = [await desk.preview(case, systems=ALL) for case in (first, second)]
    for plan in plans:
        await desk.approve(plan)
    await desk.run(first)

    assert await desk.run(second) == {Outcome.ALREADY_GONE: 1}

    (item,) = await desk.items(plans[1])
    assert item.reason == f"case {first.id} has contained it"
    assert (await desk.undo(first)).restored == 1
    assert lying(exchange) == {("eve@corp.example", "Inbox", False): 1}


async def test_an_id_that_several_contents_have_is_planned_nowhere(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    forged = PHISH.replace(b"enclosed invoice", b"enclosed virus")
    exchange.add("eve@corp.example", "Inbox", forged)
    case = await desk.open("message-id:<phish@example.net>")
    assert (await desk.preview(case)).copies == 1
    plan = await desk.preview(case, systems=ALL)
    assert plan.copies == 0
    assert "different contents" in plan.warnings[0]
    plan = await desk.preview(case, MatchClass.SAME_ID, systems=ALL)
    assert plan.copies == 2


async def test_accounts_and_copies_elsewhere_are_excluded(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    for name in ("legal", "eve", "mia"):
        exchange.add(f"{name}@corp.example", "Inbox", PHISH)
    case = await desk.open("subject:invoice")
    await desk.preview(case, systems=ALL)
    plan = await desk.preview(
        case, systems=ALL, exclude=("Legal@corp.example",), exclude_items=(2,)
    )
    assert [(i.address[:3], i.outcome) for i in await desk.items(plan)] == [
        ("leg", Outcome.EXCLUDED),
        ("eve", Outcome.EXCLUDED),
        ("mia", Outcome.PENDING),
    ]
    await desk.approve(plan)
    await desk.run(case)
    assert (await verified(desk, case.id)).count == 0


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.CONTAIN}))
@pytest.mark.usefixtures("exchange")
async def test_other_systems_contain_only(desk: Desk, action: Action) -> None:
    case = await desk.open("subject:invoice")
    with pytest.raises(Invalid, match="contain only"):
        await desk.preview(case, systems=ALL, action=action)


@pytest.mark.usefixtures("exchange")
async def test_owners_elsewhere_are_not_told(desk: Desk) -> None:
    case = await desk.open("subject:invoice")
    with pytest.raises(Invalid, match="not told"):
        await desk.preview(case, systems=ALL, notice=OwnerNotice.STUB)


@pytest.mark.usefixtures("exchange")
async def test_a_case_of_some_domains_never_looks_elsewhere(desk: Desk) -> None:
    heidi = desk.as_(of_domains("example.org"))
    case = await heidi.open("subject:invoice")
    for words in (("exchange",), ALL, ("nowhere",)):
        with pytest.raises(Forbidden):
            await heidi.preview(case, systems=words)
        with pytest.raises(Forbidden):  # nor for somebody who may
            await desk.preview(case, systems=words)
    case = await desk.open("subject:invoice")
    with pytest.raises(NotFound):
        await desk.preview(case, systems=("nowhere",))


async def test_another_system_of_the_same_name_is_not_acted_on(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    exchange.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open("subject:invoice")
    await desk.approve(await desk.preview(case, systems=("exchange",)))
    await desk.store.transact(registry.remove, OPERATOR, "exchange")
    await desk.store.transact(
        registry.add, OPERATOR, "exchange", SystemKind.EWS, "https://new.example/"
    )
    assert await desk.run(case) == {Outcome.PENDING: 1}
    (waiting,) = (await desk.status(case)).waiting
    assert waiting[0] == "exchange"
    assert "not the one that was previewed" in waiting[1]
    assert lying(exchange) == {("eve@corp.example", "Inbox", False): 1}


async def test_a_hold_on_a_case_marks_what_is_ours(
    desk: Desk, exchange: MemoryMailSystem
) -> None:
    await desk.receive(PHISH, ADA)
    exchange.add("eve@corp.example", "Inbox", PHISH)
    case = await desk.open(QUERY)
    plan = await desk.preview(case, systems=ALL)
    new = NewHold(case=case.id, reason="a claim")
    hold, task = await desk.store.transact(holds.create, desk.actor, new)
    await desk.work(task)

    items = await desk.items(plan)

    assert [(item.system, item.hold) for item in items] == [
        ("local", (hold.id,)),
        ("exchange", ()),
    ]
