"""Somebody sends a mail under the Message-ID of another: no case takes the other.

Whenever the forger comes: before the mail, after it, between opening and preview,
between preview and run, or when all is done.
"""

from collections import Counter
from hashlib import sha256

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.cases import MatchClass, Outcome
from postwarden.model.errors import NotFound, Refused
from postwarden.model.queries import parse
from postwarden.services import finding
from postwarden.services.cases import gathering
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
AGAIN = mails.mail("again", subject="Your invoice")  # another Message-ID only
FORGED = mails.mail("forged", subject="Minutes", message_id="<phish@example.net>")
BY_ID = "similar:<phish@example.net>"
ALIKE = {("ada@example.org", "INBOX", "Your invoice"): 1}
OTHER = {("bob@example.org", "INBOX", "Minutes"): 1}


async def test_an_id_of_several_contents_opens_no_case_and_names_them(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    await desk.receive(FORGED, BOB, EVE)

    with pytest.raises(Refused) as refused:
        await desk.open(BY_ID)

    told = str(refused.value)
    assert "<phish@example.net> names 2 different contents" in told
    assert f'{sha256(PHISH).hexdigest()} "Your invoice"' in told
    assert f'{sha256(FORGED).hexdigest()} "Minutes"' in told
    assert "(1 copies)" in told
    assert "(2 copies)" in told
    with pytest.raises(NotFound):
        await desk.open("similar:<nobody@example.net>")


@pytest.mark.parametrize("first", [PHISH, FORGED], ids=["mail first", "forger first"])
async def test_the_one_that_is_named_is_taken_and_the_other_is_not(
    desk: Desk, first: bytes
) -> None:
    for content in (first, FORGED if first is PHISH else PHISH):
        await desk.receive(content, ADA if content is PHISH else BOB)
    case = await desk.open(f"similar:{sha256(PHISH).hexdigest()}")

    assert await desk.carry_out(case) == {Outcome.REMOVED: 1}

    assert await desk.lying() == OTHER
    assert not await desk.residual(case)


async def test_a_forger_who_comes_after_the_opening_changes_nothing(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(BY_ID)
    await desk.receive(FORGED, BOB)

    plan = await desk.preview(case)

    assert plan.copies == 1
    counts = {each.match_class: each.copies for each in plan.counts}
    assert counts[MatchClass.EXACT] == counts[MatchClass.SAME_ID] == 1
    await desk.approve(plan)
    await desk.run(case)
    assert await desk.lying() == OTHER


@pytest.mark.parametrize("query", [BY_ID, "message-id:phish@example.net"])
async def test_a_forger_who_comes_after_the_preview_changes_nothing(
    desk: Desk, query: str
) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(query)
    await desk.approve(await desk.preview(case))
    await desk.receive(FORGED, BOB)

    assert await desk.run(case) == {Outcome.REMOVED: 1}

    assert await desk.lying() == OTHER
    assert not await desk.residual(case)
    await desk.receive(PHISH, EVE)
    late = {("eve@example.org", "INBOX", "Your invoice"): 1}
    assert await desk.residual(case) == late
    await desk.undo(case)
    assert await desk.lying() == Counter(ALIKE) + Counter(OTHER) + Counter(late)


async def test_what_a_message_id_term_finds_of_several_contents_is_not_planned(
    desk: Desk,
) -> None:
    """Not even when the others are out of sight by then."""
    await desk.receive(FORGED, BOB)
    by_content = await desk.open(f"similar:{sha256(FORGED).hexdigest()}")
    await desk.receive(PHISH, ADA)
    case = await desk.open("message-id:phish@example.net")

    plan = await desk.preview(case)

    assert plan.copies == 0
    counts = {each.match_class: each.copies for each in plan.counts}
    assert counts[MatchClass.SAME_ID] == 2
    (warning,) = plan.warnings
    assert sha256(PHISH).hexdigest() in warning
    assert sha256(FORGED).hexdigest() in warning
    await desk.carry_out(by_content)
    assert (await desk.preview(case)).copies == 0
    assert (await desk.preview(case, MatchClass.SAME_ID)).copies == 1


async def test_other_terms_can_tell_the_contents_of_an_id_apart(desk: Desk) -> None:
    await desk.receive(PHISH, ADA)
    await desk.receive(FORGED, BOB)
    case = await desk.open("message-id:phish* smaller:1M rcpt:ada@example.org")

    plan = await desk.preview(case)

    assert [item.address for item in await desk.items(plan)] == ["ada@example.org"]
    assert not plan.warnings


async def test_a_search_shows_all_and_takes_none_for_the_one_that_was_meant(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    await desk.receive(AGAIN, EVE)
    await desk.receive(FORGED, BOB)
    query = parse(BY_ID, now=NOW)

    def classes(uow: UnitOfWork) -> dict[str, MatchClass | None]:
        similar = finding.resolve_similar(uow, OPERATOR, query, {})
        references = gathering.union(similar.values())
        copies = finding.find(uow, OPERATOR, query, similar)
        return {
            facts.address: gathering.class_of(facts, references)
            for facts in uow.copies.facts(copies)
        }

    assert await desk.store.read(classes) == {
        "ada@example.org": MatchClass.SAME_ID,
        "bob@example.org": MatchClass.SAME_ID,
        "eve@example.org": MatchClass.SAME,
    }
