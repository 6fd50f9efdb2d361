"""Requests of every operation, as its schema has them, and then spoilt.

Whatever is asked, the answer is one of EWS: no failure of ours, no broken document.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.adapters.memory.content import MemoryBlobs, MemorySearchIndex
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.dialects.ews.sections import OPERATIONS
from postwarden.model.actors import OPERATOR
from postwarden.services import accounts, owners, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ingest import new_message
from postwarden.services.placement import NewCopy
from postwarden.services.ports import UnitOfWork
from tests.support.ews import EwsClient, Said, envelope
from tests.support.ews_requests import Asking
from tests.support.factories import ADA, Clock, mail_domain
from tests.support.houses import Actors
from tests.unit.dialects.ews.test_notifications import pull, subscribed
from tests.unit.dialects.ews.test_writing import INBOX, found_in

MAIL = b"From: eve@example.net\r\nSubject: one\r\n\r\nHello\r\n"
OURS = {"ErrorInternalServerError"}


async def furnished() -> EwsClient:
    """Return Ada's client of a house with a little mail in it."""
    store, blobs, actors = MemoryStore(clock=Clock()), MemoryBlobs(), Actors()
    digest = await blobs.put(MAIL)

    def furnish(uow: UnitOfWork) -> str:
        uow.domains.add(mail_domain())
        account = accounts.create(uow, OPERATOR, NewAccount(address=ADA, name="Ada"))
        message = uow.messages.add(new_message(digest, MAIL))
        new = NewCopy(
            account=account.id,
            mailbox=placement.mailbox_named(uow, account.id, "INBOX").id,
            message=message.id,
            size=message.size,
            internal_date=uow.now,
        )
        placement.file(uow, [new] * 3)
        return actors.add(owners.owner(account, dialect="ews")).name

    name = await store.transact(furnish)
    house = House(
        store=store,
        blobs=blobs,
        index=MemorySearchIndex(store),
        authenticate=actors,
        clock=Clock(),
    )
    house.closing.set()  # streams end at once
    return EwsClient(app.build(house), f"Bearer {name}")


async def known_to(client: EwsClient) -> list[str]:
    """Return identifiers of every kind that are there, and one that is none."""
    items = await found_in(client)
    shape = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    folders = await client(
        f"<m:GetFolder>{shape}<m:FolderIds>{INBOX}</m:FolderIds></m:GetFolder>"
    )
    numbers = [each.attrib["Id"] for each in folders.every("t:FolderId")]
    keys = [each.attrib["ChangeKey"] for each in folders.every("t:FolderId")]
    return [*items, *numbers, *keys, *(await subscribed(client, pull())), "AAAA", ""]


def check(said: Said) -> None:
    assert said.answered.status in {200, 500}, said.answered.body
    for document in said.answered.body.split(b"<?xml")[1:]:
        root = ET.fromstring(b"<?xml" + document)
        codes = {each.text for each in root.iter() if each.tag.endswith("ResponseCode")}
        assert codes, document
        assert not codes & OURS, document


async def asked(operations: Sequence[str], seed: int, *, spoil: bool) -> None:
    client, random = await furnished(), Random(seed)
    asking = Asking(random, await known_to(client))
    operator = EwsClient(client.app)
    for operation in operations:
        request = asking.request(operation)
        if spoil:
            asking.spoil(request)
        acting = random.choice([client, operator])
        check(await acting(ET.tostring(request, encoding="unicode")))


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_whatever_the_schema_allows_is_answered(operation: str) -> None:
    await asked([operation] * 15, 1, spoil=False)


@settings(max_examples=60, deadline=None)
@given(
    operations=st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=8),
    seed=st.integers(0, 2**32),
)
def test_whatever_is_sent_is_answered(operations: list[str], seed: int) -> None:
    asyncio.run(asked(operations, seed, spoil=True))


@settings(max_examples=60, deadline=None)
@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    seed=st.integers(0, 2**32),
    at=st.integers(0, 5000),
    octets=st.binary(max_size=8),
)
def test_whatever_octets_are_sent_are_answered(
    operation: str, seed: int, at: int, octets: bytes
) -> None:
    async def ask() -> None:
        client = await furnished()
        request = Asking(Random(seed), ["AAAA"]).request(operation)
        content = envelope(ET.tostring(request, encoding="unicode"))
        check(await client.post(content[:at] + octets + content[at:]))

    asyncio.run(ask())
