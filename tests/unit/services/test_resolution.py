"""Where mail for an address goes."""

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.domains import DomainAlias
from postwarden.model.errors import NotFound, Refused, Suspended
from postwarden.model.ledger import Event
from postwarden.services import delivery, resolution
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.resolution import Resolution, Rules
from tests.support import factories
from tests.unit.services.world import (
    RULES,
    add_account,
    add_domain,
    add_entry,
    at,
    people,
)


async def resolved(
    store: Store, *recipients: Address, rules: Rules = RULES
) -> Resolution:
    return await store.read(resolution.resolve, rules, recipients)


def places(found: Resolution) -> set[str]:
    return {str(local.address) for local, _ in found.locals_.values()} | {
        str(foreign.address) for foreign, _ in found.foreign.values()
    }


def events(found: Resolution) -> list[tuple[Event, str]]:
    return [(step.event, str(step.address)) for step, _ in found.steps]


async def test_an_account_gets_its_own_mail_in_any_case(store: Store) -> None:
    await store.transact(people)

    found = await resolved(store, Address.parse("ADA@Example.ORG"))

    assert places(found) == {"ada@example.org"}
    assert found.steps == []


async def test_an_alias_resolves_to_accounts_and_ways_out(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("sales"), at("ada"), at("dan", "elsewhere.example"))

    await store.transact(prepare)

    found = await resolved(store, at("sales"))

    assert places(found) == {"ada@example.org", "dan@elsewhere.example"}
    assert events(found) == [(Event.RESOLVE, "sales@example.org")]


async def test_an_account_reached_twice_gets_one_copy(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("team"), at("ada"), at("bob"), kind=EntryKind.GROUP)
        add_entry(uow, at("all"), at("team"), at("ada"), kind=EntryKind.GROUP)

    await store.transact(prepare)

    found = await resolved(store, at("all"), at("ada"))

    assert places(found) == {"ada@example.org", "bob@example.org"}
    assert len(found.locals_) == 2
    assert (Event.DUPLICATEDELIVER, "ada@example.org") in events(found)


async def test_a_loop_of_aliases_ends(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("one"), at("two"))
        add_entry(uow, at("two"), at("one"), at("ada"))

    await store.transact(prepare)

    found = await resolved(store, at("one"))

    assert places(found) == {"ada@example.org"}
    assert (Event.DUPLICATEEXPAND, "one@example.org") in events(found)


async def test_a_chain_deeper_than_the_limit_is_cut(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("a0"), at("ada"))
        for number in range(1, 30):
            add_entry(uow, at(f"a{number}"), at(f"a{number - 1}"))

    await store.transact(prepare)

    assert places(await resolved(store, at("a15"))) == {"ada@example.org"}
    deep = await resolved(store, at("a29"))
    assert places(deep) == set()
    assert events(deep)[-1][0] is Event.FAIL


async def test_a_forward_redirects_and_may_keep_a_copy(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        away = at("dan", "elsewhere.example")
        add_account(uow, at("gone"), targets=(away,))
        add_account(uow, at("both"), targets=(away,), keep_copy=True)

    await store.transact(prepare)

    assert places(await resolved(store, at("gone"))) == {"dan@elsewhere.example"}
    both = await resolved(store, at("both"))
    assert places(both) == {"both@example.org", "dan@elsewhere.example"}
    assert events(both) == [(Event.REDIRECT, "both@example.org")]


async def test_accounts_that_forward_to_each_other_both_keep_theirs(
    store: Store,
) -> None:
    def prepare(uow: UnitOfWork) -> None:
        add_domain(uow)
        add_account(uow, at("x"), targets=(at("y"),), keep_copy=True)
        add_account(uow, at("y"), targets=(at("x"),), keep_copy=True)

    await store.transact(prepare)

    assert places(await resolved(store, at("x"))) == {
        "x@example.org",
        "y@example.org",
    }


async def test_a_detail_behind_the_delimiter_leads_to_the_account(
    store: Store,
) -> None:
    await store.transact(people)

    found = await resolved(store, at("ada+lists"))

    assert places(found) == {"ada@example.org"}
    assert events(found) == [(Event.RESOLVE, "ada+lists@example.org")]


async def test_an_address_of_an_alias_domain_is_the_one_of_the_domain(
    store: Store,
) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        uow.domains.add_alias(
            DomainAlias(
                name="example.net", domain="example.org", created_at=factories.NOW
            )
        )

    await store.transact(prepare)

    assert places(await resolved(store, at("ada", "example.net"))) == {
        "ada@example.org"
    }


async def test_a_catch_all_takes_what_nobody_else_takes(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        add_domain(uow, catch_all=at("ada"))
        add_account(uow, at("ada"))

    await store.transact(prepare)

    assert places(await resolved(store, at("whoever"))) == {"ada@example.org"}


async def test_postmaster_is_always_accepted(store: Store) -> None:
    """RFC 5321 §4.5.1; what nobody was named for is parked, never lost."""
    await store.transact(people)

    for address in (at("PostMaster"), at("postmaster", RULES.host)):
        await store.read(delivery.check_recipient, RULES, address)
    assert places(await resolved(store, at("postmaster"))) == {"postmaster@example.org"}
    named = Rules(host=RULES.host, postmaster=at("bob"))
    for address in (at("postmaster"), at("postmaster", RULES.host)):
        found = await resolved(store, address, rules=named)
        assert places(found) == {"bob@example.org"}


async def test_a_recipient_elsewhere_is_no_business_of_ours(store: Store) -> None:
    await store.transact(people)

    with pytest.raises(Refused):
        await store.read(
            delivery.check_recipient, RULES, at("dan", "elsewhere.example")
        )
    with pytest.raises(NotFound):
        await store.read(delivery.check_recipient, RULES, at("nobody"))


async def test_a_disabled_account_takes_no_mail(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        add_domain(uow)
        add_account(uow, at("off"), state=AccountState.DISABLED)

    await store.transact(prepare)

    with pytest.raises(Suspended):
        await store.read(delivery.check_recipient, RULES, at("off"))
