"""Hosted domains and their other names."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.directory import EntryKind
from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    MailError,
    NotFound,
    Refused,
)
from postwarden.services import access, accounts, domains
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB, NOW
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


async def test_a_domain_is_created_in_its_canonical_form(store: Store) -> None:
    created = await store.transact(domains.create, OPERATOR, "Bücher.Example")
    assert created.name == "bücher.example"
    assert created.created_at == NOW
    found = await store.read(access.managed_domain, OPERATOR, "bücher.example")
    assert found == created


async def test_creating_a_domain_leaves_one_audit_entry(store: Store) -> None:
    await host(store, "example.org")
    (entry,) = await audited(store)
    assert (entry.actor, entry.dialect) == ("operator", "cli")
    assert (entry.action, entry.object) == ("domain.create", "domain example.org")
    assert entry.before is None
    assert entry.after is not None
    assert entry.after["domain"] == "example.org"


@pytest.mark.parametrize("name", ["[192.0.2.1]", "a..b", "", "-a.example", "x" * 256])
async def test_what_cannot_be_hosted_is_invalid(store: Store, name: str) -> None:
    with pytest.raises(Invalid):
        await store.transact(domains.create, OPERATOR, name)


@pytest.mark.parametrize("delimiter", ["++", "a", "@", "/", " "])
async def test_a_delimiter_is_one_harmless_character(
    store: Store, delimiter: str
) -> None:
    with pytest.raises(Invalid):
        await store.transact(
            domains.create, OPERATOR, "example.org", delimiter=delimiter
        )


@pytest.mark.parametrize("quota", [-1, 2**60 + 1])
async def test_quotas_are_bounded(store: Store, quota: int) -> None:
    with pytest.raises(Invalid):
        await store.transact(
            domains.create, OPERATOR, "example.org", quota_octets=quota
        )


async def test_a_name_is_taken_by_domains_and_by_their_other_names(
    store: Store,
) -> None:
    await host(store, "example.org", "example.com")
    await store.transact(
        domains.create_alias, OPERATOR, "example.net", of="example.org"
    )
    for name in ("example.org", "example.net"):
        with pytest.raises(AlreadyExists):
            await store.transact(domains.create, OPERATOR, name)
        with pytest.raises(AlreadyExists):
            await store.transact(domains.create_alias, OPERATOR, name, of="example.com")


async def test_only_who_manages_everything_creates_and_removes(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(Forbidden):
        await store.transact(domains.create, CAROL, "new.example")
    with pytest.raises(Forbidden):
        await store.transact(domains.remove, CAROL, "example.org")
    with pytest.raises(Forbidden):
        await store.transact(domains.create_alias, CAROL, "a.example", of="example.org")


async def test_a_foreign_domain_looks_absent(store: Store) -> None:
    await host(store, "example.org")
    errors = []
    for name in ("example.org", "absent.example"):
        with pytest.raises(NotFound) as caught:
            await store.transact(domains.change, MALLORY, name, delimiter="-")
        errors.append(str(caught.value).replace(name, "NAME"))
    assert errors[0] == errors[1]


async def test_a_change_keeps_what_it_does_not_name(store: Store) -> None:
    await store.transact(domains.create, OPERATOR, "example.org", quota_octets=100)
    changed = await store.transact(
        domains.change, CAROL, "example.org", quota_messages=5
    )
    assert (changed.default_quota_octets, changed.default_quota_messages) == (100, 5)
    entry = await last_audited(store)
    assert entry.before == {"default_quota_messages": 0}
    assert entry.after == {"default_quota_messages": 5}
    assert entry.actor == "carol"


async def test_a_postmaster_of_ours_must_exist(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(NotFound):
        await store.transact(domains.change, OPERATOR, "example.org", postmaster=ADA)
    await open_accounts(store, ADA)
    shouted = at("ADA")
    changed = await store.transact(
        domains.change, OPERATOR, "example.org", postmaster=shouted
    )
    assert changed.postmaster == ADA


async def test_a_postmaster_may_be_elsewhere_or_nobody(store: Store) -> None:
    await host(store, "example.org")
    elsewhere = at("ops", "example.com")
    for given, expected in (("ops@example.com", elsewhere), ("", None)):
        changed = await store.transact(
            domains.change, OPERATOR, "example.org", postmaster=given
        )
        assert changed.postmaster == expected


async def test_a_catch_all_is_set_changed_and_taken_away(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA, BOB)
    with pytest.raises(NotFound):
        await store.transact(domains.set_catch_all, OPERATOR, "example.org", ADA)
    await store.transact(domains.set_catch_all, OPERATOR, "example.org", ADA, new=True)
    with pytest.raises(AlreadyExists):
        await store.transact(
            domains.set_catch_all, OPERATOR, "example.org", BOB, new=True
        )
    changed = await store.transact(domains.set_catch_all, OPERATOR, "example.org", BOB)
    assert changed.catch_all == BOB
    gone = await store.transact(domains.set_catch_all, OPERATOR, "example.org", None)
    assert gone.catch_all is None


async def test_a_domain_with_addresses_or_names_stays(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, at("sales"), at("x", "example.com"))
    with pytest.raises(Refused, match=r"addresses \(1\)"):
        await store.transact(domains.remove, OPERATOR, "example.org")
    await host(store, "named.example")
    await store.transact(
        domains.create_alias, OPERATOR, "other.example", of="named.example"
    )
    with pytest.raises(Refused, match="other names"):
        await store.transact(domains.remove, OPERATOR, "named.example")


async def test_an_empty_domain_goes(store: Store) -> None:
    await host(store, "example.org")
    await store.transact(domains.remove, OPERATOR, "example.org")
    with pytest.raises(NotFound):
        await store.read(access.managed_domain, OPERATOR, "example.org")
    assert (await last_audited(store)).action == "domain.remove"


async def test_another_name_leads_elsewhere_after_a_change(store: Store) -> None:
    await host(store, "example.org", "example.com")
    await store.transact(
        domains.create_alias, OPERATOR, "example.net", of="example.org"
    )
    await store.transact(
        domains.change_alias, OPERATOR, "example.net", of="example.com"
    )
    (alias,) = await store.read(
        domains.alias_page, OPERATOR, of="example.com", limit=10
    )
    assert alias.name == "example.net"
    await store.transact(domains.remove_alias, OPERATOR, "example.net")
    assert await store.read(domains.alias_page, OPERATOR, limit=10) == []


async def test_another_name_of_a_foreign_domain_looks_absent(store: Store) -> None:
    await host(store, "example.org")
    await store.transact(
        domains.create_alias, OPERATOR, "other.example", of="example.org"
    )
    assert (
        await store.read(access.domain_alias, CAROL, "other.example")
    ).domain == "example.org"
    with pytest.raises(NotFound):
        await store.read(access.domain_alias, MALLORY, "other.example")
    assert await store.read(domains.alias_page, MALLORY, limit=10) == []


async def test_another_name_needs_a_hosted_domain(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.transact(
            domains.create_alias, OPERATOR, "example.net", of="absent.example"
        )


async def test_an_actor_lists_its_own_domains(store: Store) -> None:
    await host(store, "example.org", "example.net", "example.com")
    everything = await store.read(domains.page, OPERATOR, limit=10)
    assert [domain.name for domain in everything] == [
        "example.com",
        "example.net",
        "example.org",
    ]
    behind = await store.read(domains.page, OPERATOR, after="example.com", limit=1)
    assert [domain.name for domain in behind] == ["example.net"]
    own = await store.read(domains.page, CAROL, limit=10)
    assert [domain.name for domain in own] == ["example.org"]


async def test_addresses_are_counted_by_kind(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA, BOB)
    await name_alias(store, at("sales"), ADA)
    domain = await store.read(access.managed_domain, OPERATOR, "example.org")
    counts = await store.read(domains.counts, domain)
    assert counts[EntryKind.ACCOUNT] == 2
    assert counts[EntryKind.ALIAS] == 1
    assert counts[EntryKind.LIST] == 0


async def test_nothing_is_audited_when_it_fails(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(MailError):
        await store.transact(domains.create, OPERATOR, "example.org")
    assert len(await audited(store)) == 1


async def test_new_accounts_get_the_quotas_of_their_domain(store: Store) -> None:
    await store.transact(
        domains.create, OPERATOR, "example.org", quota_octets=7, quota_messages=8
    )
    created = await store.transact(
        accounts.create, OPERATOR, accounts.NewAccount(address=ADA)
    )
    assert (created.quota_octets, created.quota_messages) == (7, 8)
