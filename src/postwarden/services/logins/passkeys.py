"""Passkeys: people show a key that never leaves their authenticator (WebAuthn 2).

Each ceremony has two calls: an invitation with a challenge that is kept here, and
the answer, which uses it up whether it is right or not. A passkey is enough to come
in, so the authenticator must have verified who holds it.
"""

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator
from postwarden.model.errors import (
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
from postwarden.model.permissions import Permission
from postwarden.services import access, actors, audit, keys, privileges
from postwarden.services.limits import check_name
from postwarden.services.logins import guard, sessions
from postwarden.services.logins.guard import Claim, Standing
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import Store, UnitOfWork

LIFETIME = timedelta(minutes=5)  # of a challenge
MAX_CHALLENGES = 10_000
MAX_PASSKEYS = 20  # of one administrator
MAX_ANSWER = 65_536  # characters
MAX_CREDENTIAL = 1023  # octets, WebAuthn 2 §4
_OCTETS = 32
_MECHANISM = "passkey"

# The library has exceptions of its own; beside them hostile input makes it and its
# parsers raise those of Python for bad values.
_WRONG = (
    *(WebAuthnException, ValueError, TypeError, AttributeError, LookupError),
    *(ArithmeticError, RecursionError, struct.error),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a browser hands to an authenticator, as JSON.

    `handle` names the challenge when the answer comes.
    """

    handle: str
    options: str


def invite_to_register(
    uow: UnitOfWork, actor: Actor, party: RelyingParty
) -> Invitation:
    """Begin to register a passkey for oneself; raises Forbidden for a narrow key."""
    access.require_for(actor, actor.name)
    owner = _oneself(uow, actor)
    handle, challenge = _challenge(uow, Ceremony.REGISTRATION, owner.id)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=str(owner.id).encode(),
        user_name=owner.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=each.credential)
            for each in uow.passkeys.of(owner.id)
        ],
    )
    return Invitation(handle=handle, options=webauthn.options_to_json(options))


async def register(
    store: Store,
    actor: Actor,
    party: RelyingParty,
    *,
    handle: str,
    answer: str,
    name: str,
) -> Passkey:
    """Keep a passkey of one's own; `answer` is the credential as JSON.

    Raises Invalid for a wrong answer, or one to no challenge of ours;
    AlreadyExists, LimitExceeded, Forbidden.
    """
    access.require_for(actor, actor.name)
    owner = await store.read(_oneself, actor)
    challenge = await store.transact(_take, handle, Ceremony.REGISTRATION)
    if challenge is None or challenge.administrator != owner.id:
        raise Invalid("this answers no challenge of ours: begin again", field="handle")
    try:
        verified = webauthn.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=challenge.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise Invalid(
            "the authenticator's answer does not hold", field="answer"
        ) from error
    if len(verified.credential_id) > MAX_CREDENTIAL:
        raise Invalid("the credential's id is too long", field="answer")
    return await store.transact(
        _keep,
        actor,
        Passkey(
            id=0,
            administrator=owner.id,
            credential=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=check_name(name),
            created_at=challenge.expires_at,
        ),
    )


def _keep(uow: UnitOfWork, actor: Actor, passkey: Passkey) -> Passkey:
    owner = _oneself(uow, actor)
    if len(uow.passkeys.of(owner.id)) >= MAX_PASSKEYS:
        raise LimitExceeded(f"passkeys of {owner.name}", MAX_PASSKEYS)
    added = uow.passkeys.add(replace(passkey, created_at=uow.now))
    audit.record(
        uow,
        actor,
        "passkey.create",
        f"passkey {added.id}",
        after=facts(added, owner),
        domains=owner.domains,
    )
    return added


def invite(uow: UnitOfWork, party: RelyingParty) -> Invitation:
    """Begin a login with whatever passkey somebody has; raises LimitExceeded.

    It says nothing about who there is: the authenticator knows whose it is.
    """
    handle, challenge = _challenge(uow, Ceremony.ASSERTION, None)
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Invitation(handle=handle, options=webauthn.options_to_json(options))


async def enter(
    store: Store,
    party: RelyingParty,
    *,
    handle: str,
    answer: str,
    origin: Origin,
    session_rules: SessionRules,
    guard_rules: GuardRules,
) -> NewSession:
    """Begin a session with a passkey; raises Unauthenticated alike for all else."""
    challenge = await store.transact(_take, handle, Ceremony.ASSERTION)
    credential = _credential_of(answer)
    passkey, claim, standing = await store.peek(_look, credential, origin, guard_rules)
    await guard.refuse_if_blocked(store, claim, standing)
    if challenge is not None and passkey is not None:
        count = _signed(party, challenge, passkey, answer)
        if count is not None:
            session = await store.transact(_enter, passkey, claim, count, session_rules)
            if session is not None:
                return session
    await store.transact(guard.fail, claim, guard_rules)
    raise Unauthenticated


def _look(
    uow: UnitOfWork, credential: bytes, origin: Origin, rules: GuardRules
) -> tuple[Passkey | None, Claim, Standing]:
    """Find a passkey whose owner may come in; the look-ups are always the same."""
    passkey = uow.passkeys.with_credential(credential)
    owner = uow.administrators.with_id(passkey.administrator if passkey else 0)
    permissions = actors.rights_of(uow, owner)
    claim = Claim(
        realm=guard.ADMINISTRATOR,
        login="",
        key=f"passkey {credential.hex()}",
        account=owner.name if owner is not None and permissions is not None else "",
        mechanism=_MECHANISM,
        origin=origin,
    )
    known = passkey if claim.account else None
    return known, claim, guard.standing(uow, claim, rules)


def _signed(
    party: RelyingParty, challenge: Challenge, passkey: Passkey, answer: str
) -> int | None:
    """Return the signature counter of a right answer, None for a wrong one.

    The counter must have grown, or the key may have been copied (WebAuthn 2 §6.1.1).
    """
    try:
        verified = webauthn.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=challenge.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _WRONG:
        return None
    return verified.new_sign_count


def _enter(
    uow: UnitOfWork, seen: Passkey, claim: Claim, count: int, rules: SessionRules
) -> NewSession | None:
    """Let in who has the key, unless anything has changed meanwhile."""
    passkey = uow.passkeys.with_id(seen.id)
    owner = uow.administrators.with_id(seen.administrator)
    if (
        passkey is None
        or owner is None
        or actors.rights_of(uow, owner) is None
        or passkey.sign_count != seen.sign_count
    ):
        return None
    uow.passkeys.remember_use(passkey.id, count, uow.now)
    guard.succeed(uow, claim)
    return sessions.begin(uow, owner, Factor.PASSKEY, origin=claim.origin, rules=rules)


def page(uow: UnitOfWork, actor: Actor, name: str) -> Sequence[Passkey]:
    """Return the passkeys of an administrator, one's own without any right."""
    access.require_for(actor, name, Permission.ADMIN_READ)
    return uow.passkeys.of(access.administrator(uow, actor, name).id)


def remove(uow: UnitOfWork, actor: Actor, name: str, number: int) -> Passkey:
    """Take a passkey away, as when it is lost; raises NotFound, Forbidden."""
    access.require_for(actor, name, Permission.ADMIN_WRITE)
    owner = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, owner)
    passkey = uow.passkeys.with_id(number)
    if passkey is None or passkey.administrator != owner.id:
        raise NotFound("passkey", str(number))
    uow.passkeys.remove(passkey.id)
    audit.record(
        uow,
        actor,
        "passkey.remove",
        f"passkey {passkey.id}",
        before=facts(passkey, owner),
        domains=owner.domains,
    )
    return passkey


def facts(passkey: Passkey, owner: Administrator) -> dict[str, object]:
    """Return what people see and the audit log keeps of a passkey."""
    return {"id": passkey.id, "admin": owner.name, "name": passkey.name}


def _oneself(uow: UnitOfWork, actor: Actor) -> Administrator:
    """Return who registers; a passkey opens all he may do, so must his key."""
    owner = access.administrator(uow, actor, actor.name)
    privileges.check_control(uow, actor, owner)
    keys.check_like(uow, actor, None)
    return owner


def _challenge(
    uow: UnitOfWork, ceremony: Ceremony, administrator: int | None
) -> tuple[str, bytes]:
    if uow.challenges.count() >= MAX_CHALLENGES:
        uow.challenges.remove_ended(uow.now, limit=MAX_CHALLENGES)
        if uow.challenges.count() >= MAX_CHALLENGES:
            raise LimitExceeded("logins under way", MAX_CHALLENGES)
    handle, challenge = secrets.token_urlsafe(_OCTETS), secrets.token_bytes(_OCTETS)
    uow.challenges.add(
        Challenge(
            digest=keys.digest_of(handle),
            challenge=challenge,
            ceremony=ceremony,
            administrator=administrator,
            expires_at=uow.now + LIFETIME,
        )
    )
    return handle, challenge


def _take(uow: UnitOfWork, handle: str, ceremony: Ceremony) -> Challenge | None:
    """Use up a challenge; None when it is not there, has ended or is for else."""
    challenge = uow.challenges.take(keys.digest_of(handle))
    if (
        challenge is None
        or challenge.ceremony is not ceremony
        or challenge.expires_at <= uow.now
    ):
        return None
    return challenge


def _credential_of(answer: str) -> bytes:
    """Return the credential id that an answer claims to be of, empty for none."""
    try:
        parsed = webauthn.helpers.parse_authentication_credential_json(_bounded(answer))
    except _WRONG:
        return b""
    return parsed.raw_id[:MAX_CREDENTIAL]


def _bounded(answer: str) -> str:
    if len(answer) > MAX_ANSWER:
        raise ValueError("longer than an authenticator's answer is")
    return answer
