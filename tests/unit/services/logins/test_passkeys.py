"""Passkeys: registered by their owner, shown with a fresh challenge, never twice."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.administrators import AdministratorState
from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    Unauthenticated,
)
from postwarden.model.logins import (
    Ceremony,
    Challenge,
    Factor,
    GuardRules,
    Origin,
    Passkey,
    RelyingParty,
    SessionRules,
)
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import administrators
from postwarden.services.logins import guard, passkeys, sessions
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import Store
from tests.support.authenticator import Authenticator
from tests.support.factories import NOW, Clock
from tests.support.statements import Statements, counted
from tests.unit.services.administration import coming, make
from tests.unit.services.registry import last_audited

URL = "https://mail.example.org"
PARTY = RelyingParty(id="mail.example.org", origin=URL)
HERE = Origin(client_ip="192.0.2.7")
RULES = GuardRules(failures=100, failures_per_address=100)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


@pytest.fixture
async def carol(store: Store) -> Actor:
    await make(store, "carol", "global-admin")
    return await coming(store, "carol")


async def register(
    store: Store, actor: Actor, device: Authenticator, **changes: Any
) -> Passkey:
    invited = await store.transact(passkeys.invite_to_register, actor, PARTY)
    answer = {"handle": invited.handle, "answer": device.register(invited.options)}
    return await passkeys.register(
        store, actor, PARTY, name="desk", **{**answer, **changes}
    )


async def enter(
    store: Store,
    device: Authenticator,
    *,
    change: Callable[[str], str] = lambda answer: answer,
    party: RelyingParty = PARTY,
) -> NewSession:
    invited = await store.transact(passkeys.invite, party)
    return await answer_to(store, invited.handle, change(device.sign(invited.options)))


async def answer_to(store: Store, handle: str, answer: str) -> NewSession:
    return await passkeys.enter(
        store,
        PARTY,
        handle=handle,
        answer=answer,
        origin=HERE,
        session_rules=SessionRules(),
        guard_rules=RULES,
    )


async def test_a_passkey_lets_its_owner_in(store: Store, carol: Actor) -> None:
    device = Authenticator(URL)
    kept = await register(store, carol, device)
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("passkey.create", f"passkey {kept.id}")
    for _ in range(2):
        session = await enter(store, device)
        assert session.session.factor is Factor.PASSKEY
        actor = (await store.read(sessions.by_token, session.token)).actor
        assert (actor.name, actor.permissions) == ("carol", EVERYTHING)
    (row,) = await store.read(passkeys.page, OPERATOR, "carol")
    assert (row.name, row.sign_count, row.last_used_at is None) == ("desk", 2, False)


async def test_a_challenge_is_answered_once_and_soon(
    store: Store, carol: Actor, clock: Clock
) -> None:
    device = Authenticator(URL)
    await register(store, carol, device)
    invited = await store.transact(passkeys.invite, PARTY)
    with pytest.raises(Unauthenticated):  # a wrong answer uses it up, too
        await answer_to(store, invited.handle, "{}")
    with pytest.raises(Unauthenticated):
        await answer_to(store, invited.handle, device.sign(invited.options))
    invited = await store.transact(passkeys.invite, PARTY)
    answer = device.sign(invited.options)
    await answer_to(store, invited.handle, answer)
    with pytest.raises(Unauthenticated):
        await answer_to(store, invited.handle, answer)
    invited = await store.transact(passkeys.invite, PARTY)
    clock.forward(seconds=passkeys.LIFETIME.total_seconds())
    with pytest.raises(Unauthenticated):
        await answer_to(store, invited.handle, device.sign(invited.options))


async def test_an_answer_is_to_its_own_challenge(store: Store, carol: Actor) -> None:
    device = Authenticator(URL)
    await register(store, carol, device)
    one, two = [await store.transact(passkeys.invite, PARTY) for _ in range(2)]
    with pytest.raises(Unauthenticated):
        await answer_to(store, one.handle, device.sign(two.options))
    registration = await store.transact(passkeys.invite_to_register, carol, PARTY)
    options = json.dumps({**json.loads(registration.options), "rpId": PARTY.id})
    with pytest.raises(Unauthenticated):
        await answer_to(store, registration.handle, device.sign(options))


async def test_what_does_not_hold_lets_nobody_in(store: Store, carol: Actor) -> None:
    device = Authenticator(URL)
    await register(store, carol, device)

    def forged(answer: str) -> str:
        other = json.loads(Authenticator(URL).sign(invited_options[0]))
        whole = json.loads(answer)
        whole["response"]["signature"] = other["response"]["signature"]
        return json.dumps(whole)

    invited_options = [(await store.transact(passkeys.invite, PARTY)).options]
    with pytest.raises(Unauthenticated):
        await enter(store, device, change=forged)
    with pytest.raises(Unauthenticated):
        await enter(store, Authenticator(URL))  # not registered
    with pytest.raises(Unauthenticated):  # another party's challenge
        await enter(store, device, party=RelyingParty(id="example.net", origin=URL))
    device.origin = "https://phish.example"
    with pytest.raises(Unauthenticated):
        await enter(store, device)
    device.origin, device.verifies = URL, False
    with pytest.raises(Unauthenticated):
        await enter(store, device)
    device.verifies, device.uses = True, 0
    await enter(store, device)


async def test_a_copied_key_is_noticed_by_its_counter(
    store: Store, carol: Actor
) -> None:
    device = Authenticator(URL, uses=5)
    await register(store, carol, device)
    await enter(store, device)
    device.uses = 5
    with pytest.raises(Unauthenticated):
        await enter(store, device)
    device.uses = 6
    await enter(store, device)


async def test_what_is_wrong_is_nobody_s_to_know(
    store: Store, carol: Actor, statements: Statements
) -> None:
    device, removed, off = (Authenticator(URL) for _ in range(3))
    await register(store, carol, device)
    kept = await register(store, carol, removed)
    await store.transact(passkeys.remove, OPERATOR, "carol", kept.id)
    await make(store, "off", "auditor")
    await register(store, await coming(store, "off"), off)
    state = AdministratorState.DISABLED
    await store.transact(administrators.change, OPERATOR, "off", state=state)
    device.verifies = False
    answers = set()
    for each in (device, removed, off, Authenticator(URL)):
        statements.taken()
        with pytest.raises(Unauthenticated) as caught:
            await enter(store, each)
        answers.add((str(caught.value), statements.taken()))
    assert len(answers) == 1


async def test_failures_are_counted(store: Store, carol: Actor) -> None:
    device = Authenticator(URL, verifies=False)
    await register(store, carol, Authenticator(URL))
    with pytest.raises(Unauthenticated):
        await enter(store, device)
    (row,) = await store.read(guard.page, OPERATOR, limit=9)
    assert (row.mechanism, row.result, row.login) == ("passkey", "failure", "")


async def test_registering_takes_a_right_answer(store: Store, carol: Actor) -> None:
    device = Authenticator(URL)
    for changes in ({"handle": "x"}, {"answer": "{}"}, {"answer": "[" * 70_000}):
        with pytest.raises(Invalid):
            await register(store, carol, device, **changes)
    with pytest.raises(Invalid):
        await register(store, carol, Authenticator("https://phish.example"))
    with pytest.raises(Invalid):
        await register(store, carol, Authenticator(URL, verifies=False))
    await register(store, carol, device)
    with pytest.raises(AlreadyExists):
        await register(store, carol, device)
    await make(store, "dan", "auditor")
    dan = await coming(store, "dan")
    invited = await store.transact(passkeys.invite_to_register, dan, PARTY)
    with pytest.raises(Invalid):  # it was made for another
        await register(store, carol, Authenticator(URL), handle=invited.handle)


async def test_a_narrow_key_registers_no_passkey(
    store: Store, carol: Actor, clock: Clock
) -> None:
    for options in (
        {"permissions": EVERYTHING - {Permission.BACKUP}},
        {"expires_at": clock() + timedelta(days=300)},
    ):
        narrow = await coming(store, "carol", **options)
        with pytest.raises(Forbidden):
            await store.transact(passkeys.invite_to_register, narrow, PARTY)


async def test_passkeys_are_seen_and_removed_where_one_may(
    store: Store, carol: Actor
) -> None:
    device = Authenticator(URL)
    kept = await register(store, carol, device)
    await make(store, "dan", "auditor")
    await make(store, "ann", "approver")
    dan, ann = await coming(store, "dan"), await coming(store, "ann")
    assert await store.read(passkeys.page, dan, "carol") == [kept]
    with pytest.raises(Forbidden):
        await store.read(passkeys.page, ann, "carol")
    with pytest.raises(Forbidden):
        await store.transact(passkeys.remove, dan, "carol", kept.id)
    with pytest.raises(NotFound):
        await store.transact(passkeys.remove, ann, "ann", kept.id)
    await store.transact(passkeys.remove, carol, "carol", kept.id)
    assert (await last_audited(store)).action == "passkey.remove"
    with pytest.raises(Unauthenticated):
        await enter(store, device)


async def test_challenges_and_passkeys_have_a_number(
    store: Store, carol: Actor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "MAX_CHALLENGES", 2)
    for _ in range(2):
        await store.transact(passkeys.invite, PARTY)
    with pytest.raises(LimitExceeded):
        await store.transact(passkeys.invite, PARTY)
    clock.forward(seconds=passkeys.LIFETIME.total_seconds())
    await store.transact(passkeys.invite, PARTY)
    monkeypatch.setattr(passkeys, "MAX_PASSKEYS", 1)
    await register(store, carol, Authenticator(URL))
    with pytest.raises(LimitExceeded):
        await register(store, carol, Authenticator(URL))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "rawId", "type", "response", "signature"]), inner
        )
    ),
    max_leaves=10,
)


@given(JSON.map(json.dumps) | st.text(max_size=200))
def test_no_answer_raises_what_we_do_not_expect(answer: str) -> None:
    assert isinstance(passkeys._credential_of(answer), bytes)


_KEPT = Passkey(
    id=1,
    administrator=1,
    credential=b"credential",
    public_key=b"",
    sign_count=0,
    name="",
    created_at=NOW,
)
_ASKED = Challenge(
    digest=b"",
    challenge=b"challenge",
    ceremony=Ceremony.ASSERTION,
    administrator=None,
    expires_at=NOW,
)
_FIELDS = ("clientDataJSON", "authenticatorData", "signature")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, st.binary(max_size=80))),
    st.binary(max_size=120),
)
def test_no_response_holds_or_raises_what_we_do_not_expect(
    response: dict[str, bytes], public_key: bytes
) -> None:
    whole = json.loads(Authenticator(URL).sign('{"challenge":"eA","rpId":"x"}'))
    for name, octets in response.items():
        whole["response"][name] = urlsafe_b64encode(octets).decode().rstrip("=")
    kept = replace(_KEPT, public_key=public_key)
    assert passkeys._signed(PARTY, _ASKED, kept, json.dumps(whole)) is None


def test_a_deep_answer_is_no_answer() -> None:
    assert passkeys._credential_of('{"id":' + "[" * 60_000) == b""
