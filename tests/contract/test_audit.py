"""The audit log: acts in the order of writing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, audit_entry

WHOLE = audit_entry(
    actor="carol",
    dialect="james",
    client_ip="2001:db8::1",
    request_id="r1",
    before={"b": 1, "a": [True, None]},
    after={},
    reason="ticket 7",
    on_behalf_of="dave",
)


async def test_an_entry_comes_back_as_it_was_recorded(store: Store) -> None:
    await store.transact(lambda uow: uow.audit.record(WHOLE))

    (kept,) = await store.read(lambda uow: uow.audit.page(limit=9))
    assert kept == replace(WHOLE, id=kept.id)
    assert kept.id > 0


async def test_before_and_after_come_back_as_json_has_them(store: Store) -> None:
    entry = audit_entry(before={"members": ("a", "b")})
    await store.transact(lambda uow: uow.audit.record(entry))

    (kept,) = await store.read(lambda uow: uow.audit.page(limit=9))
    assert kept.before == {"members": ["a", "b"]}
    assert kept.after is None
    with pytest.raises(TypeError):
        await store.transact(
            lambda uow: uow.audit.record(audit_entry(after={"at": NOW}))
        )


async def test_pages_are_filtered_and_keep_the_order(store: Store) -> None:
    second = timedelta(seconds=1)
    entries = [
        audit_entry(object="a", actor="ada", time=NOW),
        audit_entry(object="b", actor="bob", time=NOW + second, dialect="ews"),
        audit_entry(object="a", actor="bob", time=NOW - second, dialect="ews"),
        audit_entry(object="c", actor="ada", time=NOW + second, dialect="native"),
    ]

    def work(uow: UnitOfWork) -> None:
        for entry in entries:
            uow.audit.record(entry)
        everything = uow.audit.page(limit=9)
        ids = [entry.id for entry in everything]
        assert ids == sorted(set(ids))
        assert [replace(entry, id=0) for entry in everything] == entries
        one, two, three, four = everything
        page = uow.audit.page
        assert page(after=one.id, limit=2) == [two, three]
        assert page(actor="bob", limit=9) == [two, three]
        assert page(dialect="ews", limit=1) == [two]
        assert page(object="a", limit=9) == [one, three]
        assert page(since=NOW, limit=9) == [one, two, four]
        assert page(since=NOW, actor="ada", object="c", limit=9) == [four]
        assert page(actor="", limit=9) == []

    await store.transact(work)
