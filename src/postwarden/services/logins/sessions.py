"""Sessions of people: begun by a login, ended by time, by them, or by others."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator
from postwarden.model.errors import NotFound, Unauthenticated
from postwarden.model.logins import (
    MAX_AGENT,
    Factor,
    LoginSession,
    Origin,
    SessionRules,
)
from postwarden.model.permissions import Permission
from postwarden.services import access, actors, audit
from postwarden.services.actors import Recognised
from postwarden.services.keys import digest_of
from postwarden.services.ports import UnitOfWork

PURGE = "login.purge"  # forgets what has ended
MAX_SESSIONS = 50  # of one administrator; the oldest goes
REFUSED = "this session has ended: log in again"
_MARK = "pws_"
_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedSession:
    """A session and whose it is."""

    session: LoginSession
    owner: Administrator


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession(OwnedSession):
    """A session with its token, which nobody can see again."""

    token: str


def begin(
    uow: UnitOfWork,
    owner: Administrator,
    factor: Factor,
    *,
    origin: Origin,
    rules: SessionRules,
) -> NewSession:
    """Let an administrator in who has shown who he is."""
    open_ones = uow.sessions.of(owner.id, limit=MAX_SESSIONS)
    if len(open_ones) >= MAX_SESSIONS:
        uow.sessions.remove(open_ones[0].id)
    token = _MARK + secrets.token_urlsafe(_OCTETS)
    session = uow.sessions.add(
        LoginSession(
            id=0,
            administrator=owner.id,
            digest=digest_of(token),
            factor=factor,
            created_at=uow.now,
            last_seen_at=uow.now,
            expires_at=uow.now + rules.lifetime,
            idle=rules.idle,
            client_ip=origin.client_ip,
            agent=origin.agent[:MAX_AGENT],
        )
    )
    uow.administrators.remember_login(owner.id, uow.now)
    return NewSession(session=session, owner=owner, token=token)


def by_token(
    uow: UnitOfWork,
    secret: str,
    *,
    client_ip: str | None = None,
    dialect: str = "native",
    request_id: str | None = None,
) -> Recognised:
    """Return who comes with a session's token; raises Unauthenticated."""
    session = uow.sessions.with_digest(digest_of(secret))
    owner = uow.administrators.with_id(session.administrator if session else 0)
    permissions = actors.rights_of(uow, owner)
    if (
        session is None
        or owner is None
        or permissions is None
        or not session.is_open(uow.now)
    ):
        raise Unauthenticated(REFUSED)
    actor = Actor(
        name=owner.name,
        dialect=dialect,
        permissions=permissions,
        domains=owner.domains,
        client_ip=client_ip,
        request_id=request_id,
    )
    due = actors.is_due(session.last_seen_at, uow.now)
    return Recognised(actor=actor, mark=partial(_mark, session.id) if due else None)


def _mark(session: int, uow: UnitOfWork) -> None:
    uow.sessions.remember_use(session, uow.now)


def is_token(secret: str) -> bool:
    """Whether a secret has the form of a session's token, not that of a key."""
    return secret.startswith(_MARK)


def leave(uow: UnitOfWork, token: str) -> bool:
    """Log out; return whether there was a session: that there is none is no error."""
    session = uow.sessions.with_digest(digest_of(token))
    if session is not None:
        uow.sessions.remove(session.id)
    return session is not None


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    owner: str | None = None,
    after: int = 0,
    limit: int,
) -> Sequence[OwnedSession]:
    """Return sessions in order of ids: of `owner`, else all that the actor may see.

    Who has no right to see administrators sees his own.
    """
    if owner is None and not actor.may(Permission.ADMIN_READ):
        owner = actor.name
    if owner is not None:
        access.require_for(actor, owner, Permission.ADMIN_READ)
        found = access.administrator(uow, actor, owner)
        rows = uow.sessions.of(found.id, after=after, limit=limit)
        return [OwnedSession(session=each, owner=found) for each in rows]
    return _visible(uow, actor, after, limit)


def _visible(
    uow: UnitOfWork, actor: Actor, after: int, limit: int
) -> list[OwnedSession]:
    found: list[OwnedSession] = []
    while len(found) < limit:
        rows = uow.sessions.page(after=after, limit=limit)
        for session in rows:
            owner = uow.administrators.with_id(session.administrator)
            if owner is not None and access.sees(actor, owner):
                found.append(OwnedSession(session=session, owner=owner))
        if len(rows) < limit:
            break
        after = rows[-1].id
    return found[:limit]


def end(uow: UnitOfWork, actor: Actor, number: int) -> OwnedSession:
    """End a session: one's own, and with `admin.write` of others. Raises NotFound."""
    session = uow.sessions.with_id(number)
    owner = uow.administrators.with_id(session.administrator if session else 0)
    if (
        session is None
        or owner is None
        or not access.sees(actor, owner)
        or not (actor.is_administrator(owner.name) or actor.may(Permission.ADMIN_WRITE))
    ):
        raise NotFound("session", str(number))
    uow.sessions.remove(session.id)
    audit.record(
        uow,
        actor,
        "session.end",
        f"session {session.id}",
        before={"admin": owner.name, "factor": session.factor.value},
        domains=owner.domains,
    )
    return OwnedSession(session=session, owner=owner)


def forget_ended(uow: UnitOfWork, *, limit: int = 1000) -> int:
    """Forget sessions, links, tokens and challenges that ended; return how many."""
    ended = uow.sessions.remove_ended(uow.now, limit=limit)
    ended += uow.tokens.remove_ended(uow.now, limit=limit)
    ended += uow.challenges.remove_ended(uow.now, limit=limit)
    return ended + uow.links.remove_ended(uow.now, limit=limit)
