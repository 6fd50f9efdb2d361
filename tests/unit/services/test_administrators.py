"""Administrators: nobody gives more than he has, nor governs who may do more."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.administrators import AdministratorState
from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
)
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import actors, administrators, domains, keys, roles
from postwarden.services.ports import Store
from tests.unit.services.administration import (
    FOREIGN,
    HOME,
    coming,
    key_for,
    make,
    two_domains,
)
from tests.unit.services.registry import audited, last_audited

DISABLED = AdministratorState.DISABLED
P = Permission


async def test_an_administrator_has_the_rights_of_his_role_in_his_domains(
    store: Store,
) -> None:
    await two_domains(store)
    await make(store, "Dan", "domain-admin", HOME)
    dan = await coming(store, "dan")
    assert (dan.name, dan.domains) == ("dan", frozenset({HOME}))
    assert dan.may(P.ACCOUNT_CREATE)
    assert not dan.may(P.CASE_OPEN)
    await make(store, "carol", "global-admin")
    carol = await coming(store, "carol")
    assert (carol.domains, carol.permissions) == (None, EVERYTHING)


@pytest.mark.parametrize(
    ("name", "role", "error"),
    [
        ("dan", "nobody", NotFound),
        ("dan", "domain-admin", Invalid),  # of no domain
        ("operator", "auditor", Invalid),
        ("d n", "auditor", Invalid),
        ("", "auditor", Invalid),
        ("carol", "auditor", AlreadyExists),
    ],
)
async def test_what_cannot_be_an_administrator(
    store: Store, name: str, role: str, error: type[Exception]
) -> None:
    await make(store, "carol", "auditor")
    before = len(await audited(store))
    with pytest.raises(error):
        await make(store, name, role)
    assert len(await audited(store)) == before


async def test_nobody_gives_more_than_he_has(store: Store) -> None:
    await two_domains(store)
    await store.transact(
        roles.create,
        OPERATOR,
        "chief",
        permissions={P.ADMIN_WRITE, P.ADMIN_READ, P.KEY_WRITE, P.DIRECTORY_READ},
    )
    await make(store, "chief@example.org", "chief", HOME)
    chief = await coming(store, "chief@example.org")
    with pytest.raises(Forbidden):  # rights he has not
        await make(store, "x@example.org", "auditor", HOME, by=chief)
    with pytest.raises(NotFound):  # a domain that does not exist for him
        await make(store, "x@example.org", "chief", FOREIGN, by=chief)
    with pytest.raises(Forbidden):  # every domain
        await make(store, "x@example.org", "chief", by=chief)
    with pytest.raises(Invalid):  # a name outside his domains
        await make(store, "x", "chief", HOME, by=chief)
    made = await make(store, "x@example.org", "chief", HOME, by=chief)
    with pytest.raises(Forbidden):
        await store.transact(administrators.change, chief, made.name, everywhere=True)
    with pytest.raises(Forbidden):
        await store.transact(
            administrators.change, chief, chief.name, role="global-admin"
        )


async def test_nobody_governs_who_may_do_more(store: Store) -> None:
    await two_domains(store)
    await store.transact(
        roles.create,
        OPERATOR,
        "chief",
        permissions={P.ADMIN_WRITE, P.ADMIN_READ, P.KEY_WRITE},
    )
    await make(store, "chief@example.org", "chief", HOME)
    await make(store, "boss@example.org", "global-admin", HOME)
    await make(store, "carol", "global-admin")
    chief = await coming(store, "chief@example.org")
    for act in (
        lambda u, name: administrators.change(u, chief, name, password_hash="x"),
        lambda u, name: administrators.change(u, chief, name, state=DISABLED),
        lambda u, name: administrators.remove(u, chief, name),
        lambda u, name: keys.create(u, chief, name),
    ):
        with pytest.raises(Forbidden):
            await store.transact(act, "boss@example.org")
        with pytest.raises(NotFound):
            await store.transact(act, "carol")
    seen = await store.read(administrators.page, chief, limit=9)
    assert [each.name for each in seen] == ["boss@example.org", "chief@example.org"]


async def test_the_last_who_may_do_everything_stays(store: Store) -> None:
    await two_domains(store)
    await make(store, "carol", "global-admin")
    carol = await coming(store, "carol")
    for change in ({"state": DISABLED}, {"role": "auditor"}, {"domains": [HOME]}):
        with pytest.raises(Refused):
            await store.transact(administrators.change, carol, "carol", **change)
    with pytest.raises(Refused):
        await store.transact(administrators.remove, carol, "carol")

    await make(store, "dan", "global-admin", HOME)  # not of every domain
    with pytest.raises(Refused):
        await store.transact(administrators.remove, carol, "carol")
    await make(store, "eve", "global-admin")
    await store.transact(administrators.remove, carol, "carol")
    # Whoever owns the machine can make another.
    await store.transact(administrators.remove, OPERATOR, "eve")


async def test_a_change_holds_for_keys_that_are_out(store: Store) -> None:
    await two_domains(store)
    await make(store, "dan", "domain-admin", HOME)
    secret = await key_for(store, "dan")
    await store.transact(
        administrators.change, OPERATOR, "dan", role="auditor", domains=[FOREIGN]
    )
    dan = (await store.read(actors.by_key, secret)).actor
    assert dan.domains == frozenset({FOREIGN})
    assert not dan.may(P.ACCOUNT_CREATE)
    await store.transact(administrators.change, OPERATOR, "dan", state=DISABLED)
    with pytest.raises(Unauthenticated):
        await store.read(actors.by_key, secret)
    await store.transact(administrators.remove, OPERATOR, "dan")
    await make(store, "dan", "auditor")
    with pytest.raises(Unauthenticated):  # he is another
        await store.read(actors.by_key, secret)


async def test_a_domain_that_goes_takes_the_right_to_it_along(store: Store) -> None:
    await two_domains(store)
    await make(store, "dan", "domain-admin", HOME)
    await store.transact(domains.remove, OPERATOR, HOME)
    assert (await last_audited(store)).before["administrators"] == ["dan"]  # type: ignore[index]  # it has facts
    await store.transact(domains.create, OPERATOR, HOME)  # somebody else's now
    dan = await coming(store, "dan")
    assert dan.domains == frozenset()
    assert await store.read(domains.page, dan, limit=9) == []


async def test_audit_says_what_was_done_and_no_secret(store: Store) -> None:
    await make(store, "carol", "auditor")
    await store.transact(
        administrators.change, OPERATOR, "carol", password_hash="$argon2id$x"
    )
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("admin.change", "admin carol")
    assert entry.after == {"password": "changed"}
    secret = await key_for(store, "carol")
    entry = await last_audited(store)
    assert entry.action == "key.create"
    assert secret not in str(entry)
    assert keys.digest_of(secret).hex() not in str(entry)


async def test_one_sees_oneself(store: Store) -> None:
    await two_domains(store)
    await make(store, "dan", "domain-admin", HOME)
    dan = await coming(store, "dan")
    assert (await store.read(administrators.get, dan, "dan")).name == "dan"
    with pytest.raises(Forbidden):
        await store.read(administrators.get, dan, "carol")
    with pytest.raises(Forbidden):
        await store.read(administrators.page, dan, limit=9)


async def test_roles_of_ones_own_are_made_of_rights_one_has(store: Store) -> None:
    await two_domains(store)
    role = await store.transact(
        roles.create, OPERATOR, "helpdesk", permissions=[P.ACCOUNT_PASSWORD]
    )
    assert await store.read(roles.get, OPERATOR, "helpdesk") == role
    names = [each.name for each in await store.read(roles.page, OPERATOR, limit=9)]
    assert names == [
        *("approver", "auditor", "domain-admin", "global-admin"),
        *("helpdesk", "investigator"),
    ]
    await make(store, "ada", "helpdesk", HOME)
    assert (await coming(store, "ada")).permissions == {P.ACCOUNT_PASSWORD}
    with pytest.raises(Refused):  # ada has it
        await store.transact(roles.remove, OPERATOR, "helpdesk")
    changed = {P.ACCOUNT_PASSWORD, P.MAIL_FIND}
    await store.transact(roles.change, OPERATOR, "helpdesk", permissions=changed)
    assert (await coming(store, "ada")).permissions == changed


async def test_roles_keep_within_the_rights_of_who_writes_them(store: Store) -> None:
    await two_domains(store)
    mine = {P.ADMIN_WRITE, P.ADMIN_READ, P.MAIL_FIND}
    await store.transact(roles.create, OPERATOR, "chief", permissions=mine)
    await store.transact(roles.create, OPERATOR, "more", permissions=[P.MAIL_CONTENT])
    await make(store, "chief", "chief")
    chief = await coming(store, "chief")
    with pytest.raises(Forbidden):
        await store.transact(roles.change, chief, "more", permissions=[P.MAIL_FIND])
    with pytest.raises(Forbidden):
        await store.transact(roles.create, chief, "new", permissions=[P.MAIL_CONTENT])
    with pytest.raises(Forbidden):
        await store.transact(roles.remove, chief, "more")
    for name in ("auditor", "global-admin"):
        with pytest.raises(Refused):
            await store.transact(roles.remove, OPERATOR, name)
        with pytest.raises(AlreadyExists):
            await store.transact(roles.create, OPERATOR, name, permissions=mine)
    for bad, some in (("Bad", mine), ("", mine), ("empty", set[P]())):
        with pytest.raises(Invalid):
            await store.transact(roles.create, OPERATOR, bad, permissions=some)
    await make(store, "chief@example.org", "chief", HOME)
    confined = await coming(store, "chief@example.org")
    with pytest.raises(Forbidden):  # roles are for every domain
        await store.transact(roles.create, confined, "x", permissions=[P.MAIL_FIND])
