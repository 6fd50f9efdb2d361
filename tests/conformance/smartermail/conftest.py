"""The SmarterMail dialect over a small town, with mail in ada's inbox."""

import pytest

from postwarden.adapters.memory.content import MemorySearchIndex
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.services import access, indexing, owners
from postwarden.services.mailboxes import appending
from tests.unit.dialects.smartermail import conftest

town = conftest.town

MAILS = tuple(
    f"From: Zoe <zoe@example.com>\r\nTo: ada@example.org\r\nSubject: {subject}\r\n"
    f"Date: Sat, 21 Nov 2026 10:0{number}:00 +0100\r\n"
    f"Message-ID: <{number}@example.com>\r\n\r\nhello {subject}\r\n"
    for number, subject in enumerate(("lunch", "invoice"))
)


@pytest.fixture
async def furnished(town: conftest.Town) -> conftest.Town:
    account = await town.store.read(
        lambda uow: access.account(uow, OPERATOR, Address.parse(conftest.ADA))
    )
    acting = owners.owner(account, dialect="test")
    for mail in MAILS:
        await appending.append(town.store, town.blobs, acting, "INBOX", mail.encode())
    await indexing.catch_up(MemorySearchIndex(town.store), town.blobs)
    return town
