"""Audit entries: one for each administrative write, in its own transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry, concerning
from postwarden.model.permissions import Permission
from postwarden.services import access, notices
from postwarden.services.ports import UnitOfWork

_BY_DOMAIN = {"domain", "catch-all"}
_BY_ADDRESS = {"account", "alias", "group", "list", "forward"}
_ALIAS = "domain-alias"  # its domain is the one it stands for


def record(
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    object: str,  # noqa: A002  the field's name in the contract
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    domains: Collection[str] | None = None,
) -> None:
    """Write down who did what; callers give no secret, not even a hash of one.

    The entry concerns `domains`; without, the one that the object's name tells, as
    in `account ada@example.org` or `domain example.org`; else those of the actor,
    who acts nowhere else. What concerns none is for those who manage every domain.
    Webhooks are told of it.
    """
    if domains is None:
        named = domain_of(object, before, after)
        domains = (actor.domains or ()) if named is None else (named,)
    entry = AuditEntry(
        time=uow.now,
        actor=actor.name,
        on_behalf_of=actor.on_behalf_of,
        dialect=actor.dialect,
        client_ip=actor.client_ip,
        request_id=actor.request_id,
        action=action,
        object=object,
        before=before,
        after=after,
        reason=reason,
    )
    entry = concerning(entry, domains)
    uow.audit.record(entry)
    notices.tell_of_act(uow, entry)


def domain_of(
    name: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> str | None:
    """Return the domain that an object's name belongs to, None for none."""
    kind, _, word = name.partition(" ")
    if kind == _ALIAS:
        of = (after or before or {}).get("of")
        return str(of) if of else None
    if kind in _BY_DOMAIN:
        return word or None
    if kind in _BY_ADDRESS:
        return word.rpartition("@")[2] or None
    return None


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    after: int = 0,
    limit: int,
    by: str | None = None,
    dialect: str | None = None,
    object: str | None = None,  # noqa: A002  the field's name in the contract
    since: datetime | None = None,
) -> list[AuditEntry]:
    """Return entries in order; `by` is the actor who did it.

    An actor with domains sees what concerns these alone.
    """
    access.require(actor, Permission.AUDIT_READ)
    return uow.audit.page(
        after=after,
        limit=limit,
        actor=by,
        dialect=dialect,
        object=object,
        since=since,
        domains=actor.domains,
    )


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both with only the fields in which they differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {n: before.get(n) for n in names}, {n: after[n] for n in names}
