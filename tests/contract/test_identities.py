"""Administrators, roles and API keys."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
    ApiKey,
)
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.permissions import Permission, Role
from postwarden.services.ports import Store
from tests.support.factories import NOW, digest


def admin(name: str = "carol", **changes: Any) -> Administrator:
    return replace(
        Administrator(
            id=0,
            name=name,
            role="auditor",
            domains=None,
            state=AdministratorState.ACTIVE,
            created_at=NOW,
        ),
        **changes,
    )


def api_key(owner: int, name: str = "one", **changes: Any) -> ApiKey:
    return replace(
        ApiKey(
            id=0,
            administrator=owner,
            prefix=f"pwk_{name}",
            digest=digest(name),
            created_at=NOW,
            created_by="operator",
        ),
        **changes,
    )


async def test_an_administrator_comes_back_as_it_was_added(store: Store) -> None:
    whole = admin(
        domains=frozenset({"example.org", "bücher.example"}),
        state=AdministratorState.DISABLED,
        password_hash="hash",
        totp=b"sealed",
        last_login_at=NOW,
    )
    added = await store.transact(lambda uow: uow.administrators.add(whole))
    bare = await store.transact(
        lambda uow: uow.administrators.add(admin("dan", domains=frozenset()))
    )
    assert added == replace(whole, id=added.id)
    assert await store.read(lambda u: u.administrators.find("carol")) == added
    assert await store.read(lambda u: u.administrators.with_id(bare.id)) == bare
    assert await store.read(lambda u: u.administrators.find("eve")) is None
    assert await store.read(lambda u: u.administrators.with_id(0)) is None
    with pytest.raises(AlreadyExists):
        await store.transact(lambda u: u.administrators.add(admin()))


async def test_an_administrator_is_changed_but_for_name_and_last_login(
    store: Store,
) -> None:
    added = await store.transact(
        lambda uow: uow.administrators.add(admin(last_login_at=NOW))
    )
    wanted = admin(
        "other",
        id=added.id,
        role="approver",
        domains=frozenset({"example.org"}),
        password_hash="new",
    )
    await store.transact(lambda u: u.administrators.replace(wanted))
    expected = replace(wanted, name="carol", last_login_at=NOW)
    assert await store.read(lambda u: u.administrators.find("carol")) == expected

    later = NOW + timedelta(hours=1)
    await store.transact(lambda u: u.administrators.remember_login(added.id, later))
    found = await store.read(lambda u: u.administrators.with_id(added.id))
    assert found is not None
    assert found.last_login_at == later

    await store.transact(lambda u: u.administrators.remove(added.id))
    assert await store.read(lambda u: u.administrators.find("carol")) is None
    with pytest.raises(NotFound):
        await store.transact(lambda u: u.administrators.replace(wanted))


async def test_administrators_are_found_by_name_domain_and_role(store: Store) -> None:
    rows = (
        admin("dan", domains=frozenset({"example.org", "example.net"})),
        admin("bob", domains=frozenset({"example.org.uk"}), role="global-admin"),
        admin("ada", role="global-admin"),
        admin("eve", role="global-admin", state=AdministratorState.DISABLED),
    )
    await store.transact(lambda u: [u.administrators.add(row) for row in rows])

    def names(found: list[Administrator]) -> list[str]:
        return [each.name for each in found]

    read = store.read
    assert names(await read(lambda u: u.administrators.page(limit=9))) == [
        *("ada", "bob", "dan", "eve")
    ]
    page = await read(lambda u: u.administrators.page(after="ada", limit=2))
    assert names(page) == ["bob", "dan"]
    found = await read(lambda u: u.administrators.of_domain("example.org"))
    assert names(found) == ["dan"]
    assert await read(lambda u: u.administrators.of_domain("example")) == []
    found = await read(lambda u: u.administrators.with_role("global-admin", limit=2))
    assert names(found) == ["bob", "ada"]
    assert await read(lambda u: u.administrators.count_everywhere("global-admin")) == 1


async def test_roles_keep_what_they_allow(store: Store) -> None:
    role = Role(
        name="helpdesk",
        description="Für alle",
        permissions=frozenset({Permission.MAIL_FIND, Permission.ACCOUNT_PASSWORD}),
    )
    await store.transact(lambda u: u.roles.add(role))
    assert await store.read(lambda u: u.roles.find("helpdesk")) == role
    assert await store.read(lambda u: u.roles.find("")) is None
    with pytest.raises(AlreadyExists):
        await store.transact(lambda u: u.roles.add(role))

    less = replace(role, permissions=frozenset({Permission.MAIL_FIND}))
    await store.transact(lambda u: u.roles.replace(less))
    await store.transact(lambda u: u.roles.add(replace(role, name="a")))
    found = await store.read(lambda u: u.roles.page(limit=9))
    assert found == [replace(role, name="a"), less]
    assert await store.read(lambda u: u.roles.page(after="a", limit=9)) == [less]

    await store.transact(lambda u: u.roles.remove("helpdesk"))
    with pytest.raises(NotFound):
        await store.transact(lambda u: u.roles.replace(role))


async def test_a_key_comes_back_as_it_was_added(store: Store) -> None:
    whole = api_key(
        7,
        expires_at=NOW + timedelta(days=30),
        permissions=frozenset({Permission.MAIL_TRACE}),
        networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
        revoked_at=NOW,
        last_used_at=NOW,
    )
    added = await store.transact(lambda u: u.keys.add(whole))
    assert added == replace(whole, id=added.id)
    assert await store.read(lambda u: u.keys.with_digest(digest("one"))) == added
    assert await store.read(lambda u: u.keys.with_id(added.id)) == added
    assert await store.read(lambda u: u.keys.with_digest(digest("two"))) is None
    assert await store.read(lambda u: u.keys.with_id(0)) is None


async def test_keys_are_listed_used_revoked_and_forgotten(store: Store) -> None:
    rows = [api_key(7, "a"), api_key(8, "b"), api_key(7, "c")]
    await store.transact(lambda u: [u.keys.add(row) for row in rows])

    async def ids(owner: int) -> list[int]:
        return [k.id for k in await store.read(lambda u: u.keys.of(owner, limit=9))]

    first, last = await ids(7)
    assert [k.id for k in await store.read(lambda u: u.keys.page(limit=9))] == [
        *(first, *await ids(8), last)
    ]
    found = await store.read(lambda u: u.keys.of(7, after=first, limit=9))
    assert [k.id for k in found] == [last]

    later = NOW + timedelta(hours=1)
    await store.transact(lambda u: u.keys.revoke(first, later))
    await store.transact(lambda u: u.keys.remember_use(last, later))
    keys = await store.read(lambda u: u.keys.of(7, limit=9))
    assert [(k.revoked_at, k.last_used_at) for k in keys] == [
        *((later, None), (None, later))
    ]
    await store.transact(lambda u: u.keys.remove_all(7))
    assert (await ids(7), len(await ids(8))) == ([], 1)
