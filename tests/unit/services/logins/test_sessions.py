"""Sessions and login links: how people get in, and how it ends."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.administrators import AdministratorState
from postwarden.model.errors import Forbidden, NotFound, Unauthenticated
from postwarden.model.logins import Factor, Origin, SessionRules
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import administrators, keys
from postwarden.services.logins import links, recognition, sessions
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import Store
from tests.support.factories import Clock
from tests.support.statements import Statements, counted
from tests.unit.services.administration import (
    FOREIGN,
    HOME,
    coming,
    make,
    two_domains,
)
from tests.unit.services.registry import last_audited

RULES = SessionRules()
HERE = Origin(client_ip="192.0.2.7", agent="Firefox")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


async def link_for(store: Store, name: str) -> str:
    return (await store.transact(links.create, OPERATOR, name, rules=RULES)).token


async def enter(store: Store, token: str) -> NewSession:
    return await store.transact(links.follow, token, origin=HERE, rules=RULES)


async def logged_in(store: Store, name: str) -> NewSession:
    return await enter(store, await link_for(store, name))


async def test_a_link_lets_in_once(store: Store) -> None:
    await make(store, "carol", "global-admin")
    token = await link_for(store, "carol")
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("admin.link", "admin carol")
    assert token not in str(entry)
    session = await enter(store, token)
    assert (session.session.factor, session.session.agent) == (Factor.LINK, "Firefox")
    carol = (await store.read(sessions.by_token, session.token)).actor
    assert (carol.name, carol.permissions, carol.key) == ("carol", EVERYTHING, None)
    found = await store.read(administrators.get, OPERATOR, "carol")
    assert found.last_login_at is not None
    with pytest.raises(Unauthenticated):
        await enter(store, token)


async def test_what_is_wrong_with_a_link_is_nobody_s_to_know(
    store: Store, clock: Clock, statements: Statements
) -> None:
    for name in ("carol", "off", "gone"):
        await make(store, name, "auditor")
    tokens = {name: await link_for(store, name) for name in ("off", "gone")}
    followed = await link_for(store, "carol")
    await enter(store, followed)
    ended = await link_for(store, "carol")
    state = AdministratorState.DISABLED
    await store.transact(administrators.change, OPERATOR, "off", state=state)
    await store.transact(administrators.remove, OPERATOR, "gone")
    clock.forward(seconds=links.LIFETIME.total_seconds())
    answers = set()
    for token in (followed, ended, *tokens.values(), "", "pwl_x"):
        statements.taken()
        with pytest.raises(Unauthenticated) as caught:
            await enter(store, token)
        answers.add((str(caught.value), statements.taken()))
    assert len(answers) == 1


async def test_a_session_ends_with_time_and_without_use(
    store: Store, clock: Clock
) -> None:
    await make(store, "carol", "auditor")
    session = await logged_in(store, "carol")
    for _ in range(23):  # used every half hour, it lives twelve
        clock.forward(minutes=29)
        await recognition.recognised(store, session.token, dialect="native")
    clock.forward(minutes=54)
    with pytest.raises(Unauthenticated):
        await recognition.recognised(store, session.token, dialect="native")
    idle = await logged_in(store, "carol")
    clock.forward(minutes=30)
    with pytest.raises(Unauthenticated):
        await recognition.recognised(store, idle.token, dialect="native")
    assert await store.transact(sessions.forget_ended) == 2
    assert await store.read(sessions.page, OPERATOR, limit=9) == []


async def test_what_ended_a_session_is_nobody_s_to_know(
    store: Store, statements: Statements, clock: Clock
) -> None:
    await make(store, "carol", "auditor")
    await make(store, "off", "auditor")
    left, ended, off = [
        await logged_in(store, name) for name in ("carol", "carol", "off")
    ]
    await store.transact(sessions.leave, left.token)
    await store.transact(sessions.leave, "nothing")
    await store.transact(sessions.end, OPERATOR, ended.session.id)
    state = AdministratorState.DISABLED
    await store.transact(administrators.change, OPERATOR, "off", state=state)
    idle = await logged_in(store, "carol")
    clock.forward(hours=1)
    answers = set()
    for each in (left, ended, off, idle):
        statements.taken()
        with pytest.raises(Unauthenticated) as caught:
            await store.read(sessions.by_token, each.token)
        answers.add((str(caught.value), statements.taken()))
    assert len(answers) == 1


async def test_another_password_ends_the_sessions_there_are(store: Store) -> None:
    await make(store, "carol", "auditor")
    session, token = await logged_in(store, "carol"), await link_for(store, "carol")
    await store.transact(administrators.change, OPERATOR, "carol", password_hash="x")
    with pytest.raises(Unauthenticated):
        await store.read(sessions.by_token, session.token)
    with pytest.raises(Unauthenticated):
        await enter(store, token)


async def test_sessions_are_seen_and_ended_where_one_may(store: Store) -> None:
    await two_domains(store)
    await make(store, "boss@example.org", "global-admin", HOME)
    await make(store, "mallory@example.net", "global-admin", FOREIGN)
    await make(store, "dan@example.org", "domain-admin", HOME)
    open_ones = [
        await logged_in(store, name)
        for name in ("boss@example.org", "mallory@example.net", "dan@example.org")
    ]
    boss, _, dan = [
        (await store.read(sessions.by_token, each.token)).actor for each in open_ones
    ]

    async def seen_by(actor: object) -> list[str]:
        found = await store.read(sessions.page, actor, limit=9)  # type: ignore[arg-type]  # an actor
        return [each.owner.name for each in found]

    assert await seen_by(boss) == ["boss@example.org", "dan@example.org"]
    assert await seen_by(dan) == ["dan@example.org"]
    for actor, number in (
        (boss, open_ones[1].session.id),
        (dan, open_ones[0].session.id),
        (boss, 999),
    ):
        with pytest.raises(NotFound):
            await store.transact(sessions.end, actor, number)
    await store.transact(sessions.end, boss, open_ones[2].session.id)
    assert (await last_audited(store)).action == "session.end"
    await store.transact(sessions.end, boss, open_ones[0].session.id)
    assert await seen_by(OPERATOR) == ["mallory@example.net"]


async def test_a_narrow_key_makes_no_link(store: Store, clock: Clock) -> None:
    await make(store, "carol", "global-admin")
    some = EVERYTHING - {Permission.BACKUP}
    month = clock() + timedelta(days=30)
    for options in (
        {"permissions": some},
        {"networks": [ip_network("127.0.0.1")]},
        {"expires_at": clock() + timedelta(hours=1)},
    ):
        carol = await coming(store, "carol", **options)
        with pytest.raises(Forbidden):
            await store.transact(links.create, carol, "carol", rules=RULES)
    carol = await coming(store, "carol", expires_at=month)
    await store.transact(links.create, carol, "carol", rules=RULES)
    await make(store, "dan", "auditor")
    dan = await coming(store, "dan")
    with pytest.raises(Forbidden):
        await store.transact(links.create, dan, "carol", rules=RULES)
    await store.transact(links.create, dan, "dan", rules=RULES)


async def test_nobody_is_logged_in_without_end(store: Store) -> None:
    await make(store, "carol", "auditor")
    first = await logged_in(store, "carol")
    last = first
    for _ in range(sessions.MAX_SESSIONS):
        last = await logged_in(store, "carol")
    with pytest.raises(Unauthenticated):
        await store.read(sessions.by_token, first.token)
    assert (await store.read(sessions.by_token, last.token)).actor.name == "carol"


async def test_a_token_of_one_kind_is_none_of_another(store: Store) -> None:
    await make(store, "carol", "auditor")
    session = await logged_in(store, "carol")
    key = await store.transact(keys.create, OPERATOR, "carol")
    with pytest.raises(Unauthenticated):
        await store.read(sessions.by_token, key.secret)
    with pytest.raises(Unauthenticated):
        await enter(store, session.token)
