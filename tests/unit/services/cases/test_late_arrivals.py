"""Armed rules: late copies are caught as they arrive, by content and for a while."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from postwarden.model.addresses import Address
from postwarden.model.cases import (
    Action,
    ArmedRule,
    Case,
    CaseState,
    MatchClass,
    Outcome,
)
from postwarden.model.errors import Forbidden, Invalid, LimitExceeded, Refused
from postwarden.model.mailboxes import CopyState
from postwarden.model.permissions import Permission
from postwarden.services.cases import arming
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import Clock
from tests.unit.services import world
from tests.unit.services.cases.actors import of_domains, without
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk
from tests.unit.services.world import at

PHISH = mails.mail("phish", subject="Your invoice")
AGAIN = mails.mail("again", subject="Your invoice")  # another Message-ID only
VARIANT = mails.mail("variant", subject="Your invoice", author="trudy@example.net")
FORGED = mails.mail("forged", subject="Minutes", message_id="<phish@example.net>")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
DAY = timedelta(hours=24)


async def arm(desk: Desk, case: Case, lasts: timedelta = DAY) -> ArmedRule:
    return await desk.store.transact(arming.arm, desk.actor, case.id, desk.rules, lasts)


async def armed(desk: Desk, query: str = QUERY, **wanted: object) -> Case:
    """Take the mail out of ada's mailbox, and see to it that no more arrive."""
    await desk.receive(PHISH, ADA)
    case = await desk.open(query)
    await desk.carry_out(case, **wanted)
    await arm(desk, case)
    return case


def whose(lying: Counter[tuple[str, str, str]]) -> Counter[tuple[str, str]]:
    """Return how many mails people have, wherever: the person, the subject."""
    return Counter((who.partition("@")[0], what) for who, _, what in lying.elements())


async def test_late_copies_are_contained_before_anybody_sees_them(desk: Desk) -> None:
    case = await armed(desk)

    await desk.receive(PHISH, BOB, EVE)
    await desk.receive(AGAIN, ADA)

    assert not await desk.lying()
    assert not await desk.residual(case)
    (rule,) = (await desk.status(case)).rules
    assert rule.caught == 3
    plans = await desk.store.read(lambda uow: uow.cases.plans_of(case.id))
    items = await desk.items(plans[-1])
    assert [(i.address, i.match_class, i.outcome, i.reason) for i in items] == [
        (address, match_class, Outcome.REMOVED, "caught by armed rule 1")
        for address, match_class in (
            ("bob@example.org", MatchClass.EXACT),
            ("eve@example.org", MatchClass.EXACT),
            ("ada@example.org", MatchClass.SAME),
        )
    ]


async def test_what_was_caught_is_undone_with_the_case_which_disarms(
    desk: Desk,
) -> None:
    case = await armed(desk)
    await desk.receive(PHISH, BOB)

    undone = await desk.undo(case)

    assert (undone.state, undone.restored) == (CaseState.UNDONE, 2)
    await desk.receive(PHISH, EVE)
    assert whose(await desk.lying()) == Counter(
        [("ada", "Your invoice"), ("bob", "Your invoice"), ("eve", "Your invoice")]
    )


async def test_late_copies_go_to_junk_where_the_case_has_moved_the_others(
    desk: Desk,
) -> None:
    case = await armed(desk, action=Action.MOVE_JUNK)

    await desk.receive(PHISH, BOB)

    assert {mailbox for _, mailbox, _ in await desk.lying()} == {"Junk"}
    assert (await desk.undo(case, BOB)).restored == 1
    assert ("bob@example.org", "INBOX", "Your invoice") in await desk.lying()


async def test_other_content_arrives_whatever_its_message_id(desk: Desk) -> None:
    await armed(desk)

    await desk.receive(FORGED, BOB)
    await desk.receive(VARIANT, BOB)

    assert whose(await desk.lying()) == Counter(
        [("bob", "Minutes"), ("bob", "Your invoice")]
    )


async def test_variants_are_caught_where_the_plan_takes_them(desk: Desk) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    await desk.carry_out(case, MatchClass.VARIANT)
    await arm(desk, case)

    await desk.receive(VARIANT, BOB)

    assert not await desk.lying()


@pytest.mark.parametrize(
    ("query", "exclude", "left"),
    [
        (f"{QUERY} account:ada*", (), "bob"),
        (f"{QUERY} -account:bob@example.org", (), "bob"),
        (QUERY, ("bob@example.org",), "bob"),
        (QUERY, ("@example.com",), "zoe"),
    ],
)
async def test_a_rule_stays_within_the_accounts_of_its_case(
    desk: Desk, query: str, exclude: tuple[str, ...], left: str
) -> None:
    zoe = await with_zoe(desk)
    await armed(desk, query, exclude=exclude)

    await desk.receive(PHISH, ADA, BOB, zoe)

    assert (left, "Your invoice") in whose(await desk.lying())
    assert ("ada", "Your invoice") not in whose(await desk.lying())


async def with_zoe(desk: Desk) -> Address:
    zoe = at("zoe", "example.com")

    def add(uow: UnitOfWork) -> None:
        world.add_domain(uow, "example.com")
        world.add_account(uow, zoe)

    await desk.store.transact(add)
    return zoe


async def test_a_rule_stays_within_the_domains_of_its_case(desk: Desk) -> None:
    zoe = await with_zoe(desk)
    await armed(desk.as_(of_domains("example.org")))

    await desk.receive(PHISH, BOB, zoe)

    assert whose(await desk.lying()) == Counter([("zoe", "Your invoice")])


async def test_a_rule_ends_by_itself_by_hand_and_with_its_case(
    desk: Desk, clock: Clock
) -> None:
    case = await armed(desk)
    clock.forward(hours=24)
    await desk.receive(PHISH, BOB)
    assert (await desk.lying()).total() == 1
    assert await desk.store.transact(arming.forget_chunk) == 1
    assert await desk.store.transact(arming.forget_chunk) == 0

    await arm(desk, case)
    assert len(await desk.store.transact(arming.disarm, desk.actor, case.id)) == 1
    assert await desk.store.transact(arming.disarm, desk.actor, case.id) == []
    await desk.receive(PHISH, BOB)
    assert (await desk.lying()).total() == 2

    await arm(desk, case)
    await desk.close(case)
    await desk.receive(PHISH, BOB)
    assert (await desk.lying()).total() == 3
    assert not any(rule.is_armed(clock.now) for rule in (await desk.status(case)).rules)


async def test_two_rules_take_each_copy_once(desk: Desk) -> None:
    first = await armed(desk)
    await arm(desk, first)
    await desk.receive(PHISH, BOB)

    assert [rule.caught for rule in (await desk.status(first)).rules] == [1, 0]
    assert (await desk.lying(CopyState.CONTAINED)).total() == 2


async def test_what_cannot_be_armed(desk: Desk) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    with pytest.raises(Refused, match="it arms what it has run"):
        await arm(desk, case)
    await desk.carry_out(case, action=Action.DELETE)
    with pytest.raises(Refused, match="does delete"):
        await arm(desk, case)
    for lasts in (timedelta(0), timedelta(days=8)):
        with pytest.raises(Invalid):
            await arm(desk, case, lasts)
    with pytest.raises(Forbidden):
        await arm(desk.as_(without(Permission.CASE_RUN)), case)
    nothing = await desk.open("subject:nothing")
    await desk.carry_out(nothing)
    with pytest.raises(Refused, match="taken nothing"):
        await arm(desk, nothing)
    other = await armed(desk)
    with pytest.raises(LimitExceeded):
        await arm(replace(desk, rules=CaseRules(armed_rules=1)), other)
