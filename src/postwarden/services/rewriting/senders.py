"""Whose an address is to send from: one's own, and what leads to it by aliases."""

from collections import deque
from collections.abc import Iterator

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.permissions import Permission
from postwarden.model.rewrites import RewriteKind, Source
from postwarden.services import access, resolution
from postwarden.services.ports import UnitOfWork

MOST = 1000  # addresses that are looked at or listed
_LED = 100  # targets of one alias that are looked at, and sources of one address


def may_send_as(uow: UnitOfWork, account: Account, address: Address) -> bool:
    """Whether an address leads to an account, by its own name or by aliases alone.

    Who gets mail by a group or by a forward does not speak for it.
    """
    seen = {address.key}
    todo = deque([address])
    while todo and len(seen) <= MOST:
        for found in _led(uow, todo.popleft()):
            if isinstance(found, Entry):
                if found.account == account.id:
                    return True
            elif found.key not in seen:
                seen.add(found.key)
                todo.append(found)
    return False


def _led(uow: UnitOfWork, address: Address) -> Iterator[Entry | Address]:
    """Yield the account at an address, or what its aliases lead to."""
    domain = resolution.local_domain(uow, address.domain)
    if domain is None:
        return
    home = Address(address.local_part, domain.name)
    entry = resolution.entry_at(uow, home, domain.delimiter)
    if entry is not None and entry.enabled:
        if entry.kind is EntryKind.ACCOUNT:
            yield entry
        elif entry.kind is EntryKind.ALIAS:
            yield from entry.targets[:_LED]
    of_domain = Source("", home.domain).key
    for rewrite in uow.rewrites.of([home.key, of_domain])[:_LED]:
        if rewrite.kind is RewriteKind.ALIAS and isinstance(rewrite.target, Address):
            yield rewrite.target
        elif rewrite.kind is RewriteKind.DOMAIN_ALIAS:
            yield Address(home.local_part, str(rewrite.target))


def addresses_of(uow: UnitOfWork, actor: Actor, address: Address) -> list[Address]:
    """Return what the owner of an account may send from, its own address first.

    Raises NotFound.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    account = access.account(uow, actor, address)
    known = {account.address.key: account.address}
    todo = deque([account.address])
    while todo and len(known) < MOST:
        for each in _leading(uow, todo.popleft()):
            if each.key not in known:
                known[each.key] = each
                todo.append(each)
    return list(known.values())[:MOST]


def _leading(uow: UnitOfWork, address: Address) -> Iterator[Address]:
    """Yield the aliases of an address, and itself under other names of its domain."""
    for entry in uow.directory.pointing_at(address, limit=_LED):
        if entry.kind is EntryKind.ALIAS and entry.enabled:
            yield entry.address
    for rewrite in uow.rewrites.leading_to(address.key, [RewriteKind.ALIAS], _LED):
        if rewrite.source.address is not None:
            yield rewrite.source.address
    of_domain = Source("", address.domain).key
    kinds = [RewriteKind.DOMAIN_ALIAS]
    for rewrite in uow.rewrites.leading_to(of_domain, kinds, _LED):
        yield Address(address.local_part, rewrite.source.domain)
    for alias in uow.domains.alias_page(of=address.domain, limit=_LED):
        yield Address(address.local_part, alias.name)
