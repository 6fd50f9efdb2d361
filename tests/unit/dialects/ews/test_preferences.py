"""What clients ask of a mailbox and its surroundings, where there is little to tell."""

from dataclasses import replace

import pytest

from postwarden.model.actors import OPERATOR
from tests.support.ews import EwsClient
from tests.support.factories import ADA, BOB
from tests.support.houses import Actors

INBOX = '<t:DistinguishedFolderId Id="inbox"/>'


def rules(whose: str) -> str:
    return (
        f"<m:GetInboxRules><m:MailboxSmtpAddress>{whose}</m:MailboxSmtpAddress>"
        "</m:GetInboxRules>"
    )


def delegates(whose: str) -> str:
    return (
        '<m:GetDelegate IncludePermissions="true"><m:Mailbox>'
        f"<t:EmailAddress>{whose}</t:EmailAddress></m:Mailbox></m:GetDelegate>"
    )


def configuration(folder: str) -> str:
    return (
        f'<m:GetUserConfiguration><m:UserConfigurationName Name="Tables">{folder}'
        "</m:UserConfigurationName><m:UserConfigurationProperties>All"
        "</m:UserConfigurationProperties></m:GetUserConfiguration>"
    )


def people(text: str, offset: int = 0) -> str:
    return (
        '<m:FindPeople Traversal="Shallow"><m:PersonaShape>'
        "<t:BaseShape>IdOnly</t:BaseShape></m:PersonaShape><m:IndexedPageItemView "
        f'MaxEntriesReturned="10" Offset="{offset}" BasePoint="Beginning"/>'
        '<m:ParentFolderId><t:DistinguishedFolderId Id="directory"/>'
        f"</m:ParentFolderId><m:QueryString>{text}</m:QueryString></m:FindPeople>"
    )


@pytest.mark.parametrize(
    "body", [rules(str(ADA)), rules(""), delegates(str(ADA)), "<m:GetRoomLists/>"]
)
async def test_there_is_nothing_of_it(own: EwsClient, body: str) -> None:
    said = await own(body)
    assert (said.answered.status, said.codes) == (200, ["NoError"])


@pytest.mark.parametrize("body", [rules(str(BOB)), delegates(str(BOB))])
async def test_the_mailbox_of_another_is_none(own: EwsClient, body: str) -> None:
    assert (await own(body)).fault == "ErrorNonExistentMailbox"


async def test_no_client_has_kept_anything(own: EwsClient) -> None:
    assert (await own(configuration(INBOX))).codes == ["ErrorItemNotFound"]
    said = await own(configuration('<t:DistinguishedFolderId Id="calendar"/>'))
    assert said.codes == ["ErrorFolderNotFound"]
    assert (await own(configuration(""))).codes == ["ErrorSchemaValidation"]


async def test_there_is_one_time_zone(own: EwsClient) -> None:
    said = await own('<m:GetServerTimeZones ReturnFullTimeZoneData="true"/>')
    [zone] = said.every("t:TimeZoneDefinition")
    assert zone.attrib["Id"] == "UTC"
    said = await own(
        "<m:GetServerTimeZones><m:Ids><t:Id>Mars Standard Time</t:Id></m:Ids>"
        "</m:GetServerTimeZones>"
    )
    assert said.fault == "ErrorTimeZone"


async def test_an_owner_finds_himself(own: EwsClient, actors: Actors) -> None:
    said = await own(people("ADA"))
    assert said.texts("t:Persona/t:DisplayName") == ["Ada"]
    assert said.texts("m:TotalNumberOfPeopleInView") == ["1"]
    assert (await own(people("bob"))).texts("m:TotalNumberOfPeopleInView") == ["0"]
    actors.add(replace(OPERATOR, dialect="ews"))
    said = await EwsClient(own.app)(people(""))
    assert said.texts("t:Persona/t:EmailAddress/t:EmailAddress") == [str(ADA)]
    said = await EwsClient(own.app)(people("", offset=5))
    assert said.texts("t:Persona/t:DisplayName") == []
    assert said.texts("m:TotalNumberOfPeopleInView") == ["1"]
