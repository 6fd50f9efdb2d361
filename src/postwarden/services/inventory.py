"""Inventories: every address with what is known of it, in pages of set queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import UnitOfWork

# A group stands for its members as an alias does; a list has a life of its own.
_ADDRESSES = (EntryKind.ACCOUNT, EntryKind.ALIAS, EntryKind.GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One address; `account` where somebody logs in there."""

    entry: Entry
    account: Account | None = None
    is_catch_all: bool = False

    @property
    def key(self) -> str:
        """What the next page begins behind."""
        return self.entry.address.key


def accounts(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
    kinds: Sequence[EntryKind] = _ADDRESSES,
) -> list[Holding]:
    """Return addresses of some kinds in order of keys; raises NotFound.

    Those are accounts, aliases and groups, unless others are asked for.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    entries = access.entries(uow, actor, kinds, domain=domain, after=after, limit=limit)
    found = uow.accounts.many(e.account for e in entries if e.account is not None)
    catch_alls = {
        name: hosted.catch_all
        for name in {entry.address.domain for entry in entries}
        if (hosted := uow.domains.find(name)) is not None
    }
    return [
        Holding(
            entry=entry,
            account=None if entry.account is None else found.get(entry.account),
            is_catch_all=catch_alls.get(entry.address.domain) == entry.address,
        )
        for entry in entries
    ]


def total(
    uow: UnitOfWork, actor: Actor, *, domain: str, kinds: Sequence[EntryKind]
) -> int:
    """Count what `accounts` has of a domain; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.total(uow, actor, kinds, domain=domain)


def key_before(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str,
    kinds: Sequence[EntryKind],
    position: int,
) -> str | None:
    """Return the key behind which the address at a position of a domain comes.

    None when there are not so many. Raises NotFound.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    name = access.managed_domain(uow, actor, domain).name
    if not position:
        return ""
    return uow.directory.key_at(kinds, domain=name, position=position - 1)


def lists(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[Holding]:
    """Return mailing lists in order of keys; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    entries = access.entries(
        uow, actor, [EntryKind.LIST], domain=domain, after=after, limit=limit
    )
    return [Holding(entry=entry) for entry in entries]
