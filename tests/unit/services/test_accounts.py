"""Accounts: created, changed, renamed, listed."""

import json

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import AlreadyExists, Invalid, NotFound, Refused
from postwarden.services import access, accounts, domains, entries, forwards
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    CAROL,
    MALLORY,
    audited,
    host,
    last_audited,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at

NEW = at("ada.lovelace")


async def test_an_account_begins_with_five_mailboxes(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    account, boxes = await store.read(accounts.mailboxes, OPERATOR, ADA)
    assert account.state is AccountState.ACTIVE
    assert [box.name for box in boxes] == ["INBOX", "Drafts", "Junk", "Sent", "Trash"]


async def test_a_domain_admin_creates_accounts_in_the_domain(store: Store) -> None:
    await host(store, "example.org")
    new = NewAccount(address=ADA, name=" Ada ", password_hash="secret-hash")
    created = await store.transact(accounts.create, CAROL, new)
    assert created.name == "Ada"
    entry = await last_audited(store)
    assert (entry.actor, entry.dialect) == ("carol", "native")
    assert (entry.action, entry.object) == ("account.create", f"account {ADA}")
    assert "secret" not in json.dumps([entry.before, entry.after])


async def test_a_foreign_domain_looks_absent(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(NotFound) as foreign:
        await store.transact(accounts.create, MALLORY, NewAccount(address=ADA))
    with pytest.raises(NotFound) as absent:
        await store.transact(
            accounts.create, MALLORY, NewAccount(address=at("ada", "absent.example"))
        )
    assert str(foreign.value).replace("example.org", "X") == str(absent.value).replace(
        "absent.example", "X"
    )


async def test_a_foreign_account_looks_absent(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    for actor, address in ((MALLORY, ADA), (OPERATOR, BOB)):
        with pytest.raises(NotFound, match=r"account .* does not exist"):
            await store.read(access.account, actor, address)


async def test_one_address_is_one_thing_only(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, at("Sales"), at("x", "example.com"))
    with pytest.raises(AlreadyExists, match=r"alias Sales@example\.org"):
        await store.transact(accounts.create, OPERATOR, NewAccount(address=at("sales")))


async def test_an_alias_is_no_account(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, at("sales"), ADA)
    with pytest.raises(NotFound):
        await store.read(access.account, OPERATOR, at("sales"))


async def test_an_address_of_another_name_is_created_at_the_domain(
    store: Store,
) -> None:
    await host(store, "example.org")
    await store.transact(
        domains.create_alias, OPERATOR, "example.com", of="example.org"
    )
    with pytest.raises(Invalid, match=r"create ada@example\.org"):
        await store.transact(
            accounts.create, OPERATOR, NewAccount(address=at("ada", "example.com"))
        )


@pytest.mark.parametrize("name", ["x" * 256, "Ada\nLovelace", "Ada\x1b[0m", "\ud800"])
async def test_a_name_is_short_and_printable(store: Store, name: str) -> None:
    await host(store, "example.org")
    with pytest.raises(Invalid):
        await store.transact(
            accounts.create, OPERATOR, NewAccount(address=ADA, name=name)
        )


async def test_a_change_keeps_what_it_does_not_name(store: Store) -> None:
    await host(store, "example.org")
    new = NewAccount(address=ADA, name="Ada", password_hash="old", quota_octets=9)
    await store.transact(accounts.create, OPERATOR, new)
    changed = await store.transact(
        accounts.change, CAROL, ADA, state=AccountState.DISABLED
    )
    assert changed.state is AccountState.DISABLED
    assert (changed.name, changed.password_hash, changed.quota_octets) == (
        "Ada",
        "old",
        9,
    )
    entry = await last_audited(store)
    assert entry.before == {"state": "active"}
    assert entry.after == {"state": "disabled"}


async def test_a_new_password_is_audited_without_it(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(accounts.change, OPERATOR, ADA, password_hash="new-hash")
    account = await store.read(access.account, OPERATOR, ADA)
    assert account.password_hash == "new-hash"
    entry = await last_audited(store)
    assert entry.after == {"password": "changed"}


async def test_nobody_is_changed_into_pending_deletion(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    with pytest.raises(Invalid):
        await store.transact(
            accounts.change, OPERATOR, ADA, state=AccountState.PENDING_DELETION
        )


async def test_a_quota_of_nothing_is_unlimited_and_below_it_invalid(
    store: Store,
) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    changed = await store.transact(accounts.change, OPERATOR, ADA, quota_octets=0)
    assert changed.has_room(2**50)
    with pytest.raises(Invalid):
        await store.transact(accounts.change, OPERATOR, ADA, quota_messages=-1)


async def test_a_renamed_account_keeps_its_mail_and_frees_its_address(
    store: Store,
) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA)
    before, boxes = await store.read(accounts.mailboxes, OPERATOR, ADA)
    elsewhere = at("ada", "example.net")
    await store.transact(accounts.rename, OPERATOR, ADA, elsewhere)
    after, same_boxes = await store.read(accounts.mailboxes, OPERATOR, elsewhere)
    assert after.id == before.id
    assert same_boxes == boxes
    with pytest.raises(NotFound):
        await store.read(access.account, OPERATOR, ADA)
    await open_accounts(store, ADA)
    again = await store.read(access.account, OPERATOR, ADA)
    assert again.id != before.id


async def test_what_leads_to_a_renamed_account_follows(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA, BOB)
    await name_alias(store, at("sales"), at("ADA"), at("x", "example.com"))
    await store.transact(forwards.create, OPERATOR, BOB, [ADA], keep_copy=True)
    await store.transact(
        domains.change, OPERATOR, "example.org", catch_all=ADA, postmaster=BOB
    )
    _, followed = await store.transact(accounts.rename, OPERATOR, ADA, NEW)
    assert followed == 3
    alias = await store.read(access.entry, OPERATOR, at("sales"))
    assert alias.targets == (NEW, at("x", "example.com"))
    bob = await store.read(access.entry, OPERATOR, BOB)
    assert bob.targets == (NEW,)
    domain = await store.read(access.managed_domain, OPERATOR, "example.org")
    assert (domain.catch_all, domain.postmaster) == (NEW, BOB)
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("account.rename", f"account {ADA}")
    assert entry.after == {"address": str(NEW), "followed": 3}


async def test_a_rename_may_change_only_the_spelling(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    renamed, _ = await store.transact(accounts.rename, OPERATOR, ADA, at("Ada"))
    assert str(renamed.address) == "Ada@example.org"
    found = await store.read(access.account, OPERATOR, ADA)
    assert str(found.address) == "Ada@example.org"


async def test_a_rename_takes_no_address_that_is_taken(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA, BOB)
    with pytest.raises(AlreadyExists):
        await store.transact(accounts.rename, OPERATOR, ADA, BOB)
    with pytest.raises(NotFound):
        await store.transact(accounts.rename, CAROL, ADA, at("ada", "example.net"))


async def test_a_rename_makes_no_forward_to_itself(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(forwards.create, OPERATOR, ADA, [NEW])
    with pytest.raises(Refused):
        await store.transact(accounts.rename, OPERATOR, ADA, NEW)


async def test_many_are_created_and_each_failure_is_told(store: Store) -> None:
    await host(store, "example.org")
    new = [
        NewAccount(address=ADA),
        NewAccount(address=BOB, quota_octets=-1),
        NewAccount(address=at("ada", "absent.example")),
        NewAccount(address=at("ADA")),
        NewAccount(address=at("eve")),
    ]
    errors = await store.transact(accounts.create_many, OPERATOR, new)
    assert [type(error) for error in errors] == [
        type(None),
        Invalid,
        NotFound,
        AlreadyExists,
        type(None),
    ]
    created = await store.read(accounts.page, OPERATOR, limit=10)
    assert [account.address for account in created] == [ADA, at("eve")]
    actions = [entry.action for entry in await audited(store)]
    assert actions == ["domain.create", "account.create", "account.create"]


async def test_an_account_is_made_sure_of(store: Store) -> None:
    await host(store, "example.org")
    first = await store.transact(accounts.ensure, OPERATOR, ADA)
    assert await store.transact(accounts.ensure, OPERATOR, ADA) == first
    await name_alias(store, at("sales"), ADA)
    with pytest.raises(NotFound):
        await store.transact(accounts.ensure, OPERATOR, at("sales"))


async def test_accounts_are_listed_in_pages_that_join(store: Store) -> None:
    await host(store, "example.org", "example.net")
    people = [at(name, d) for d in ("example.net", "example.org") for name in "abc"]
    await open_accounts(store, *people)
    listed: list[Address] = []
    after = ""
    while page := await store.read(accounts.page, OPERATOR, after=after, limit=2):
        listed += [account.address for account in page]
        after = page[-1].address.key
    assert listed == people


async def test_an_actor_lists_only_accounts_of_its_domains(store: Store) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA, at("eve", "example.net"))
    own = await store.read(accounts.page, MALLORY, limit=10)
    assert [str(account.address) for account in own] == ["eve@example.net"]
    with pytest.raises(NotFound):
        await store.read(accounts.page, MALLORY, domain="example.org", limit=10)


async def test_several_domains_are_listed_in_the_order_of_keys(store: Store) -> None:
    names = ("a.example", "a-b.example", "a.b.example")
    await host(store, *names)
    await open_accounts(store, *(at("x", name) for name in names))
    actor = CAROL.__class__(name="dora", domains=frozenset(names))
    whole = await store.read(access.entries, OPERATOR, [EntryKind.ACCOUNT], limit=10)
    scoped = await store.read(access.entries, actor, [EntryKind.ACCOUNT], limit=10)
    assert scoped == whole
    for place, known in enumerate(whole, start=1):
        behind = await store.read(
            access.entries,
            actor,
            [EntryKind.ACCOUNT],
            after=known.address.key,
            limit=1,
        )
        assert behind == whole[place : place + 1]


async def test_every_kind_of_entry_is_found_as_itself(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(entries.create, OPERATOR, EntryKind.GROUP, at("team"), [ADA])
    anything = await store.read(access.entry, OPERATOR, at("team"))
    assert anything.kind is EntryKind.GROUP
    with pytest.raises(NotFound, match="list team"):
        await store.read(access.entry, OPERATOR, at("team"), EntryKind.LIST)
