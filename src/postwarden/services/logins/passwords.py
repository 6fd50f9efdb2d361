"""Administrators log in with a password, and a code where they have that.

Whatever is wrong gets one answer: name, password and code are not told apart, and
a name that nobody has costs the same look-ups and the same hash.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator, administrator_name
from postwarden.model.errors import Invalid, Unauthenticated
from postwarden.model.logins import Factor, GuardRules, Origin, SessionRules
from postwarden.services import access, actors, audit
from postwarden.services.logins import guard, sessions, totp
from postwarden.services.logins.guard import Claim, Standing
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import Passwords, Sealer, Store, UnitOfWork

MIN_PASSWORD = 12  # characters
MAX_CODE = 64  # characters of a code that are looked at
_MECHANISM = "password"

T = TypeVar("T")


class CodeRefused(Unauthenticated):
    """The password was right; a code was not given, or `was_given` and was wrong.

    An edge that tells this apart from a wrong password must have a reason.
    """

    def __init__(self, *, was_given: bool) -> None:
        super().__init__()
        self.was_given = was_given


async def with_password(
    store: Store,
    passwords: Passwords,
    sealer: Sealer,
    name: str,
    password: str,
    *,
    code: str = "",
    origin: Origin,
    session_rules: SessionRules,
    guard_rules: GuardRules,
) -> NewSession:
    """Begin a session; `code` is of the second factor, or a recovery code.

    Raises Unauthenticated, and Unavailable when the master key is not there.
    """

    def begin(uow: UnitOfWork, owner: Administrator, factor: Factor) -> NewSession:
        return sessions.begin(uow, owner, factor, origin=origin, rules=session_rules)

    return await shown(
        store,
        passwords,
        sealer,
        name,
        password,
        code=code,
        origin=origin,
        guard_rules=guard_rules,
        enter=begin,
    )


async def shown(
    store: Store,
    passwords: Passwords,
    sealer: Sealer,
    name: str,
    password: str,
    *,
    code: str = "",
    origin: Origin,
    guard_rules: GuardRules,
    enter: Callable[[UnitOfWork, Administrator, Factor], T],
) -> T:
    """Let in who shows a password, and a code where he has that: `enter` opens.

    Raises Unauthenticated, and Unavailable when the master key is not there.
    """
    owner, claim, standing = await store.peek(
        look, name, _MECHANISM, origin, guard_rules
    )
    await guard.refuse_if_blocked(store, claim, standing)
    known = owner.password_hash if owner is not None else None
    matches = await passwords.verify(password, known)
    refusal = Unauthenticated()
    if matches and owner is not None and known is not None:
        secret = None
        if owner.totp is not None:
            secret = sealer.unseal(owner.totp, totp.PURPOSE).decode()
        proof = _Shown(owner=owner, claim=claim, secret=secret, code=code[:MAX_CODE])
        opened, is_known = await store.transact(_enter, proof, enter)
        if opened is not None:
            return opened
        if is_known:
            refusal = CodeRefused(was_given=bool(code.strip()))
    await store.transact(guard.fail, claim, guard_rules)
    raise refusal


def look(
    uow: UnitOfWork, name: str, mechanism: str, origin: Origin, rules: GuardRules
) -> tuple[Administrator | None, Claim, Standing]:
    """Find who may come in by a name, and what counts against him.

    It takes the same look-ups whatever there is.
    """
    try:
        canonical = administrator_name(name)
    except Invalid:
        canonical = ""
    found = uow.administrators.find(canonical)
    owner = found if actors.rights_of(uow, found) is not None else None
    claim = Claim(
        realm=guard.ADMINISTRATOR,
        login=name,
        key=canonical or name,
        account=owner.name if owner else "",
        mechanism=mechanism,
        origin=origin,
    )
    return owner, claim, guard.standing(uow, claim, rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A right password; `secret` where a code is asked for as well."""

    owner: Administrator
    claim: Claim
    secret: str | None
    code: str


def _enter(
    uow: UnitOfWork,
    shown: _Shown,
    enter: Callable[[UnitOfWork, Administrator, Factor], T],
) -> tuple[T | None, bool]:
    """Let in who knows the password, unless anything has changed meanwhile.

    With it comes whether he is known, and a right code is all that he lacks.
    """
    seen = shown.owner
    owner = uow.administrators.with_id(seen.id)
    if (
        owner is None
        or actors.rights_of(uow, owner) is None
        or (owner.password_hash, owner.totp) != (seen.password_hash, seen.totp)
    ):
        return None, False
    factor = Factor.PASSWORD
    if shown.secret is not None:
        if not _takes(uow, owner, shown.secret, shown.code):
            return None, True
        factor = Factor.PASSWORD_AND_CODE
    guard.succeed(uow, shown.claim)
    return enter(uow, owner, factor), True


def _takes(uow: UnitOfWork, owner: Administrator, secret: str, code: str) -> bool:
    """Use up a code of the second factor, or a recovery code."""
    step = totp.step_of(secret, code, uow.now, after=owner.totp_step)
    if step is not None:
        uow.administrators.replace(replace(owner, totp_step=step))
        return True
    return uow.recovery_codes.take(owner.id, totp.recovery_digest(code))


async def change_password(
    store: Store, passwords: Passwords, actor: Actor, *, old: str, new: str
) -> None:
    """Give oneself another password, which ends all sessions.

    Raises Unauthenticated when `old` is wrong, Invalid for one too short.
    """
    access.require_for(actor, actor.name)
    if len(new) < MIN_PASSWORD:
        raise Invalid(
            f"a password has {MIN_PASSWORD} characters at least", field="password"
        )
    owner = await store.peek(access.administrator, actor, actor.name)
    if not await passwords.verify(old, owner.password_hash):
        raise Unauthenticated
    new_hash = await passwords.hash(new)
    await store.transact(_replace_password, actor, owner, new_hash)


def _replace_password(
    uow: UnitOfWork, actor: Actor, seen: Administrator, new_hash: str
) -> None:
    owner = access.administrator(uow, actor, actor.name)
    if owner.password_hash != seen.password_hash:
        raise Unauthenticated
    uow.administrators.replace(replace(owner, password_hash=new_hash))
    uow.sessions.remove_all(owner.id)
    uow.links.remove_all(owner.id)
    audit.record(
        uow,
        actor,
        "admin.change",
        f"admin {owner.name}",
        after={"password": "changed"},
        domains=owner.domains,
    )
