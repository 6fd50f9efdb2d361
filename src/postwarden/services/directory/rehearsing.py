"""A dry run of an import: on a copy of the directory in memory.

Its chunks build on each other, so they cannot be taken back one by one as other dry
runs are; and a store that serves is not kept waiting for a long one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.services import access, domains, rehearsal
from postwarden.services.ports import Store, UnitOfWork

_PAGE = 1000
_Page = tuple[Sequence[Entry], dict[int, Account]]


async def copy_directory(store: Store, actor: Actor, copy: Store) -> None:
    """Copy what the actor manages of a directory into a store that is empty."""
    after = ""
    while hosted := await store.read(domains.page, actor, after=after, limit=_PAGE):
        await copy.transact(_add_domains, hosted)
        after = hosted[-1].name
    after = ""
    while names := await store.read(
        domains.alias_page, actor, after=after, limit=_PAGE
    ):
        await copy.transact(_add_aliases, names)
        after = names[-1].name
    after = ""
    while (page := await store.read(_page, actor, after))[0]:
        await copy.transact(_add_entries, page)
        after = page[0][-1].address.key


async def written(copy: Store) -> list[dict[str, object]]:
    """Return what was changed in a copy, as dry runs print it."""
    changes: list[dict[str, object]] = []
    after = 0
    while page := await copy.read(_audited, after):
        changes += map(rehearsal.change, page)
        after = page[-1].id
    return changes


def _add_domains(uow: UnitOfWork, found: Iterable[MailDomain]) -> None:
    for each in found:
        uow.domains.add(each)


def _add_aliases(uow: UnitOfWork, found: Iterable[DomainAlias]) -> None:
    for each in found:
        uow.domains.add_alias(each)


def _page(uow: UnitOfWork, actor: Actor, after: str) -> _Page:
    kinds = tuple(EntryKind)
    found = access.entries(uow, actor, kinds, after=after, limit=_PAGE)
    numbers = [each.account for each in found if each.account is not None]
    return found, uow.accounts.many(numbers)


def _add_entries(uow: UnitOfWork, page: _Page) -> None:
    found, accounts = page
    for each in found:
        if each.account is not None:
            account = uow.accounts.add(accounts[each.account])
            uow.directory.add(replace(each, account=account.id))
        else:
            uow.directory.add(each)


def _audited(uow: UnitOfWork, after: int) -> list[AuditEntry]:
    return uow.audit.page(after=after, limit=_PAGE)
