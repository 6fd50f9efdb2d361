"""Accounts: who logs in and gets mail."""

from msgspec import UNSET, UnsetType

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import account_address, given
from postwarden.dialects.native.schemas import (
    AccountChange,
    InDomain,
    NewAccount,
    Writing,
)
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.accounts import AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.permissions import Permission
from postwarden.services import accounts as service
from postwarden.services.ports import UnitOfWork

accounts = Operations("Accounts")

_ADA = {"account": "ada@example.org"}


@accounts.get(
    "/accounts", Permission.DIRECTORY_READ, example=Example(query={"limit": "2"})
)
async def list_accounts(call: Call, query: InDomain) -> Listed[shapes.AccountRowShape]:
    """List accounts in order of domain and name."""
    domain = None if query.domain is None else domain_name(query.domain)
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
    new = service.NewAccount(
        address=Address.parse(body.address),
        name=body.name,
        password_hash=await _hash(call, body.password),
        quota_octets=given(body.quota_octets),
        quota_messages=given(body.quota_messages),
    )
    return await call.write(
        lambda uow: _shown(
            uow, call.actor, service.create(uow, call.actor, new).address
        )
    )


@accounts.get(
    "/accounts/{account}", Permission.DIRECTORY_READ, example=Example(variables=_ADA)
)
async def show_account(call: Call, account: str) -> One[shapes.AccountShape]:
    """Show an account, what it uses, and its mailboxes."""
    return await call.one(_named, call.actor, account)


@accounts.patch(
    "/accounts/{account}",
    Permission.ACCOUNT_CHANGE,
    example=Example(variables=_ADA, body={"name": "Ada L."}),
)
async def change_account(
    call: Call, account: str, query: Writing, body: AccountChange
) -> Written[shapes.AccountShape]:
    """Change an account. A disabled one takes no mail and lets nobody in."""
    password_hash = await _hash(call, body.password)

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


def _named(uow: UnitOfWork, actor: Actor, account: str) -> shapes.AccountShape:
    return _shown(uow, actor, account_address(uow, actor, account))


def _shown(uow: UnitOfWork, actor: Actor, address: Address) -> shapes.AccountShape:
    return shapes.account(*service.mailboxes(uow, actor, address))


async def _hash(call: Call, password: str | UnsetType) -> str | None:
    return (
        None
        if isinstance(password, UnsetType)
        else await call.house.passwords.hash(password)
    )
