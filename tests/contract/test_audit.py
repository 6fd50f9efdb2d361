"""The audit log: acts in the order of writing, each chained to the one before."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.audit import (
    AuditEntry,
    ChainCheck,
    chained,
    concerning,
    digest_of,
    facts,
    hashed_fields,
    head_of,
)
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, audit_entry

WHOLE = audit_entry(
    actor="carol",
    dialect="james",
    client_ip="2001:db8::1",
    request_id="r1",
    before={"b": 1, "a": [True, None]},
    after={},
    reason="ticket 7 é\U0001f600",
    on_behalf_of="dave",
    domain="example.org",
)


def unchained(entry: AuditEntry) -> AuditEntry:
    return replace(entry, id=0, previous_hash=None, hash=b"")


def _record(uow: UnitOfWork, entry: AuditEntry) -> None:
    uow.audit.record(entry)


async def log(store: Store) -> list[AuditEntry]:
    return await store.read(lambda uow: uow.audit.page(limit=1000))


async def test_an_entry_comes_back_as_it_was_recorded(store: Store) -> None:
    await store.transact(lambda uow: uow.audit.record(WHOLE))

    (kept,) = await log(store)
    assert kept == chained(WHOLE, None)
    assert (kept.id, kept.previous_hash) == (1, None)
    assert kept.hash == digest_of(hashed_fields(kept))


async def test_before_and_after_come_back_as_json_has_them(store: Store) -> None:
    entry = audit_entry(before={"members": ("a", "b"), 10: 1, 9: 2})
    await store.transact(lambda uow: uow.audit.record(entry))

    (kept,) = await log(store)
    assert kept.before == {"members": ["a", "b"], "10": 1, "9": 2}
    assert kept.after is None
    assert kept.hash == digest_of(hashed_fields(kept))
    with pytest.raises(TypeError):
        await store.transact(
            lambda uow: uow.audit.record(audit_entry(after={"at": NOW}))
        )
    with pytest.raises(ValueError, match="JSON"):
        await store.transact(
            lambda uow: uow.audit.record(audit_entry(after={"at": float("nan")}))
        )


async def test_each_entry_is_chained_to_the_one_before(store: Store) -> None:
    assert await store.read(lambda uow: uow.audit.head()) is None

    def twice(uow: UnitOfWork) -> None:
        uow.audit.record(audit_entry())
        uow.audit.record(audit_entry())

    await store.transact(twice)
    await store.transact(twice)

    one, *others = entries = await log(store)
    assert one.previous_hash is None
    assert [each.previous_hash for each in others] == [e.hash for e in entries[:-1]]
    assert await store.read(lambda uow: uow.audit.head()) == head_of(entries[-1])


async def test_what_is_rolled_back_leaves_no_gap(store: Store) -> None:
    """Also not among functions that share a commit."""

    def act(uow: UnitOfWork, number: int) -> None:
        uow.audit.record(audit_entry(object=str(number)))
        if number % 3 == 0:
            raise LookupError

    results = await asyncio.gather(
        *(store.transact(act, number) for number in range(60)), return_exceptions=True
    )

    assert sum(isinstance(each, LookupError) for each in results) == 20
    chain = ChainCheck()
    entries = await log(store)
    assert [chain.problem(facts(each)) for each in entries] == [None] * 40
    assert chain.head == head_of(entries[-1])


async def test_pages_are_filtered_and_keep_the_order(store: Store) -> None:
    second = timedelta(seconds=1)
    entries = [
        audit_entry(object="a", actor="ada", time=NOW, domain="example.org"),
        audit_entry(object="b", actor="bob", time=NOW + second, dialect="ews"),
        audit_entry(object="a", actor="bob", time=NOW - second, dialect="ews"),
        audit_entry(
            object="c",
            actor="ada",
            time=NOW + second,
            dialect="native",
            domain="example.net",
        ),
    ]

    def work(uow: UnitOfWork) -> None:
        for entry in entries:
            uow.audit.record(entry)
        everything = uow.audit.page(limit=9)
        assert [entry.id for entry in everything] == [1, 2, 3, 4]
        assert [unchained(entry) for entry in everything] == entries
        one, two, three, four = everything
        page = uow.audit.page
        assert page(after=one.id, limit=2) == [two, three]
        assert page(actor="bob", limit=9) == [two, three]
        assert page(dialect="ews", limit=1) == [two]
        assert page(object="a", limit=9) == [one, three]
        assert page(since=NOW, limit=9) == [one, two, four]
        assert page(since=NOW, actor="ada", object="c", limit=9) == [four]
        assert page(actor="", limit=9) == []
        assert page(domains={"example.org", "example.net"}, limit=9) == [one, four]
        assert page(domains={"example.net"}, actor="ada", limit=9) == [four]
        assert page(domains=(), limit=9) == []

    await store.transact(work)


async def test_the_last_entries_about_an_object_come_newest_first(store: Store) -> None:
    def fill(uow: UnitOfWork) -> None:
        for name in ("a", "b", "a", "a"):
            uow.audit.record(audit_entry(object=name))

    await store.transact(fill)

    def newest(uow: UnitOfWork, name: str, limit: int = 9) -> list[int]:
        return [each.id for each in uow.audit.newest(name, limit=limit)]

    assert await store.read(newest, "a") == [4, 3, 1]
    assert await store.read(newest, "a", 2) == [4, 3]
    assert await store.read(newest, "absent") == []


async def test_an_entry_of_several_domains_is_for_who_has_them_all(
    store: Store,
) -> None:
    both = concerning(audit_entry(), {"example.org", "example.net"})
    one = concerning(audit_entry(), ["example.net"])
    none = concerning(audit_entry(), ())
    for entry in (both, one, none):
        await store.transact(_record, entry)

    first, second, third = await log(store)
    assert [unchained(each) for each in (first, second, third)] == [both, one, none]
    assert first.domains == ("example.net", "example.org")
    assert "domains" not in hashed_fields(second)
    assert first.hash == digest_of(hashed_fields(first))
    assert first.hash != digest_of({**hashed_fields(first), "domains": []})

    def seen(uow: UnitOfWork, *domains: str) -> list[AuditEntry]:
        return uow.audit.page(domains=domains, limit=9)

    assert await store.read(seen, "example.net") == [second]
    assert await store.read(seen, "example.org") == []
    assert await store.read(seen, "example.com", "example.net") == [second]
    assert await store.read(seen, "example.net", "example.org") == [first, second]
