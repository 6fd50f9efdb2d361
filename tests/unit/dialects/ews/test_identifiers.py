"""ConvertId: one identifier in every form."""

import pytest

from postwarden.dialects.ews import ids
from tests.support.ews import EwsClient

ITEM = str(ids.ItemId(1, 2, 3))
FORMS = ("EntryId", "EwsId", "EwsLegacyId", "HexEntryId", "OwaId", "StoreId")


async def convert(ews: EwsClient, identifier: str, source: str, wanted: str) -> str:
    said = await ews(
        f'<m:ConvertId DestinationFormat="{wanted}"><m:SourceIds><t:AlternateId '
        f'Id="{identifier}" Format="{source}" Mailbox="ada@example.org"/>'
        "</m:SourceIds></m:ConvertId>"
    )
    assert said.codes == ["NoError"]
    [found] = said.every("m:AlternateId")
    assert (found.get("Format"), found.get("Mailbox")) == (wanted, "ada@example.org")
    return found.get("Id") or ""


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_leads_back(ews: EwsClient, form: str) -> None:
    assert (
        await convert(ews, await convert(ews, ITEM, "EwsId", form), form, "EwsId")
        == ITEM
    )


async def test_what_is_malformed_fails_alone(ews: EwsClient) -> None:
    said = await ews(
        '<m:ConvertId DestinationFormat="OwaId"><m:SourceIds>'
        f'<t:AlternateId Id="DUMMY" Format="EwsId" Mailbox=""/>'
        f'<t:AlternateId Id="{ITEM}" Format="EwsId" Mailbox=""/>'
        f'<t:AlternateId Id="xyz" Format="HexEntryId" Mailbox=""/>'
        "</m:SourceIds></m:ConvertId>"
    )
    malformed = "ErrorInvalidIdMalformed"
    assert said.codes == [malformed, "NoError", malformed]


async def test_a_form_that_there_is_not(ews: EwsClient) -> None:
    said = await ews('<m:ConvertId DestinationFormat="Base85"/>')
    assert said.fault == "ErrorSchemaValidation"
