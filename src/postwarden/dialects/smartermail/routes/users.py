"""Users of a domain: shown, made, changed, removed."""

from collections.abc import AsyncIterator

from msgspec import UNSET, UnsetType

from postwarden.dialects.smartermail import mapping
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said
from postwarden.dialects.smartermail.listing import every, window
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import Search, User, UserData
from postwarden.dialects.smartermail.schemas.users import (
    ChangedUser,
    Forwards,
    Named,
    NewUser,
    QuickUsers,
    Several,
    UserMail,
    Users,
)
from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import AlreadyExists, Invalid
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, entries, forwards, removals
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import UnitOfWork

users = Operations()

_USERS = (EntryKind.ACCOUNT,)
_ADDRESSES = 1000  # that a list without pages has at most


@users.get("/settings/domain/user/{email}", Reach.DOMAIN)
async def show_user(call: Call, email: str) -> User:
    """Show a user."""
    return User(user_data=await _user(call, email))


@users.post("/settings/domain/get-user", Reach.DOMAIN)
async def get_user(call: Call, body: Named) -> User:
    """Show a user."""
    return User(user_data=await _user(call, body.email))


async def _user(call: Call, name: str) -> UserData:
    def look(uow: UnitOfWork, actor: Actor, address: Address) -> UserData:
        account, _ = accounts.mailboxes(uow, actor, address)
        entry = access.entry(uow, actor, address, EntryKind.ACCOUNT)
        return mapping.user_data(account, entry.targets)

    return await call.read(look, call.address(name))


@users.post("/settings/domain/get-user-mail", Reach.DOMAIN)
async def get_user_mail(call: Call, body: Named) -> UserMail:
    """Show what is set of a user's mail."""
    account, _ = await call.read(accounts.mailboxes, call.address(body.email))
    return UserMail(user_mail_settings=mapping.mail_settings(account))


@users.get("/settings/domain/list-users", Reach.DOMAIN)
async def list_users(call: Call) -> Users:
    """List the users of a domain."""
    return await _users(call, Search(take=_ADDRESSES))


@users.get("/settings/sysadmin/list-users/{domain}", Reach.SYSTEM)
async def list_users_of(call: Call, domain: str) -> Users:
    """List the users of a domain."""
    return await _users(await call.of(domain), Search(take=_ADDRESSES))


@users.get("/settings/sysadmin/search-users/{domain}/{text}", Reach.SYSTEM)
async def search_users(call: Call, domain: str, text: str) -> Users:
    """List the users of a domain with a text in their names."""
    asked = Search(take=_ADDRESSES, search=text)
    return await _users(await call.of(domain), asked)


async def _users(call: Call, asked: Search) -> Users:
    rows, total = await window(_accounts(call, asked.search), asked)
    shown = [mapping.user_data(account) for account in rows]
    return Users(user_data=shown, total_count=total)


async def _accounts(call: Call, search: str) -> AsyncIterator[Account]:
    wanted = search.strip().casefold()
    async for page in every(call, _USERS):
        for holding in page:
            account = holding.account
            if account and wanted in f"{account.address}\n{account.name}".casefold():
                yield account


@users.post("/settings/domain/account-search-quick", Reach.DOMAIN)
async def search_quick(call: Call, body: Search) -> QuickUsers:
    """List users with what they use."""
    rows, total = await window(_accounts(call, body.search), body)
    return QuickUsers(users=list(map(mapping.quick_row, rows)), total_count=total)


@users.post("/settings/domain/user-put", Reach.DOMAIN)
async def put_user(call: Call, body: NewUser) -> Said:
    """Create a user."""
    given = body.user_data
    if given.security_flags.is_domain_admin or given.security_flags.auth_type:
        raise Fault(400, "NOT_OFFERED", "administrators are made elsewhere")
    try:
        new = NewAccount(
            address=call.address(given.user_name),
            name=given.full_name or "",
            password_hash=await _hashed(call, given.password),
            quota_octets=mapping.either(
                given.max_mailbox_size, body.user_mail_settings.max_size
            ),
        )
        await call.write(accounts.create, new)
    except AlreadyExists as error:
        raise Fault(409, "USER_ADD_ERROR_NAME_IN_USE", str(error)) from error
    except Invalid as error:
        raise Fault(400, "USER_ADD_ERROR_INVALID_NAME", str(error)) from error
    return Said()


@users.post("/settings/domain/post-user", Reach.DOMAIN)
async def post_user(call: Call, body: ChangedUser) -> Said:
    """Change what is given of a user; another name renames him."""
    given = body.user_data
    address = call.address(body.email)
    wanted = call.address(given.user_name) if given.user_name else address
    hashed = await _hashed(call, given.password)
    quota = mapping.either(given.max_mailbox_size, body.user_mail_settings.max_size)
    state = mapping.state_of(given, body.user_mail_settings)

    def change(uow: UnitOfWork, actor: Actor) -> None:
        if wanted != address:
            accounts.rename(uow, actor, address, wanted)
        accounts.change(
            uow,
            actor,
            wanted,
            name=None if given.full_name is UNSET else given.full_name,
            password_hash=hashed,
            quota_octets=quota,
            state=state,
        )

    await call.write(change)
    return Said()


async def _hashed(call: Call, password: str | UnsetType) -> str | None:
    if password is UNSET or not password:
        return None
    return await call.house.passwords.hash(password)


@users.post("/settings/domain/users-delete", Reach.DOMAIN)
async def delete_users(call: Call, body: Several) -> Said:
    """Remove users, all or none; their mail waits in the vault."""
    await call.write_each(removals.start, map(call.address, body.input))
    return Said()


@users.post("/settings/sysadmin/users-delete/{domain}", Reach.SYSTEM)
async def delete_users_of(call: Call, body: Several, domain: str) -> Said:
    """Remove users, all or none; their mail waits in the vault."""
    return await delete_users(await call.of(domain), body)


@users.post("/settings/domain/account-list-delete", Reach.DOMAIN)
async def delete_listed(call: Call, body: Several) -> Said:
    """Remove users, aliases and mailing lists, all or none."""
    await call.write_each(_remove, map(call.address, body.input))
    return Said()


def _remove(uow: UnitOfWork, actor: Actor, address: Address) -> None:
    access.require_one(
        actor,
        *(Permission.ACCOUNT_REMOVE, Permission.ALIAS_WRITE),
        *(Permission.GROUP_WRITE, Permission.LIST_WRITE),
    )
    kind = access.entry(uow, actor, address).kind
    if kind is EntryKind.ACCOUNT:
        removals.start(uow, actor, address)
    else:
        entries.remove(uow, actor, kind, address)


@users.post("/settings/domain/users-disable/{disable}/{allow}", Reach.DOMAIN)
async def disable_users(call: Call, body: Several, disable: str, allow: str) -> Said:
    """Let users in, or keep them and their mail out."""
    is_off = mapping.switch_of(disable)
    if is_off and mapping.switch_of(allow):
        raise Fault(400, "NOT_OFFERED", "who is disabled here gets no mail")
    await _set_state(call, body, is_off=is_off)
    return Said()


@users.post("/settings/sysadmin/users-disable/{disable}/{domain}", Reach.SYSTEM)
async def disable_users_of(
    call: Call, body: Several, disable: str, domain: str
) -> Said:
    """Let users in, or keep them and their mail out."""
    is_off = mapping.switch_of(disable)
    await _set_state(await call.of(domain), body, is_off=is_off)
    return Said()


async def _set_state(call: Call, body: Several, *, is_off: bool) -> None:
    state = AccountState.DISABLED if is_off else AccountState.ACTIVE

    def change(uow: UnitOfWork, actor: Actor, address: Address) -> None:
        accounts.change(uow, actor, address, state=state)

    await call.write_each(change, map(call.address, body.input))


@users.get("/settings/domain/get-mailbox-forward-list", Reach.DOMAIN)
async def list_forwards(call: Call) -> Forwards:
    """List the users whose mail goes elsewhere."""
    found = await call.read(forwards.page, domain=call.domain, limit=_ADDRESSES)
    return Forwards(mailbox_forward_list=list(map(mapping.forward_row, found)))
