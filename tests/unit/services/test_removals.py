"""Removing an account: gone at once, its mail in the vault, findable."""

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import NotFound, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import INBOX, CopyState
from postwarden.model.queries import parse
from postwarden.services import access, domains, forwards, placement, removals
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    host,
    last_audited,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at


def file_mail(uow: UnitOfWork, account: int, name: str, count: int) -> None:
    box = placement.mailbox_named(uow, account, name)
    placement.file(
        uow,
        [
            placement.NewCopy(
                account=account,
                mailbox=box.id,
                message=uow.messages.add(factories.message(f"{name} {number}")).id,
                size=1000,
                internal_date=factories.NOW,
            )
            for number in range(count)
        ],
    )


async def test_the_user_is_out_at_once_and_the_address_is_free(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(forwards.create, OPERATOR, ADA, [BOB])
    removal = await store.transact(removals.start, OPERATOR, ADA)
    with pytest.raises(NotFound):
        await store.read(access.account, OPERATOR, ADA)
    gone = await store.read(lambda uow: uow.accounts.get(removal.account.id))
    assert gone.state is AccountState.PENDING_DELETION
    assert gone.password_hash is None
    assert await store.read(forwards.page, OPERATOR, limit=10) == []
    await open_accounts(store, ADA)


async def test_the_mail_goes_to_the_vault_in_chunks(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    account = await store.read(access.account, OPERATOR, ADA)
    await store.transact(file_mail, account.id, INBOX, 3)
    await store.transact(file_mail, account.id, "Sent", 2)
    removal = await store.transact(removals.start, OPERATOR, ADA)
    counts = []
    while count := await store.transact(
        removals.vault_chunk, removal.account.id, limit=2
    ):
        counts.append(count)
    assert counts == [2, 1, 2]
    gone = await store.read(lambda uow: uow.accounts.get(account.id))
    assert (gone.used_octets, gone.used_messages) == (0, 0)
    assert (gone.vault_octets, gone.vault_messages) == (5000, 5)
    copies = await store.read(lambda uow: uow.copies.many([1, 2, 3, 4, 5]))
    assert {copy.state for copy in copies.values()} == {CopyState.VAULTED}
    facts = await store.read(lambda uow: uow.copies.facts([1]))
    assert (facts[0].address, facts[0].mailbox) == (str(ADA), INBOX)


async def test_each_copy_that_goes_leaves_a_ledger_event(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    account = await store.read(access.account, OPERATOR, ADA)
    await store.transact(file_mail, account.id, INBOX, 2)
    await store.transact(removals.start, OPERATOR, ADA)
    await store.transact(removals.vault_chunk, account.id)
    rows = await store.read(all_events)
    assert rows == [(Event.DELETE, INBOX, 1), (Event.DELETE, INBOX, 2)]


def all_events(uow: UnitOfWork) -> list[tuple[Event, str | None, int | None]]:
    found = uow.ledger.search(parse("all", now=uow.now), similar={})
    return [(row.event, row.mailbox, row.uid) for row in uow.ledger.rows(found)]


async def test_a_removal_is_audited_and_leaves_a_task(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    removal = await store.transact(removals.start, OPERATOR, ADA)
    assert removal.task.name == removals.TASK
    assert removal.task.payload == {"account": removal.account.id}
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("account.remove", f"account {ADA}")
    assert entry.before is not None
    assert entry.before["address"] == str(ADA)


async def test_who_still_leads_to_a_removed_account_is_told(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await name_alias(store, at("sales"), ADA)
    removal = await store.transact(removals.start, OPERATOR, ADA)
    assert removal.pointing == [at("sales")]


async def test_the_postmaster_of_a_domain_stays(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(domains.change, OPERATOR, "example.org", postmaster=ADA)
    with pytest.raises(Refused, match=r"postmaster of example\.org"):
        await store.transact(removals.start, OPERATOR, ADA)
    account = await store.read(access.account, OPERATOR, ADA)
    assert account.state is AccountState.ACTIVE
