"""The gate: the only way from an actor and a name to an object.

What an actor may not see does not exist for it. Absent and foreign get the same
NotFound after the same look-ups.
"""

from collections.abc import Sequence
from dataclasses import replace

from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_range
from postwarden.model.administrators import Administrator, ApiKey
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.errors import Forbidden, NotFound, Suspended
from postwarden.model.mailboxes import Mailbox
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.model.queries import (
    NOTHING,
    AddressField,
    AddressMatch,
    Query,
    Scope,
    all_of,
    any_of,
)
from postwarden.services.ports import UnitOfWork

ADDRESS = "address"  # what an entry of any kind is called when it is not there

# A reverse path is anybody's to write, so it makes nobody's events visible.
_OWN_EVENTS = (AddressField.ACCOUNT, AddressField.FORWARD_PATH)
_OWN_COPIES = (AddressField.ACCOUNT,)


def require(actor: Actor, *permissions: Permission) -> None:
    """Let pass only who may do all this; raises Forbidden naming what is missing.

    Services ask before they look anything up, so that the answer says nothing
    about what there is.
    """
    for permission in permissions:
        if not actor.may(permission):
            raise Forbidden(f"{actor.name} may not do this: it takes {permission}")


def require_one(actor: Actor, *permissions: Permission) -> None:
    """Let pass who may do at least one of these; raises Forbidden naming them."""
    if not any(map(actor.may, permissions)):
        names = " or ".join(permissions)
        raise Forbidden(f"{actor.name} may not do this: it takes {names}")


def require_for(actor: Actor, owner: str, *permissions: Permission) -> None:
    """Let pass for an administrator's own things, else who may do all this."""
    if not actor.is_administrator(owner):
        require(actor, *permissions)


def narrowed(actor: Actor, query: Query, scope: Scope) -> Query:
    """Return the query restricted to what lies in the actor's domains.

    That are the copies of accounts there; of the ledger, the events of accounts
    and forward paths there.
    """
    if actor.domains is None:
        return query
    fields = _OWN_EVENTS if scope is Scope.TRACE else _OWN_COPIES
    own = [
        AddressMatch(field, None, domain)
        for domain in sorted(actor.domains)
        for field in fields
    ]
    return replace(query, root=all_of((query.root, any_of(own) if own else NOTHING)))


def visible_messages(
    uow: UnitOfWork, actor: Actor, messages: Sequence[Message]
) -> list[Message]:
    """Return those messages that lie, or once lay, in the actor's domains."""
    if actor.domains is None:
        return list(messages)
    seen = uow.messages.known_in([each.id for each in messages], actor.domains)
    return [each for each in messages if each.id in seen]


def managed_domain(uow: UnitOfWork, actor: Actor, name: str) -> MailDomain:
    """Return a hosted domain that `actor` manages; raises NotFound."""
    domain = uow.domains.find(name)
    if domain is None or not actor.manages(name):
        raise NotFound("domain", name)
    return domain


def domain_alias(uow: UnitOfWork, actor: Actor, name: str) -> DomainAlias:
    """Return another name of a domain that `actor` manages; raises NotFound."""
    alias = uow.domains.find_alias(name)
    if alias is None or not actor.manages(alias.domain):
        raise NotFound("domain alias", name)
    return alias


def entry(uow: UnitOfWork, actor: Actor, address: Address, *kinds: EntryKind) -> Entry:
    """Return what an address is, if it is one of `kinds`; raises NotFound."""
    # What is foreign is not even read: an entry with targets would cost more.
    is_own = actor.manages(address.domain)
    found = uow.directory.find(address if is_own else Address("", address.domain))
    if found is None or (kinds and found.kind not in kinds):
        raise NotFound(kinds[0].value if kinds else ADDRESS, str(address))
    return found


def entry_by_id(uow: UnitOfWork, actor: Actor, number: int, kind: EntryKind) -> Entry:
    """Return what has an id, if it is of a kind; raises NotFound."""
    address = uow.directory.address_of(number)
    is_own = address is not None and actor.manages(address.domain)
    # What is foreign is not even read, as by its address.
    found = uow.directory.find(address if address and is_own else Address("", ""))
    if found is None or found.kind is not kind:
        raise NotFound(kind.value, str(number))
    return found


def account(uow: UnitOfWork, actor: Actor, address: Address) -> Account:
    """Return the account at an address; raises NotFound."""
    found = entry(uow, actor, address, EntryKind.ACCOUNT)
    return uow.accounts.get(found.account or 0)  # an account's entry has its id


def account_by_id(uow: UnitOfWork, actor: Actor, number: int) -> Account:
    """Return an account by its id; raises NotFound.

    The address that a removed one had may be another's now.
    """
    found = uow.accounts.many([number]).get(number)
    if (
        found is None
        or found.state in {AccountState.PENDING_DELETION, AccountState.REMOVED}
        or not actor.manages(found.address.domain)
    ):
        raise NotFound(EntryKind.ACCOUNT.value, str(number))
    return found


def mailbox_owner(uow: UnitOfWork, actor: Actor, account: int | None) -> Account:
    """Return the account that the actor owns, or acts for, if it is this one.

    Raises NotFound for any other, and for one that was removed meanwhile; Suspended
    to the owner of a disabled one.
    """
    own = account is not None and account == actor.account
    found = uow.accounts.many([account if own and account else 0]).get(account or 0)
    if found is None or found.is_removed:
        raise NotFound(EntryKind.ACCOUNT.value, str(account))
    if found.state is AccountState.DISABLED and actor.on_behalf_of is None:
        raise Suspended(str(found.address))
    return found


def own_mailbox(uow: UnitOfWork, actor: Actor, number: int) -> Mailbox:
    """Return a mailbox of the account that the actor owns; raises NotFound."""
    mailbox_owner(uow, actor, actor.account)
    found = uow.mailboxes.many([number]).get(number)
    if found is None or found.account != actor.account:
        raise NotFound("mailbox", str(number))
    return found


def sees(actor: Actor, administrator: Administrator) -> bool:
    """Whether an administrator exists for the actor.

    That is himself, and whoever is confined to domains that the actor manages.
    """
    if actor.domains is None or actor.is_administrator(administrator.name):
        return True
    confined = administrator.domains or frozenset()
    return bool(confined) and confined <= actor.domains


def administrator(uow: UnitOfWork, actor: Actor, name: str) -> Administrator:
    """Return an administrator that the actor may see; raises NotFound."""
    found = uow.administrators.find(name)
    if found is None or not sees(actor, found):
        raise NotFound("admin", name)
    return found


def api_key(uow: UnitOfWork, actor: Actor, number: int) -> tuple[ApiKey, Administrator]:
    """Return a key and its owner: one's own, and with the right to, of others.

    Raises NotFound.
    """
    key = uow.keys.with_id(number)
    owner = uow.administrators.with_id(key.administrator if key else 0)
    if (
        key is None
        or owner is None
        or not sees(actor, owner)
        or not (actor.is_administrator(owner.name) or actor.may(Permission.KEY_WRITE))
    ):
        raise NotFound("key", str(number))
    return key, owner


def everything(actor: Actor, act: str) -> None:
    """Let pass only who manages every domain; raises Forbidden naming `act`."""
    if actor.domains is not None:
        raise Forbidden(f"{actor.name} may not {act}")


def entries(
    uow: UnitOfWork,
    actor: Actor,
    kinds: Sequence[EntryKind],
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[Entry]:
    """Return entries in order of keys, those behind `after` that `actor` manages.

    Raises NotFound for a `domain` that is not there or not the actor's.
    """
    found: list[Entry] = []
    for name in scope(uow, actor, domain):
        if name is not None and domain_range(name)[1] <= after:
            continue
        found += uow.directory.page(
            kinds, domain=name, after=after, limit=limit - len(found)
        )
        if len(found) >= limit:
            break
    return found


def total(
    uow: UnitOfWork,
    actor: Actor,
    kinds: Sequence[EntryKind],
    *,
    domain: str | None = None,
) -> int:
    """Count the entries that `entries` would list; raises NotFound as it does."""
    return sum(uow.directory.count(name, kinds) for name in scope(uow, actor, domain))


def scope(uow: UnitOfWork, actor: Actor, domain: str | None) -> Sequence[str | None]:
    """Return the domains to list, in order of keys; None stands for all."""
    if domain is not None:
        return [managed_domain(uow, actor, domain).name]
    if actor.domains is None:
        return [None]
    return sorted(actor.domains, key=domain_range)
