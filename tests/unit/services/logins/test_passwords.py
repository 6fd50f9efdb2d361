"""Administrators log in: password, code, recovery code, and nothing to be learnt."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from postwarden.adapters.sealing import MasterKeys
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.administrators import AdministratorState
from postwarden.model.errors import Forbidden, Invalid, Unauthenticated
from postwarden.model.logins import Factor, GuardRules, Origin, SessionRules
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import administrators
from postwarden.services.logins import guard, passwords, sessions, totp
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import Store
from tests.support.factories import Clock
from tests.support.passwords import CountingPasswords
from tests.support.statements import Statements, counted
from tests.unit.services.administration import coming, make
from tests.unit.services.registry import last_audited

HERE = Origin(client_ip="192.0.2.7")
RULES = GuardRules(failures=3)
WORD = "correct horse"


class Door:
    """Where people log in."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.passwords = CountingPasswords()
        self.sealer = MasterKeys(folder / "master.key")

    async def enter(
        self, name: str, password: str = WORD, code: str = ""
    ) -> NewSession:
        return await passwords.with_password(
            self.store,
            self.passwords,
            self.sealer,
            name,
            password,
            code=code,
            origin=HERE,
            session_rules=SessionRules(),
            guard_rules=RULES,
        )

    async def ask_for_codes(
        self, name: str, now: float, by: Actor = OPERATOR
    ) -> tuple[pyotp.TOTP, list[str]]:
        proposal = await self.store.read(totp.propose, by, name)
        app = pyotp.TOTP(proposal.secret)
        codes = await totp.set_up(
            self.store,
            self.sealer,
            by,
            name,
            secret=proposal.secret,
            code=app.at(int(now)),
        )
        return app, list(codes)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


@pytest.fixture
async def door(store: Store, tmp_path: Path) -> Door:
    for name in ("carol", "off", "without"):
        await make(store, name, "global-admin")
    for name in ("carol", "off"):
        await store.transact(
            administrators.change, OPERATOR, name, password_hash=f"new:{WORD}"
        )
    state = AdministratorState.DISABLED
    await store.transact(administrators.change, OPERATOR, "off", state=state)
    return Door(store, tmp_path)


async def test_a_password_begins_a_session(door: Door) -> None:
    session = await door.enter("Carol")
    assert session.session.factor is Factor.PASSWORD
    carol = (await door.store.read(sessions.by_token, session.token)).actor
    assert (carol.name, carol.permissions) == ("carol", EVERYTHING)
    (row,) = await door.store.read(guard.page, OPERATOR, limit=9)
    assert (row.account, row.result) == ("admin carol", "success")


async def test_names_that_nobody_has_cost_what_others_cost(
    door: Door, statements: Statements
) -> None:
    answers = set()
    for name in ("carol", "nobody", "off", "without", "", "operator", "x y", "x" * 999):
        for number in range(RULES.failures + 1):
            statements.taken()
            door.passwords.verified.clear()
            with pytest.raises(Unauthenticated) as caught:
                await door.enter(name, "falsch")
            answers.add(
                (
                    number,
                    str(caught.value),
                    len(door.passwords.verified),
                    statements.taken(),
                )
            )
        await door.store.transact(lambda u: u.login_guard.remove("address 192.0.2.7"))
    assert len(answers) == RULES.failures + 1
    assert {(said, hashes) for _, said, hashes, _ in answers} == {
        ("authentication failed", 1),
        (guard.BLOCKED, 0),
    }


async def test_a_code_is_asked_for_where_there_is_one(door: Door, clock: Clock) -> None:
    app, _ = await door.ask_for_codes("carol", clock().timestamp())
    entry = await last_audited(door.store)
    assert (entry.action, entry.after) == ("admin.totp", {"totp": True})
    assert app.secret not in str(entry)
    for code in ("", "000000", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16"):
        with pytest.raises(Unauthenticated):
            await door.enter("carol", code=code)
        clock.forward(hours=1)  # so that no failure counts any more
    session = await door.enter("carol", code=app.at(int(clock().timestamp())))
    assert session.session.factor is Factor.PASSWORD_AND_CODE


async def test_a_code_is_taken_once(door: Door, clock: Clock) -> None:
    app, _ = await door.ask_for_codes("carol", clock().timestamp())
    with pytest.raises(Unauthenticated):  # the one that confirmed it
        await door.enter("carol", code=app.at(int(clock().timestamp())))
    clock.forward(seconds=30)
    code = app.at(int(clock().timestamp()))
    await door.enter("carol", code=f"{code[:3]} {code[3:]}")
    with pytest.raises(Unauthenticated):
        await door.enter("carol", code=code)
    # Nor is an older one that was not used, though clocks may be off.
    early = app.at(int(clock().timestamp()) - 30)
    with pytest.raises(Unauthenticated):
        await door.enter("carol", code=early)


async def test_clocks_may_be_off_by_one_step(door: Door, clock: Clock) -> None:
    app, _ = await door.ask_for_codes("carol", clock().timestamp())
    clock.forward(minutes=5)
    now = int(clock().timestamp())
    for off in (60, -60):
        with pytest.raises(Unauthenticated):
            await door.enter("carol", code=app.at(now + off))
    await door.enter("carol", code=app.at(now - 30))
    await door.enter("carol", code=app.at(now + 30))


async def test_a_recovery_code_stands_for_a_code_once(door: Door, clock: Clock) -> None:
    _, codes = await door.ask_for_codes("carol", clock().timestamp())
    assert len(set(codes)) == totp.CODES
    typed = totp.shown(codes[0]).upper()
    session = await door.enter("carol", code=typed)
    assert session.session.factor is Factor.PASSWORD_AND_CODE
    with pytest.raises(Unauthenticated):
        await door.enter("carol", code=codes[0])
    with pytest.raises(Unauthenticated):  # it is no password
        await door.enter("carol", codes[1], codes[1])
    await door.enter("carol", code=codes[1])


async def test_secrets_are_sealed(door: Door, clock: Clock) -> None:
    app, codes = await door.ask_for_codes("carol", clock().timestamp())
    kept = await door.store.read(administrators.get, OPERATOR, "carol")
    assert kept.totp is not None
    assert app.secret.encode() not in kept.totp
    assert door.sealer.unseal(kept.totp, totp.PURPOSE) == app.secret.encode()
    assert not any(code in str(kept) for code in codes)


async def test_codes_are_switched_on_by_who_has_the_secret_only(
    door: Door, clock: Clock
) -> None:
    proposal = await door.store.read(totp.propose, OPERATOR, "carol")
    assert proposal.uri.startswith("otpauth://totp/Postwarden:carol?")
    for secret, code in (
        (proposal.secret, "000000"),
        ("short", "000000"),
        ("!" * 32, "000000"),
        ("\ud800" * 32, "000000"),
    ):
        with pytest.raises(Invalid):
            await totp.set_up(
                door.store, door.sealer, OPERATOR, "carol", secret=secret, code=code
            )
    await door.enter("carol")


async def test_a_lost_telephone_is_the_business_of_who_may_do_as_much(
    door: Door, clock: Clock
) -> None:
    await door.ask_for_codes("carol", clock().timestamp())
    await make(door.store, "dan", "auditor")
    dan = await coming(door.store, "dan")
    some = await coming(
        door.store, "carol", permissions=EVERYTHING - {Permission.BACKUP}
    )
    for actor in (dan, some):
        with pytest.raises(Forbidden):
            await door.store.transact(totp.remove, actor, "carol")
    await door.store.transact(totp.remove, OPERATOR, "carol")
    assert (await door.enter("carol")).session.factor is Factor.PASSWORD


async def test_one_changes_one_s_own_password_knowing_it(door: Door) -> None:
    session = await door.enter("carol")
    carol = (await door.store.read(sessions.by_token, session.token)).actor

    async def change(old: str, new: str) -> None:
        await passwords.change_password(
            door.store, door.passwords, carol, old=old, new=new
        )

    with pytest.raises(Unauthenticated):
        await change("falsch", "another horse")
    with pytest.raises(Invalid):
        await change(WORD, "short")
    await change(WORD, "another horse")
    with pytest.raises(Unauthenticated):
        await door.store.read(sessions.by_token, session.token)
    await door.enter("carol", "another horse")


async def test_only_a_right_password_makes_a_code_be_asked_for(
    door: Door, clock: Clock
) -> None:
    """What an edge may tell is known here; what everybody is told is the same."""
    await door.ask_for_codes("carol", clock().timestamp())
    for password, code, told in (
        (WORD, "", False),
        (WORD, "000000", True),
        ("wrong", "000000", None),
    ):
        with pytest.raises(Unauthenticated) as refused:
            await door.enter("carol", password, code)
        error = refused.value
        assert str(error) == "authentication failed"
        known = error.was_given if isinstance(error, passwords.CodeRefused) else None
        assert known is told
