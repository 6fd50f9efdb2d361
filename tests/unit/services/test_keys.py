"""Keys: what each opens, from where and for how long, and what nobody can tell."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.administrators import AdministratorState, is_within, lies_in
from postwarden.model.errors import (
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    Unauthenticated,
)
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import actors, administrators, keys, roles
from postwarden.services.logins import recognition
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import Clock
from tests.support.statements import Statements, counted
from tests.unit.services.administration import (
    FOREIGN,
    HOME,
    coming,
    key_for,
    make,
    two_domains,
)

OFFICE = ip_network("192.0.2.0/24")
P = Permission


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


async def test_a_secret_is_random_and_not_kept(store: Store) -> None:
    await make(store, "carol", "auditor")
    made = [await store.transact(keys.create, OPERATOR, "carol") for _ in range(2)]
    assert made[0].secret != made[1].secret
    assert len(made[0].secret) >= 43  # 256 bits in base64url
    listed = await store.read(keys.page, OPERATOR, limit=9)
    for new, row in zip(made, listed, strict=True):
        assert new.secret.startswith(row.key.prefix)
        assert new.secret not in str(row)
        assert len(row.key.prefix) <= len(new.secret) // 3


async def test_what_is_wrong_with_a_key_is_nobody_s_to_know(
    store: Store, clock: Clock, statements: Statements
) -> None:
    await make(store, "carol", "auditor")
    await make(store, "gone", "auditor")
    await make(store, "off", "auditor")
    made = [await store.transact(keys.create, OPERATOR, "carol") for _ in range(2)]
    await store.transact(keys.revoke, OPERATOR, made[0].key.id)
    ended = await key_for(store, "carol", expires_at=clock() + timedelta(hours=1))
    elsewhere = await key_for(store, "carol", networks=[OFFICE])
    removed, disabled = await key_for(store, "gone"), await key_for(store, "off")
    await store.transact(administrators.remove, OPERATOR, "gone")
    await store.transact(
        administrators.change, OPERATOR, "off", state=AdministratorState.DISABLED
    )
    clock.forward(hours=1)
    answers = set()
    for secret in (
        *("", "x", "pwk_" + "A" * 43, "\ud800", made[0].secret),
        *(ended, elsewhere, removed, disabled),
    ):
        statements.taken()
        with pytest.raises(Unauthenticated) as caught:
            await store.read(actors.by_key, secret, client_ip="198.51.100.7")
        answers.add((str(caught.value), statements.taken()))
    assert len(answers) == 1
    assert (await store.read(actors.by_key, made[1].secret)).actor.name == "carol"


async def test_a_key_is_for_its_networks(store: Store) -> None:
    await make(store, "carol", "auditor")
    secret = await key_for(store, "carol", networks=[OFFICE, ip_network("::1")])
    for client_ip in ("192.0.2.9", "::ffff:192.0.2.9", "::1"):
        actor = (await store.read(actors.by_key, secret, client_ip=client_ip)).actor
        assert actor.client_ip == client_ip
    for elsewhere in ("192.0.3.9", "", "nonsense", None):
        with pytest.raises(Unauthenticated):
            await store.read(actors.by_key, secret, client_ip=elsewhere)


def test_this_machine_is_the_loopback_network() -> None:
    assert lies_in(None, ())
    assert lies_in(None, (ip_network("127.0.0.0/8"),))
    assert not lies_in(None, (OFFICE,))


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ((), (), True),
        ((), (OFFICE,), False),
        ((OFFICE,), (), True),
        ((ip_network("192.0.2.128/25"),), (OFFICE,), True),
        ((ip_network("192.0.2.0/23"),), (OFFICE,), False),
        ((OFFICE, ip_network("::1")), (OFFICE,), False),
    ],
)
def test_networks_lie_within_networks(
    inner: tuple[object, ...], outer: tuple[object, ...], expected: bool
) -> None:
    assert is_within(inner, outer) is expected  # type: ignore[arg-type]  # networks


async def test_a_key_may_do_less_than_its_owner_and_never_more(store: Store) -> None:
    await two_domains(store)
    await make(store, "dan", "domain-admin", HOME)
    narrow = await key_for(store, "dan", permissions=[P.MAIL_TRACE, P.MAIL_FIND])
    assert (await store.read(actors.by_key, narrow)).actor.permissions == {
        *(P.MAIL_TRACE, P.MAIL_FIND)
    }
    with pytest.raises(Invalid):
        await key_for(store, "dan", permissions=[P.CASE_RUN])
    with pytest.raises(Invalid):
        await key_for(store, "dan", permissions=[])
    # His role is narrowed later: the key is, too.
    await store.transact(roles.create, OPERATOR, "less", permissions=[P.MAIL_TRACE])
    await store.transact(administrators.change, OPERATOR, "dan", role="less")
    found = (await store.read(actors.by_key, narrow)).actor
    assert found.permissions == {P.MAIL_TRACE}


async def test_a_key_whose_permissions_are_all_unknown_may_do_nothing(
    store: Store,
) -> None:
    """As after the return to an older release: less is known, not more allowed."""
    await make(store, "carol", "auditor")
    new = await store.transact(
        keys.create, OPERATOR, "carol", permissions=[P.AUDIT_READ]
    )

    def forget(uow: UnitOfWork) -> None:
        known = uow.keys.with_id(new.key.id)
        assert known is not None
        emptied = replace(
            known, id=0, digest=keys.digest_of("other"), permissions=frozenset()
        )
        uow.keys.add(emptied)

    await store.transact(forget)
    actor = (await store.read(actors.by_key, "other")).actor
    assert actor.permissions == frozenset()


async def test_a_narrow_key_makes_no_wider_one(store: Store, clock: Clock) -> None:
    await make(store, "carol", "global-admin")
    some = EVERYTHING - {P.MAIL_CONTENT}
    carol = await coming(store, "carol", permissions=some)
    with pytest.raises(Forbidden):
        await key_for(store, "carol", by=carol)
    assert await key_for(store, "carol", by=carol, permissions=some)
    with pytest.raises(Forbidden):  # nor does it give its owner another password
        await store.transact(administrators.change, carol, "carol", password_hash="x")

    week = clock() + timedelta(days=7)
    brief = await coming(store, "carol", expires_at=week)
    assert await key_for(store, "carol", by=brief, expires_at=week)
    for expires_at in (None, week + timedelta(seconds=1)):
        with pytest.raises(Forbidden):
            await key_for(store, "carol", by=brief, expires_at=expires_at)

    local = await coming(store, "carol", networks=[ip_network("127.0.0.1")])
    assert await key_for(store, "carol", by=local, networks=[ip_network("127.0.0.1")])
    for networks in ([], [OFFICE]):
        with pytest.raises(Forbidden):
            await key_for(store, "carol", by=local, networks=networks)


async def test_one_s_own_keys_need_no_right(store: Store) -> None:
    await two_domains(store)
    await make(store, "dan", "domain-admin", HOME)
    await make(store, "eve", "domain-admin", HOME)
    dan = await coming(store, "dan")
    await key_for(store, "eve")
    mine = await store.transact(keys.create, dan, "dan")
    assert {row.owner.name for row in await store.read(keys.page, dan, limit=9)} == {
        "dan"
    }
    await store.transact(keys.revoke, dan, mine.key.id)
    with pytest.raises(Forbidden):
        await store.transact(keys.create, dan, "eve")
    with pytest.raises(Forbidden):
        await store.read(keys.page, dan, owner="eve", limit=9)
    for number in [
        row.key.id
        for row in await store.read(keys.page, OPERATOR, owner="eve", limit=9)
    ]:
        with pytest.raises(NotFound):
            await store.transact(keys.revoke, dan, number)


async def test_keys_of_others_look_absent(store: Store, statements: Statements) -> None:
    await two_domains(store)
    await make(store, "boss@example.org", "global-admin", HOME)
    await make(store, "mallory@example.net", "global-admin", FOREIGN)
    boss = await coming(store, "boss@example.org")
    theirs = await store.transact(keys.create, OPERATOR, "mallory@example.net")
    costs = set()
    for number in (theirs.key.id, 999):
        statements.taken()
        with pytest.raises(NotFound) as caught:
            await store.transact(keys.revoke, boss, number)
        costs.add((str(caught.value).replace(str(number), "N"), statements.taken()))
    assert len(costs) == 1
    seen = await store.read(keys.page, boss, limit=1)
    assert [row.owner.name for row in seen] == ["boss@example.org"]


async def test_keys_have_an_end_and_a_number(store: Store, clock: Clock) -> None:
    await make(store, "carol", "auditor")
    with pytest.raises(Invalid):
        await key_for(store, "carol", expires_at=clock())
    with pytest.raises(NotFound):
        await key_for(store, "nobody")
    with pytest.raises(LimitExceeded):
        await key_for(store, "carol", networks=[OFFICE] * (keys.MAX_NETWORKS + 1))
    made = await store.transact(keys.create, OPERATOR, "carol")
    for _ in range(keys.MAX_KEYS - 1):
        await key_for(store, "carol")
    with pytest.raises(LimitExceeded):
        await key_for(store, "carol")
    await store.transact(keys.revoke, OPERATOR, made.key.id)
    await key_for(store, "carol")


async def test_the_last_use_of_a_key_is_remembered(store: Store, clock: Clock) -> None:
    await make(store, "carol", "auditor")
    secret = await key_for(store, "carol")

    async def last_used() -> object:
        (row,) = await store.read(keys.page, OPERATOR, limit=9)
        return row.key.last_used_at

    assert await last_used() is None
    await recognition.recognised(store, secret, dialect="native")
    used = clock()
    assert await last_used() == used
    clock.forward(seconds=30)
    await recognition.recognised(store, secret, dialect="native")
    assert await last_used() == used  # no write for each request
    clock.forward(seconds=30)
    await recognition.recognised(store, secret, dialect="native")
    assert await last_used() == clock()
