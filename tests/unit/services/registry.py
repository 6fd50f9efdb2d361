"""Short ways to fill and look at a directory through its services."""

from dataclasses import replace

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.audit import AuditEntry
from postwarden.model.directory import EntryKind
from postwarden.model.permissions import EVERYTHING
from postwarden.services import accounts, domains, entries
from postwarden.services.ports import Store, UnitOfWork

CAROL = Actor(
    name="carol",
    dialect="native",
    permissions=EVERYTHING,
    domains=frozenset({"example.org"}),
)
MALLORY = replace(CAROL, name="mallory", domains=frozenset({"example.net"}))


async def host(store: Store, *names: str) -> None:
    for name in names:
        await store.transact(domains.create, OPERATOR, name)


async def open_accounts(store: Store, *addresses: Address) -> None:
    for address in addresses:
        await store.transact(
            accounts.create, OPERATOR, accounts.NewAccount(address=address)
        )


async def name_alias(store: Store, address: Address, *targets: Address) -> None:
    await store.transact(entries.create, OPERATOR, EntryKind.ALIAS, address, targets)


async def audited(store: Store) -> list[AuditEntry]:
    return await store.read(_audited)


def _audited(uow: UnitOfWork) -> list[AuditEntry]:
    return uow.audit.page(limit=1000)


async def last_audited(store: Store) -> AuditEntry:
    return (await audited(store))[-1]
