"""Second factors: one-time passwords (RFC 6238), and codes for when they are lost."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pyotp.totp import TOTP

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.services import access, audit, privileges
from postwarden.services.keys import digest_of
from postwarden.services.ports import Sealer, Store, UnitOfWork

PURPOSE = "totp"  # what secrets are sealed for
ISSUER = "Postwarden"
CODES = 10
_SECRET_LENGTH = 32  # characters of base 32: 160 bits, RFC 4226 §4
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648 §6
_STEP = 30  # seconds, RFC 6238 §4.1
_DRIFT = 1  # steps that a clock may be off, RFC 6238 §5.2
_DIGITS = 6
_CODE_LETTERS = "abcdefghjkmnpqrstvwxyz0123456789"  # 5 bits each
_CODE_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A secret that nobody has confirmed yet; the URI is what a QR code shows."""

    admin: str
    secret: str
    uri: str


def propose(uow: UnitOfWork, actor: Actor, name: str) -> Proposal:
    """Return a new secret for an administrator; nothing is written yet.

    Raises NotFound, Forbidden.
    """
    access.require_for(actor, name, Permission.ADMIN_WRITE)
    owner = access.administrator(uow, actor, name)
    secret = _new_secret()
    uri = TOTP(secret).provisioning_uri(name=owner.name, issuer_name=ISSUER)
    return Proposal(admin=owner.name, secret=secret, uri=uri)


async def set_up(
    store: Store,
    sealer: Sealer,
    actor: Actor,
    name: str,
    *,
    secret: str,
    code: str,
) -> Sequence[str]:
    """Ask for codes from now on; return recovery codes, which nobody sees again.

    `code` shows that the secret has arrived. Raises Invalid for a wrong one,
    NotFound, Forbidden.
    """
    access.require_for(actor, name, Permission.ADMIN_WRITE)
    answered = answer(sealer, secret=secret, code=code)
    await store.transact(keep, actor, name, answered)
    return answered.recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A proposed secret with a code of it, and what its owner gets for it."""

    secret: str
    code: str
    sealed: bytes
    recovery: Sequence[str]


def answer(sealer: Sealer, *, secret: str, code: str) -> Answered:
    """Return what `keep` takes, with new recovery codes; raises Invalid."""
    if len(secret) != _SECRET_LENGTH or not secret.isascii():
        raise Invalid("this is not a secret that was proposed", field="secret")
    return Answered(
        secret=secret,
        code=code,
        sealed=sealer.seal(secret.encode(), PURPOSE),
        recovery=[_recovery_code() for _ in range(CODES)],
    )


def keep(uow: UnitOfWork, actor: Actor, name: str, new: Answered) -> None:
    """Ask for codes from now on; raises Invalid for a wrong code, as `set_up` does."""
    access.require_for(actor, name, Permission.ADMIN_WRITE)
    owner = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, owner)
    step = step_of(new.secret, new.code, uow.now, after=None)
    if step is None:
        raise Invalid(
            "this is not the code of now: are the clocks right?", field="code"
        )
    uow.administrators.replace(replace(owner, totp=new.sealed, totp_step=step))
    uow.recovery_codes.replace_all(owner.id, [digest_of(e) for e in new.recovery])
    audit.record(
        uow,
        actor,
        "admin.totp",
        f"admin {owner.name}",
        before={"totp": owner.totp is not None},
        after={"totp": True},
        domains=owner.domains,
    )


def remove(uow: UnitOfWork, actor: Actor, name: str) -> Administrator:
    """Ask for no more codes, as when a telephone is lost. Raises NotFound."""
    access.require_for(actor, name, Permission.ADMIN_WRITE)
    owner = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, owner)
    new = replace(owner, totp=None, totp_step=None)
    uow.administrators.replace(new)
    uow.recovery_codes.replace_all(owner.id, [])
    audit.record(
        uow,
        actor,
        "admin.totp",
        f"admin {owner.name}",
        before={"totp": owner.totp is not None},
        after={"totp": False},
        domains=owner.domains,
    )
    return new


def step_of(secret: str, code: str, now: datetime, *, after: int | None) -> int | None:
    """Return the time step that a code is of, None for a wrong or an old one.

    A code is taken once: steps up to `after` are over (RFC 6238 §5.2).
    """
    wanted = "".join(code.split())
    if len(wanted) != _DIGITS or not wanted.isascii() or not wanted.isdigit():
        return None
    try:
        totp = TOTP(secret)
        current = int(now.timestamp()) // _STEP
        matching = [
            step
            for step in range(current - _DRIFT, current + _DRIFT + 1)
            if secrets.compare_digest(totp.at(step * _STEP), wanted)
        ]
    except ValueError:  # no secret of ours: not base 32
        return None
    fresh = [step for step in matching if after is None or step > after]
    return fresh[0] if fresh else None


def recovery_digest(code: str) -> bytes:
    """Return what is kept of a recovery code, however it was typed."""
    return digest_of("".join(code.lower().split()).replace("-", ""))


def _new_secret() -> str:
    return "".join(secrets.choice(_BASE32) for _ in range(_SECRET_LENGTH))


def _recovery_code() -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))


def shown(code: str) -> str:
    """Return a recovery code in groups, for people to write down."""
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))
