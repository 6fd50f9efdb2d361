"""Login links: a way in that works once and soon ends.

The first administrator of a store gets one, and whoever lost everything else gets
one from the operator. Who follows it needs no password and no code.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator
from postwarden.model.audit import stamp
from postwarden.model.errors import Unauthenticated
from postwarden.model.logins import Factor, LoginLink, Origin, SessionRules
from postwarden.model.permissions import Permission
from postwarden.services import access, actors, audit, keys, privileges
from postwarden.services.logins import sessions
from postwarden.services.logins.sessions import NewSession
from postwarden.services.ports import UnitOfWork

LIFETIME = timedelta(minutes=15)
PATH = "/postwarden/v1/login"
REFUSED = "this link opens nothing: it was followed already, or has ended"
_MARK = "pwl_"
_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link with its token, which nobody can see again."""

    link: LoginLink
    owner: Administrator
    token: str

    def url(self, origin: str) -> str:
        """Return where to go with it; `origin` is as in `https://mail.example.org`."""
        return f"{origin}{PATH}?token={self.token}"


def create(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    lifetime: timedelta = LIFETIME,
    rules: SessionRules,
) -> NewLink:
    """Make a link for an administrator, oneself without any right.

    It opens all that he may do, so the actor must be able to do that, and a key
    that ends or is for some networks cannot make it. Raises NotFound, Forbidden.
    """
    access.require_for(actor, name, Permission.KEY_WRITE)
    owner = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, owner)
    expires_at = uow.now + lifetime
    keys.check_like(uow, actor, expires_at + rules.lifetime)
    token = _MARK + secrets.token_urlsafe(_OCTETS)
    link = LoginLink(
        administrator=owner.id,
        digest=keys.digest_of(token),
        created_at=uow.now,
        created_by=actor.name,
        expires_at=expires_at,
    )
    uow.links.add(link)
    audit.record(
        uow,
        actor,
        "admin.link",
        f"admin {owner.name}",
        after={"expires": stamp(expires_at)},
        domains=owner.domains,
    )
    return NewLink(link=link, owner=owner, token=token)


def follow(
    uow: UnitOfWork, token: str, *, origin: Origin, rules: SessionRules
) -> NewSession:
    """Let in who comes with a link, once; raises Unauthenticated."""
    link = uow.links.take(keys.digest_of(token))
    owner = uow.administrators.with_id(link.administrator if link else 0)
    permissions = actors.rights_of(uow, owner)
    if (
        link is None
        or owner is None
        or permissions is None
        or link.expires_at <= uow.now
    ):
        raise Unauthenticated(REFUSED)
    return sessions.begin(uow, owner, Factor.LINK, origin=origin, rules=rules)
