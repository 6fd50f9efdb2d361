"""Administrators, roles and keys as scripts see them."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from postwarden.model.administrators import Administrator
from postwarden.model.logins import LoginAttempts, Passkey
from postwarden.model.permissions import Permission, Role
from postwarden.services.keys import NewKey, OwnedKey
from postwarden.services.logins import totp
from postwarden.services.logins.links import NewLink
from postwarden.services.logins.sessions import NewSession, OwnedSession
from postwarden.services.logins.totp import Proposal


class AdministratorShape(TypedDict):
    """An administrator; `domains` of null are every domain."""

    admin: str
    role: str
    domains: list[str] | None
    state: str
    created_at: datetime
    last_login_at: datetime | None
    password: bool
    totp: bool


class WholeAdministratorShape(AdministratorShape):
    """An administrator with what he may do."""

    permissions: list[str]


class RoleShape(TypedDict):
    """A role; those that every store has are `builtin`."""

    role: str
    description: str
    permissions: list[str]
    builtin: bool


class KeyShape(TypedDict):
    """A key without its secret; `permissions` of null are its owner's."""

    id: int
    actor: str
    prefix: str
    state: str
    created_at: datetime
    created_by: str
    expires: datetime | None
    permissions: list[str] | None
    networks: list[str]
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKeyShape(TypedDict):
    """A key with its secret, shown this once."""

    id: int
    actor: str
    secret: str
    expires: datetime | None


class NewLinkShape(TypedDict):
    """A login link, shown this once."""

    admin: str
    link: str
    expires: datetime


class SessionShape(TypedDict):
    """Somebody who is logged in."""

    id: int
    admin: str
    factor: str
    created_at: datetime
    last_seen_at: datetime
    expires: datetime
    client_ip: str | None
    agent: str


class NewSessionShape(SessionShape):
    """A session with its token, which nobody can see again."""

    token: str


class LeftShape(TypedDict):
    """Whether a session was left; a key has none."""

    logged_out: bool


class PasskeyShape(TypedDict):
    """A passkey by the name that its owner gave it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class ProposalShape(TypedDict):
    """A secret for an authenticator app; the URI is what a QR code shows."""

    admin: str
    secret: str
    uri: str


class RecoveryCodesShape(TypedDict):
    """Codes for when the authenticator is lost; nobody sees them again."""

    admin: str
    recovery_codes: list[str]


class InvitationShape(TypedDict):
    """What a browser hands to an authenticator; `handle` goes back with its answer."""

    handle: str
    options: Mapping[str, Any]


class LoginAttemptsShape(TypedDict):
    """Attempts of one kind on one day; `account` is null where there is none."""

    id: int
    day: datetime
    kind: str | None
    account: str | None
    login: str
    client_ip: str | None
    protocol: str
    mechanism: str
    result: str
    first_at: datetime
    last_at: datetime
    count: int


def administrator(of: Administrator) -> AdministratorShape:
    """Return an administrator without any secret."""
    return {
        "admin": of.name,
        "role": of.role,
        "domains": None if of.domains is None else sorted(of.domains),
        "state": of.state.value,
        "created_at": of.created_at,
        "last_login_at": of.last_login_at,
        "password": of.password_hash is not None,
        "totp": of.totp is not None,
    }


def whole_administrator(
    of: Administrator, permissions: Collection[Permission]
) -> WholeAdministratorShape:
    """Return an administrator with what he may do."""
    return {**administrator(of), "permissions": sorted(permissions)}


def role(of: Role) -> RoleShape:
    """Return a role."""
    return {
        "role": of.name,
        "description": of.description,
        "permissions": sorted(of.permissions),
        "builtin": of.builtin,
    }


def key(of: OwnedKey, now: datetime) -> KeyShape:
    """Return a key as it is now."""
    return {
        "id": of.key.id,
        "actor": of.owner.name,
        "prefix": of.key.prefix,
        "state": of.key.state(now).value,
        "created_at": of.key.created_at,
        "created_by": of.key.created_by,
        "expires": of.key.expires_at,
        "permissions": (
            None if of.key.permissions is None else sorted(of.key.permissions)
        ),
        "networks": [str(each) for each in of.key.networks],
        "revoked_at": of.key.revoked_at,
        "last_used_at": of.key.last_used_at,
    }


def new_key(of: NewKey) -> NewKeyShape:
    """Return a key with its secret."""
    return {
        "id": of.key.id,
        "actor": of.owner.name,
        "secret": of.secret,
        "expires": of.key.expires_at,
    }


def new_link(of: NewLink, origin: str) -> NewLinkShape:
    """Return a login link as it is typed into a browser."""
    return {
        "admin": of.owner.name,
        "link": of.url(origin),
        "expires": of.link.expires_at,
    }


def session(of: OwnedSession) -> SessionShape:
    """Return a session; it ends then, or earlier when it is not used."""
    return {
        "id": of.session.id,
        "admin": of.owner.name,
        "factor": of.session.factor.value,
        "created_at": of.session.created_at,
        "last_seen_at": of.session.last_seen_at,
        "expires": of.session.expires_at,
        "client_ip": of.session.client_ip,
        "agent": of.session.agent,
    }


def new_session(of: NewSession) -> NewSessionShape:
    """Return a session with its token."""
    return {**session(of), "token": of.token}


def passkey(of: Passkey) -> PasskeyShape:
    """Return a passkey."""
    return {
        "id": of.id,
        "name": of.name,
        "created_at": of.created_at,
        "last_used_at": of.last_used_at,
    }


def proposal(of: Proposal) -> ProposalShape:
    """Return a secret that nobody has confirmed yet."""
    return {"admin": of.admin, "secret": of.secret, "uri": of.uri}


def recovery_codes(name: str, codes: Iterable[str]) -> RecoveryCodesShape:
    """Return recovery codes in groups, for people to write down."""
    return {"admin": name, "recovery_codes": [totp.shown(each) for each in codes]}


def invitation(handle: str, options: str) -> InvitationShape:
    """Return an invitation, whose options are JSON already."""
    return {"handle": handle, "options": json.loads(options)}


def login_attempts(of: LoginAttempts) -> LoginAttemptsShape:
    """Return attempts to log in as one row."""
    kind, _, owner = of.account.partition(" ")
    return {
        "id": of.id,
        "day": of.day,
        "kind": kind or None,
        "account": owner or None,
        "login": of.login,
        "client_ip": of.client_ip or None,
        "protocol": of.protocol,
        "mechanism": of.mechanism,
        "result": of.result.value,
        "first_at": of.first_at,
        "last_at": of.last_at,
        "count": of.count,
    }
