"""The world that tests start from, and services driven without a command line."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.mailboxes import INBOX, Copy
from postwarden.model.messages import NewMessage
from postwarden.services import accounts, domains, entries, ingest, placement
from postwarden.services.ports import UnitOfWork
from postwarden.settings import Settings
from tests.e2e import places

P = ParamSpec("P")
T = TypeVar("T")

PASSWORD = "correct horse battery staple"
PEOPLE = ("ada", "bob", "eve")
MEMBERS = [f"member{number:02}@example.org" for number in range(60)]
EVERYBODY = [*(f"{name}@example.org" for name in PEOPLE), *MEMBERS]
TEAM = "team@example.org"


def using(data: Path, work: Callable[[Platform], Awaitable[T]]) -> T:
    """Work on a store in this process, which is another one than `serve`."""

    async def run() -> T:
        platform = open_platform(
            places_of(data, store=places.url_of(data)), Settings(), create=True
        )
        try:
            return await work(platform)
        finally:
            platform.close()

    return asyncio.run(run())


def transact(
    data: Path,
    service: Callable[Concatenate[UnitOfWork, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run one service in a transaction of this process."""
    return using(data, lambda store: store.store.transact(service, *args, **kwargs))


def build(data: Path) -> None:
    """Make the store: two domains, people, and a group with sixty members."""
    using(data, _build)


async def _build(platform: Platform) -> None:
    hashed = await platform.passwords.hash(PASSWORD)
    await platform.store.transact(_directory, hashed)


def _directory(uow: UnitOfWork, password_hash: str) -> None:
    for name in ("example.org", "example.com"):
        domains.create(uow, OPERATOR, name)
    for text in (*EVERYBODY, "zoe@example.com"):
        is_person = not text.startswith("member")
        new = accounts.NewAccount(
            address=Address.parse(text),
            password_hash=password_hash if is_person else None,
        )
        accounts.create(uow, OPERATOR, new)
    members = [Address.parse(text) for text in MEMBERS]
    entries.create(uow, OPERATOR, EntryKind.GROUP, Address.parse(TEAM), members)
    for alias, target in (("sales", "ada"), ("support", "bob")):
        entries.create(
            uow,
            OPERATOR,
            EntryKind.ALIAS,
            Address(alias, "example.org"),
            [Address(target, "example.org")],
        )


def copied(made: Path, data: Path) -> Path:
    """Copy a store that nobody works on."""
    return Path(shutil.copytree(made, data))


def copy_of(uow: UnitOfWork, address: str, message_id: str) -> Copy:
    """Return the one live copy of a message that an account has."""
    wanted = {message.id for message in uow.messages.with_message_id(message_id)}
    (found,) = (
        copy
        for mailbox in uow.mailboxes.of_account(account_at(uow, address))
        for copy in uow.copies.in_mailbox(mailbox.id, limit=1000)
        if copy.message in wanted
    )
    return found


def file(data: Path, address: str, content: bytes) -> None:
    """File a mail in an INBOX and leave all that follows to other processes."""

    async def put(platform: Platform) -> None:
        sha256 = await platform.blobs.put(content)
        message = ingest.new_message(sha256, content)
        await platform.store.transact(_file, address, message)

    using(data, put)


def _file(uow: UnitOfWork, address: str, new: NewMessage) -> None:
    account = account_at(uow, address)
    placement.file(
        uow,
        [
            placement.NewCopy(
                account=account,
                mailbox=placement.mailbox_named(uow, account, INBOX).id,
                message=uow.messages.add(new).id,
                size=new.size,
                internal_date=uow.now,
            )
        ],
    )


def account_at(uow: UnitOfWork, address: str) -> int:
    """Return the id of the account at an address."""
    entry = uow.directory.find(Address.parse(address))
    assert entry is not None
    assert entry.account is not None
    return entry.account
