"""Out of office: what is set is shown, and what makes no sense is refused."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR
from postwarden.services import removals
from tests.support.ews import EwsClient
from tests.support.factories import ADA, BOB
from tests.support.houses import Actors

WEEK = (
    "<t:Duration><t:StartTime>2026-12-01T08:00:00+01:00</t:StartTime>"
    "<t:EndTime>2026-12-08T07:00:00</t:EndTime></t:Duration>"
)


def mailbox(whose: object) -> str:
    return f"<t:Mailbox><t:Address>{whose}</t:Address></t:Mailbox>"


def shown(whose: object = ADA) -> str:
    return (
        f"<m:GetUserOofSettingsRequest>{mailbox(whose)}</m:GetUserOofSettingsRequest>"
    )


def setting(
    state: str = "Scheduled",
    *,
    audience: str = "Known",
    duration: str = WEEK,
    text: str = "away",
    whose: object = ADA,
) -> str:
    return (
        f"<m:SetUserOofSettingsRequest>{mailbox(whose)}<t:UserOofSettings>"
        f"<t:OofState>{state}</t:OofState>"
        f"<t:ExternalAudience>{audience}</t:ExternalAudience>{duration}"
        f"<t:InternalReply><t:Message>{text}</t:Message></t:InternalReply>"
        "<t:ExternalReply><t:Message>out &amp; about</t:Message></t:ExternalReply>"
        "</t:UserOofSettings></m:SetUserOofSettingsRequest>"
    )


async def test_who_never_said_anything_is_there(own: EwsClient) -> None:
    said = await own(shown())
    assert said.codes == ["NoError"]
    assert said.texts("t:OofState") == ["Disabled"]
    assert said.texts("t:ExternalAudience") == ["None"]
    assert said.every("t:Duration") == []


async def test_what_is_set_is_shown(own: EwsClient) -> None:
    assert (await own(setting())).codes == ["NoError"]
    said = await own(shown())
    assert said.texts("t:OofState") == ["Scheduled"]
    assert said.texts("t:ExternalAudience") == ["Known"]
    assert said.texts("t:StartTime") == ["2026-12-01T07:00:00Z"]
    assert said.texts("t:EndTime") == ["2026-12-08T07:00:00Z"]
    assert said.texts("t:Message") == ["away", "out & about"]
    await own(setting("Disabled", duration=""))
    said = await own(shown())
    assert said.texts("t:OofState") == ["Disabled"]
    assert said.every("t:Duration") == []


async def test_an_administrator_sets_it_and_that_is_written_down(
    own: EwsClient, house: House, actors: Actors
) -> None:
    actors.add(replace(OPERATOR, dialect="ews"))
    operator = EwsClient(own.app)
    assert (await operator(setting())).codes == ["NoError"]
    assert (await own(shown())).texts("t:OofState") == ["Scheduled"]
    audited = await house.store.read(lambda uow: uow.audit.page(limit=99))
    [entry] = [each for each in audited if each.action == "vacation.change"]
    assert (entry.actor, entry.dialect, entry.object) == (
        *("operator", "ews", f"account {ADA}"),
    )
    assert "away" not in str(entry.after)


async def test_it_ends_with_the_account(own: EwsClient, house: House) -> None:
    await own(setting())
    number = await house.store.read(
        lambda uow: uow.accounts.get(uow.directory.find(ADA).account or 0).id  # type: ignore[union-attr]  # she is there
    )
    assert await house.store.read(lambda uow: uow.vacations.find(number))
    await house.store.transact(removals.start, OPERATOR, ADA)
    assert await house.store.read(lambda uow: uow.vacations.find(number)) is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (setting("Gone"), "ErrorSchemaValidation"),
        (setting(audience="Some"), "ErrorSchemaValidation"),
        (setting(duration=""), "ErrorInvalidOperation"),
        (setting(duration=WEEK.replace("12-08", "11-08")), "ErrorInvalidOperation"),
        (setting(duration=WEEK.replace("12-08", "13-08")), "ErrorSchemaValidation"),
        (setting(duration=WEEK.replace("2026-12-08", "soon")), "ErrorSchemaValidation"),
        (
            setting(duration=WEEK.replace("2026-12-08", "0000-12-08")),
            "ErrorSchemaValidation",
        ),
        (setting(text="x" * 32_769), "ErrorInvalidOperation"),
        (setting(whose=BOB), "ErrorNonExistentMailbox"),
        (shown(BOB), "ErrorNonExistentMailbox"),
        ("<m:SetUserOofSettingsRequest/>", "ErrorSchemaValidation"),
    ],
)
async def test_what_cannot_be_set(own: EwsClient, body: str, fault: str) -> None:
    said = await own(body)
    assert (said.answered.status, said.fault) == (500, fault)
