"""What clients send by mistake or on purpose: each has an answer of EWS's own."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews import app, ids
from postwarden.dialects.ews.house import House
from postwarden.dialects.kit.requests import Bounds
from postwarden.model.actors import OPERATOR, Actor
from postwarden.services import accounts, owners
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import UnitOfWork
from tests.support.ews import EwsClient, envelope
from tests.support.factories import BOB
from tests.support.houses import Actors
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_writing import INBOX, create, found_in, named

MAIL = b"From: eve@example.net\r\nSubject: one\r\n\r\nHello\r\n"
SHAPE = "<m:ItemShape><t:BaseShape>{}</t:BaseShape></m:ItemShape>"


def find(inside: str = "", *, shape: str = "IdOnly", view: str = "") -> str:
    return (
        f'<m:FindItem Traversal="Shallow">{SHAPE.format(shape)}{view}{inside}'
        f"<m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>"
    )


def received(when: str) -> str:
    return (
        "<m:Restriction><t:IsGreaterThan>"
        '<t:FieldURI FieldURI="item:DateTimeReceived"/><t:FieldURIOrConstant>'
        f'<t:Constant Value="{when}"/></t:FieldURIOrConstant></t:IsGreaterThan>'
        "</m:Restriction>"
    )


def view(offset: str, limit: str = "10") -> str:
    return (
        f'<m:IndexedPageItemView MaxEntriesReturned="{limit}" Offset="{offset}" '
        'BasePoint="Beginning"/>'
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (find(shape="Everything"), "ErrorSchemaValidation"),
        (find(view=view("-1")), "ErrorSchemaValidation"),
        (find(view=view("x")), "ErrorSchemaValidation"),
        (find(view=view("0", "0")), "ErrorSchemaValidation"),
        (find(view=view("99999999999")), "ErrorSchemaValidation"),
        (find(received("yesterday")), "ErrorInvalidValueForProperty"),
        (find(received("2026-13-01T00:00:00Z")), "ErrorInvalidValueForProperty"),
        ("<m:GetItem/>", "ErrorSchemaValidation"),
        ('<m:DeleteItem DeleteType="Burn"/>', "ErrorSchemaValidation"),
    ],
)
async def test_a_request_that_means_nothing(
    own: EwsClient, put: Put, body: str, code: str
) -> None:
    await put(MAIL)
    said = await own(body)
    assert (said.codes or [said.fault]) == [code]


async def test_paging_past_the_end_finds_nothing(own: EwsClient, put: Put) -> None:
    await put(MAIL)
    said = await own(find(view=view("1000")))
    assert said.codes == ["NoError"]
    [root] = said.every("m:RootFolder")
    assert (root.get("TotalItemsInView"), len(said.every("t:ItemId"))) == ("1", 0)
    assert root.get("IncludesLastItemInRange") == "true"


async def test_a_date_without_a_zone_is_utc(own: EwsClient, put: Put) -> None:
    await put(MAIL)
    for when, count in (("2020-01-01T00:00:00", 1), ("2100-01-01T00:00:00", 0)):
        said = await own(find(received(when)))
        assert said.codes == ["NoError"]
        assert len(said.every("t:ItemId")) == count


@pytest.mark.parametrize("octets", ["!", "AAA", "A=AA", "ÄÄÄÄ"])
async def test_bad_base64_is_refused(own: EwsClient, octets: str) -> None:
    said = await create(own, f"<t:MimeContent>{octets}</t:MimeContent>")
    assert said.codes == ["ErrorMimeContentInvalidBase64String"]


async def test_ids_of_another_mailbox_lead_nowhere(
    own: EwsClient, house: House, actors: Actors, put: Put
) -> None:
    def bob(uow: UnitOfWork) -> Actor:
        account = accounts.create(uow, OPERATOR, NewAccount(address=BOB))
        return owners.owner(account, dialect="ews")

    await put(MAIL)
    [item] = await found_in(own)
    other = actors.add(await house.store.transact(bob))
    client = EwsClient(own.app, f"Bearer {other.name}")
    forged = ids.item_id(item)
    forged = replace(forged, account=other.account or 0)
    shape = SHAPE.format("IdOnly")
    said = await client(
        f"<m:GetItem>{shape}{named(item, str(forged), 'AA')}</m:GetItem>"
    )
    assert said.codes == [
        *("ErrorItemNotFound", "ErrorItemNotFound", "ErrorInvalidIdMalformed")
    ]
    said = await client(
        f'<m:DeleteItem DeleteType="HardDelete">{named(item)}</m:DeleteItem>'
    )
    assert said.codes == ["ErrorItemNotFound"]
    assert await found_in(own) == [item]


async def test_a_body_of_twenty_megabytes(house: House) -> None:
    small = EwsClient(app.build(replace(house, bounds=Bounds(body=10 << 20))))
    said = await small.post(envelope("<m:GetItem>" + "x" * (20 << 20) + "</m:GetItem>"))
    assert (said.answered.status, said.fault) == (413, "ErrorMessageSizeExceeded")
    large = EwsClient(app.build(replace(house, bounds=Bounds(body=64 << 20))))
    said = await large.post(envelope("<m:GetItem>" + "x" * (20 << 20) + "</m:GetItem>"))
    assert said.fault == "ErrorSchemaValidation"
