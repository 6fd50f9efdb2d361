"""Who is who, to owners and to administrators."""

from dataclasses import replace

import pytest

from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from tests.support.ews import EwsClient, Said
from tests.support.factories import ADA, BOB, entry
from tests.support.houses import Actors

TEAM = Address.parse("team@example.org")
NO_RESULT = "ErrorNameResolutionNoResults"


@pytest.fixture(autouse=True)
async def _team(store: MemoryStore, owner: Actor) -> None:
    team = entry(TEAM, kind=EntryKind.GROUP, targets=(ADA, BOB))
    await store.transact(lambda uow: uow.directory.add(team))


async def resolve(ews: EwsClient, text: str) -> Said:
    return await ews(
        '<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>'
        f"{text}</m:UnresolvedEntry></m:ResolveNames>"
    )


async def expand(ews: EwsClient, address: str) -> Said:
    return await ews(
        f"<m:ExpandDL><m:Mailbox><t:EmailAddress>{address}</t:EmailAddress>"
        "</m:Mailbox></m:ExpandDL>"
    )


async def test_an_owner_knows_himself_and_nobody_else(own: EwsClient) -> None:
    for text in ("ada@example.org", "smtp:Ada@example.org"):
        said = await resolve(own, text)
        assert said.texts("t:EmailAddress") == ["ada@example.org"]
        assert said.texts("t:Name") == ["Ada"]
    for text in ("team@example.org", "bob@example.org", "ada", ""):
        assert (await resolve(own, text)).codes == [NO_RESULT]
    assert (await expand(own, "team@example.org")).codes == [NO_RESULT]


async def test_an_administrator_expands_what_leads_to_others(ews: EwsClient) -> None:
    said = await expand(ews, "team@example.org")
    assert said.texts("t:EmailAddress") == ["ada@example.org", "bob@example.org"]
    assert (await expand(ews, "ada@example.org")).codes == [NO_RESULT]
    said = await resolve(ews, "team@example.org")
    assert said.texts("t:MailboxType") == ["PublicDL"]


async def test_it_takes_the_permission_and_the_domain(
    house: House, actors: Actors
) -> None:
    powerless = replace(OPERATOR, name="powerless", permissions=frozenset())
    foreign = replace(OPERATOR, name="foreign", domains=frozenset({"example.net"}))
    for actor, code in ((powerless, "ErrorAccessDenied"), (foreign, NO_RESULT)):
        client = EwsClient(app.build(house), f"Bearer {actors.add(actor).name}")
        assert (await resolve(client, "ada@example.org")).codes == [code]
