"""Domains: hosted ones and their other names."""

from datetime import timedelta

import pytest

from postwarden.model.addresses import Address
from postwarden.model.domains import DomainAlias
from postwarden.model.errors import AlreadyExists, NotFound, Refused
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA, BOB, NOW, mail_domain

ORG = "example.org"


def other_name(name: str, of: str = ORG) -> DomainAlias:
    return DomainAlias(name=name, domain=of, created_at=NOW)


async def test_a_domain_comes_back_as_it_was_added(store: Store) -> None:
    domain = mail_domain(
        "bücher.example",
        catch_all=ADA,
        postmaster=BOB,
        delimiter="",
        default_quota_octets=5,
        default_quota_messages=6,
        vault_retention=timedelta(days=7),
        removed_account_retention=timedelta(0),
    )

    await store.transact(lambda uow: uow.domains.add(domain))

    assert await store.read(lambda uow: uow.domains.find("bücher.example")) == domain
    assert await store.read(lambda uow: uow.domains.find("BÜCHER.example")) is None


async def test_a_name_is_taken_once_as_domain_or_other_name(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain(ORG))
        uow.domains.add_alias(other_name("example.net"))
        with pytest.raises(AlreadyExists):
            uow.domains.add(mail_domain(ORG))
        with pytest.raises(AlreadyExists):
            uow.domains.add(mail_domain("example.net"))
        with pytest.raises(AlreadyExists):
            uow.domains.add_alias(other_name("example.net"))
        with pytest.raises(AlreadyExists):
            uow.domains.add_alias(other_name(ORG))

    await store.transact(work)


async def test_a_name_of_no_domain_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.transact(
            lambda uow: uow.domains.add_alias(other_name("example.net"))
        )


async def test_a_domain_is_replaced_and_only_if_it_is_there(store: Store) -> None:
    changed = mail_domain(
        catch_all=ADA, delimiter="-", created_at=NOW + timedelta(days=1)
    )

    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain())
        uow.domains.replace(changed)
        with pytest.raises(NotFound):
            uow.domains.replace(mail_domain("absent.example"))

    await store.transact(work)

    assert await store.read(lambda uow: uow.domains.find(ORG)) == changed


async def test_a_removed_domain_is_gone_and_may_be_removed_again(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain())
        uow.domains.remove(ORG)
        uow.domains.remove(ORG)
        assert uow.domains.find(ORG) is None
        uow.domains.add(mail_domain())

    await store.transact(work)


async def test_a_domain_with_other_names_stays(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain())
        uow.domains.add_alias(other_name("example.net"))
        with pytest.raises(Refused):
            uow.domains.remove(ORG)
        uow.domains.remove_alias("example.net")
        uow.domains.remove_alias("example.net")
        uow.domains.remove(ORG)

    await store.transact(work)

    assert await store.read(lambda uow: uow.domains.page(limit=9)) == []


async def test_pages_go_by_name(store: Store) -> None:
    names = ["b.example", "a.example", "ü.example", "c.example", "B.example"]

    def work(uow: UnitOfWork) -> None:
        for name in names:
            uow.domains.add(mail_domain(name))

    await store.transact(work)

    def page(uow: UnitOfWork, after: str, limit: int) -> list[str]:
        return [each.name for each in uow.domains.page(after=after, limit=limit)]

    assert await store.read(page, "", 9) == sorted(names)
    assert await store.read(lambda uow: uow.domains.count()) == len(names)
    assert await store.read(page, "a.example", 2) == ["b.example", "c.example"]
    assert await store.read(page, "bb", 1) == ["c.example"]
    assert await store.read(page, "ü.example", 9) == []
    assert await store.read(page, "", 0) == []


async def test_other_names_are_found_and_paged(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain(ORG))
        uow.domains.add(mail_domain("example.com"))
        for name, of in [("c", ORG), ("a", ORG), ("b", "example.com"), ("d", ORG)]:
            uow.domains.add_alias(other_name(name, of))

    await store.transact(work)

    def page(uow: UnitOfWork, of: str | None, after: str, limit: int) -> str:
        aliases = uow.domains.alias_page(of=of, after=after, limit=limit)
        return "".join(each.name for each in aliases)

    assert await store.read(lambda uow: uow.domains.find_alias("b")) == other_name(
        "b", "example.com"
    )
    assert await store.read(lambda uow: uow.domains.find_alias(ORG)) is None
    assert await store.read(page, None, "", 9) == "abcd"
    assert await store.read(page, ORG, "", 9) == "acd"
    assert await store.read(page, ORG, "a", 1) == "c"
    assert await store.read(page, "absent.example", "", 9) == ""


async def test_domains_are_found_by_the_accounts_they_name(store: Store) -> None:
    caught = mail_domain("b.example", catch_all=ADA)
    kept = mail_domain("a.example", postmaster=ADA, catch_all=BOB)

    def work(uow: UnitOfWork) -> None:
        for domain in (caught, kept, mail_domain("c.example")):
            uow.domains.add(domain)
        assert uow.domains.pointing_at(ADA) == [kept, caught]
        assert uow.domains.pointing_at(BOB) == [kept]
        assert uow.domains.pointing_at(Address.parse("c@example.org")) == []

    await store.transact(work)
