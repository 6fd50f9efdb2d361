"""Accounts: who logs in and gets mail."""

import asyncio
from dataclasses import replace
from functools import partial

from msgspec import UNSET

from postwarden.dialects.native import bulk
from postwarden.dialects.native.answers import BulkShape, Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import account_address, domain_or_none, given
from postwarden.dialects.native.schemas.directory import (
    AccountChange,
    NewAccount,
    NewAccounts,
    NewAddress,
)
from postwarden.dialects.native.schemas.fields import InDomain, Writing
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.accounts import AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, MailError
from postwarden.model.permissions import Permission
from postwarden.services import accounts as service
from postwarden.services import removals
from postwarden.services.ports import UnitOfWork

accounts = Operations("Accounts")

_ADA = {"account": "ada@example.org"}


@accounts.get(
    "/accounts", Permission.DIRECTORY_READ, example=Example(query={"limit": "2"})
)
async def list_accounts(call: Call, query: InDomain) -> Listed[shapes.AccountRowShape]:
    """List accounts in order of domain and name."""
    domain = domain_or_none(query.domain)
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow, call.actor, domain=domain, after=after, limit=limit
        ),
        first="",
        key=lambda account: account.address.key,
        shape=shapes.account_row,
        total=lambda uow: service.total(uow, call.actor, domain=domain),
    )


@accounts.post(
    "/accounts",
    Permission.ACCOUNT_CREATE,
    example=Example(body={"address": "eve@example.org", "name": "Eve"}),
)
async def create_account(
    call: Call, query: Writing, body: NewAccount
) -> Written[shapes.AccountShape]:
    """Create an account with its first mailboxes."""
    new = await _hashed(call, _new(call, body), body)
    return await call.write(
        lambda uow: _shown(
            uow, call.actor, service.create(uow, call.actor, new).address
        ),
        at=lambda shape: ("accounts", shape["address"]),
    )


@accounts.post(
    "/accounts/bulk",
    Permission.ACCOUNT_CREATE,
    status=207,
    example=Example(
        body={
            "accounts": [
                {"address": "eve@example.org"},
                {"address": "ada@example.org"},
            ]
        }
    ),
)
async def create_accounts(
    call: Call, query: Writing, body: NewAccounts
) -> Written[BulkShape]:
    """Create many accounts; each has a status of its own, and none stops the others."""
    read = [bulk.read(e.address, partial(_new, call, e)) for e in body.accounts]
    items = await asyncio.gather(*map(partial(_hashed_item, call), read, body.accounts))
    return await call.write(
        lambda uow: bulk.create_each(items, partial(service.create, uow, call.actor))
    )


async def _hashed_item(
    call: Call, item: bulk.Item[service.NewAccount], body: NewAccount
) -> bulk.Item[service.NewAccount]:
    if isinstance(item.new, MailError):
        return item
    try:
        return bulk.Item(item.name, await _hashed(call, item.new, body))
    except MailError as error:
        return bulk.Item(item.name, error)


@accounts.get("/accounts/{account}", *service.SEEING, example=Example(variables=_ADA))
async def show_account(call: Call, account: str) -> One[shapes.AccountShape]:
    """Show an account, what it uses, and its mailboxes."""
    return await call.one(_named, call.actor, account)


@accounts.patch(
    "/accounts/{account}",
    *service.CHANGING,
    example=Example(variables=_ADA, body={"name": "Ada L."}),
)
async def change_account(
    call: Call, account: str, query: Writing, body: AccountChange
) -> Written[shapes.AccountShape]:
    """Change an account. A disabled one takes no mail and lets nobody in."""
    password_hash = await call.hash(body.password)

    def change(uow: UnitOfWork) -> shapes.AccountShape:
        address = account_address(uow, call.actor, account)
        changed = service.change(
            uow,
            call.actor,
            address,
            name=given(body.name),
            password_hash=password_hash,
            quota_octets=given(body.quota_octets),
            quota_messages=given(body.quota_messages),
            state=None if body.state is UNSET else AccountState(body.state),
        )
        return _shown(uow, call.actor, changed.address)

    return await call.write(
        change, current=lambda uow: _named(uow, call.actor, account)
    )


@accounts.post(
    "/accounts/{account}/rename",
    Permission.ACCOUNT_RENAME,
    status=200,
    example=Example(variables=_ADA, body={"address": "ada.lovelace@example.org"}),
)
async def rename_account(
    call: Call, account: str, query: Writing, body: NewAddress
) -> Written[shapes.AccountShape]:
    """Give an account another address; its mail, history and aliases follow."""
    new = Address.parse(body.address)

    def rename(uow: UnitOfWork) -> shapes.AccountShape:
        address = account_address(uow, call.actor, account)
        renamed, _ = service.rename(uow, call.actor, address, new)
        return _shown(uow, call.actor, renamed.address)

    return await call.write(
        rename, current=lambda uow: _named(uow, call.actor, account)
    )


@accounts.delete(
    "/accounts/{account}",
    Permission.ACCOUNT_REMOVE,
    status=202,
    example=Example(variables=_ADA),
)
async def remove_account(
    call: Call, account: str, query: Writing
) -> Written[shapes.RemovedAccountShape]:
    """Remove an account: its user is out at once, a task vaults its mail."""

    def remove(uow: UnitOfWork) -> shapes.RemovedAccountShape:
        address = account_address(uow, call.actor, account)
        return shapes.removed_account(removals.start(uow, call.actor, address))

    return await call.write(
        remove,
        current=lambda uow: _named(uow, call.actor, account),
        at=lambda shape: ("tasks", shape["task"]),
    )


def _named(uow: UnitOfWork, actor: Actor, account: str) -> shapes.AccountShape:
    return _shown(uow, actor, account_address(uow, actor, account))


def _shown(uow: UnitOfWork, actor: Actor, address: Address) -> shapes.AccountShape:
    return shapes.account(*service.mailboxes(uow, actor, address))


def _new(call: Call, body: NewAccount) -> service.NewAccount:
    """Return what is to be created, but for a password that must be hashed first."""
    if body.password_hash is not UNSET:
        if body.password is not UNSET:
            raise Invalid("a password or its hash, not both", field="password_hash")
        call.house.passwords.check(body.password_hash)
    return service.NewAccount(
        address=Address.parse(body.address),
        name=body.name,
        password_hash=given(body.password_hash),
        quota_octets=given(body.quota_octets),
        quota_messages=given(body.quota_messages),
    )


async def _hashed(
    call: Call, new: service.NewAccount, body: NewAccount
) -> service.NewAccount:
    if body.password is UNSET:
        return new
    return replace(new, password_hash=await call.hash(body.password))
