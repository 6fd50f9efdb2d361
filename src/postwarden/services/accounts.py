"""Accounts: create, change, rename; `removals` takes them away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import AlreadyExists, Invalid, MailError, Refused
from postwarden.model.mailboxes import DRAFTS, INBOX, JUNK, SENT, TRASH, Mailbox
from postwarden.model.permissions import Permission
from postwarden.model.quotas import Limits
from postwarden.services import access, audit, entries, placement
from postwarden.services.limits import check_name, check_quota, rights_to_quota
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import levels

FIRST_MAILBOXES = (INBOX, DRAFTS, SENT, JUNK, TRASH)
SETTABLE = frozenset({AccountState.ACTIVE, AccountState.DISABLED})
CHANGING = (
    *(Permission.ACCOUNT_CHANGE, Permission.ACCOUNT_PASSWORD),
    Permission.ACCOUNT_QUOTA,
)
SEEING = (  # who writes an account sees it
    *(Permission.DIRECTORY_READ, Permission.ACCOUNT_CREATE),
    *(*CHANGING, Permission.ACCOUNT_RENAME),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is created from; quotas of None are the domain's defaults."""

    address: Address
    name: str = ""
    password_hash: str | None = None
    quota_octets: int | None = None
    quota_messages: int | None = None


def create(uow: UnitOfWork, actor: Actor, new: NewAccount) -> Account:
    """Create an account with its first mailboxes.

    Without a password nobody can log in, and mail arrives. Raises NotFound for a
    domain that is not there, AlreadyExists, Invalid.
    """
    access.require(actor, Permission.ACCOUNT_CREATE)
    domain = entries.free_address(uow, actor, new.address)
    said = levels.of_domain(uow, domain.name)
    defaults = said.computed.kept
    if said.computed.is_silent:
        defaults = domain.default_quota_octets, domain.default_quota_messages
    quota_octets = check_quota(new.quota_octets, defaults[0])
    quota_messages = check_quota(new.quota_messages, defaults[1])
    access.require(
        actor,
        *rights_to_quota(defaults[0], quota_octets),
        *rights_to_quota(defaults[1], quota_messages),
    )
    account = uow.accounts.add(
        Account(
            id=0,
            address=new.address,
            name=check_name(new.name),
            state=AccountState.ACTIVE,
            created_at=uow.now,
            password_hash=new.password_hash,
            quota_octets=quota_octets,
            quota_messages=quota_messages,
        )
    )
    if not said.computed.is_silent and None in {new.quota_octets, new.quota_messages}:
        uow.quotas.put(
            levels.account_key(account.id),
            Limits(octets=new.quota_octets, messages=new.quota_messages),
        )
    uow.directory.add(
        Entry(
            address=account.address,
            kind=EntryKind.ACCOUNT,
            created_at=uow.now,
            account=account.id,
        )
    )
    for name in FIRST_MAILBOXES:
        placement.mailbox_named(uow, account.id, name)
    audit.record(uow, actor, "account.create", _object(account), after=facts(account))
    return account


def create_many(
    uow: UnitOfWork, actor: Actor, new: Sequence[NewAccount]
) -> list[MailError | None]:
    """Create some hundred accounts; return for each why it was not created."""
    access.require(actor, Permission.ACCOUNT_CREATE)
    return [_error_of(uow, actor, each) for each in new]


def _error_of(uow: UnitOfWork, actor: Actor, new: NewAccount) -> MailError | None:
    try:
        # It checks everything before it writes anything.
        create(uow, actor, new)
    except MailError as error:
        return error
    return None


def change(
    uow: UnitOfWork,
    actor: Actor,
    address: Address,
    *,
    name: str | None = None,
    password_hash: str | None = None,
    quota_octets: int | None = None,
    quota_messages: int | None = None,
    state: AccountState | None = None,
) -> Account:
    """Change what is not None; raises NotFound, Invalid.

    Passwords and quotas have rights of their own, asked where they change.
    """
    access.require_one(actor, *CHANGING)
    if state is not None and state not in SETTABLE:
        raise Invalid("a state is active or disabled", field="state")
    old = access.account(uow, actor, address)
    new = replace(
        old,
        name=old.name if name is None else check_name(name),
        password_hash=password_hash or old.password_hash,
        scram=None if password_hash else old.scram,
        quota_octets=check_quota(quota_octets, old.quota_octets),
        quota_messages=check_quota(quota_messages, old.quota_messages),
        state=state or old.state,
    )
    access.require(actor, *_rights_to(old, new))
    uow.accounts.replace(new)
    levels.given(uow, old, new)
    before, after = audit.difference(facts(old), facts(new))
    if password_hash is not None:
        after["password"] = "changed"  # noqa: S105  that it was, not what it is
    audit.record(uow, actor, "account.change", _object(old), before=before, after=after)
    return new


def _rights_to(old: Account, new: Account) -> Iterator[Permission]:
    """Yield what it takes to turn one into the other."""
    if (new.name, new.state) != (old.name, old.state):
        yield Permission.ACCOUNT_CHANGE
    if new.password_hash != old.password_hash:
        yield Permission.ACCOUNT_PASSWORD
    yield from rights_to_quota(old.quota_octets, new.quota_octets)
    yield from rights_to_quota(old.quota_messages, new.quota_messages)


def rename(
    uow: UnitOfWork, actor: Actor, address: Address, to: Address
) -> tuple[Account, int]:
    """Give an account another address; return it and how many targets followed.

    Mail, history and whatever leads to the old address follow, and the old
    address is free. Raises NotFound, AlreadyExists, Invalid, and Refused when the
    account forwards to its new address.
    """
    access.require(actor, Permission.ACCOUNT_RENAME)
    old = access.account(uow, actor, address)
    entry = access.entry(uow, actor, address, EntryKind.ACCOUNT)
    if to.key != old.address.key:  # else it is another spelling of the same
        entries.free_address(uow, actor, to)
        if any(target.key == to.key for target in entry.targets):
            raise Refused(f"{old.address} forwards to {to}; change that first")
    new = replace(old, address=to)
    uow.accounts.replace(new)
    uow.directory.replace(replace(entry, address=to))
    followed = entries.repoint(uow, old.address, to)
    audit.record(
        uow,
        actor,
        "account.rename",
        _object(old),
        before={"address": str(old.address)},
        after={"address": str(to), "followed": followed},
        domains={old.address.domain, to.domain},
    )
    return new, followed


def ensure(uow: UnitOfWork, actor: Actor, address: Address) -> Account:
    """Return the account at an address, created if nothing is there."""
    access.require(actor, Permission.ACCOUNT_CREATE)
    try:
        return create(uow, actor, NewAccount(address=address))
    except AlreadyExists:
        return access.account(uow, actor, address)


def mailboxes(
    uow: UnitOfWork, actor: Actor, address: Address
) -> tuple[Account, list[Mailbox]]:
    """Return an account with its mailboxes, INBOX first."""
    access.require_one(actor, *SEEING)
    account = access.account(uow, actor, address)
    return account, mailboxes_of(uow, account)


def mailboxes_of(uow: UnitOfWork, account: Account) -> list[Mailbox]:
    """Return the mailboxes of an account that somebody may see, INBOX first."""
    found = uow.mailboxes.of_account(account.id)
    return sorted(found, key=lambda each: (each.name != INBOX, each.name))


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[Account]:
    """Return accounts in order of the keys of their addresses."""
    access.require(actor, Permission.DIRECTORY_READ)
    found = access.entries(
        uow, actor, [EntryKind.ACCOUNT], domain=domain, after=after, limit=limit
    )
    numbers = [entry.account for entry in found if entry.account is not None]
    accounts = uow.accounts.many(numbers)
    return [accounts[number] for number in numbers]


def total(uow: UnitOfWork, actor: Actor, *, domain: str | None = None) -> int:
    """Count the accounts that `page` has."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.total(uow, actor, [EntryKind.ACCOUNT], domain=domain)


def facts(account: Account) -> dict[str, object]:
    """Return what people see and the audit log keeps of an account, no secrets."""
    return {
        "address": str(account.address),
        "name": account.name,
        "state": account.state.value,
        "quota_octets": account.quota_octets,
        "quota_messages": account.quota_messages,
    }


def _object(account: Account) -> str:
    return f"account {account.address}"
