"""Mail systems elsewhere: which there are, and how each is reached.

They belong to no domain of ours, so that only who manages every domain sees any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, LimitExceeded, NotFound
from postwarden.model.permissions import Permission
from postwarden.model.systems import (
    ALL,
    LOCAL,
    MAX_USER,
    TOKEN_URL,
    System,
    SystemKind,
    system_name,
    system_options,
    system_url,
)
from postwarden.services import access, audit
from postwarden.services.ports import UnitOfWork

MAX_SYSTEMS = 100  # of a store
_ACT = "drive mail systems elsewhere"


def purpose(name: str) -> str:
    """Return what the secret of a system is sealed for: no other's URL gets it."""
    return f"system {name}"


def add(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    kind: SystemKind,
    url: str,
    *,
    user: str = "",
    secret: bytes | None = None,
    authorities: str | None = None,
    options: Mapping[str, str] | None = None,
) -> System:
    """Make a system known; `secret` is sealed. Nothing is sent there.

    Raises Invalid, AlreadyExists, LimitExceeded.
    """
    access.require(actor, Permission.SYSTEM_READ, Permission.SYSTEM_WRITE)
    access.everything(actor, _ACT)
    if len(uow.systems.all()) >= MAX_SYSTEMS:
        raise LimitExceeded("systems", MAX_SYSTEMS)
    system = uow.systems.add(
        System(
            name=system_name(name),
            kind=kind,
            url=system_url(url),
            user=_user(user),
            secret=secret,
            authorities=authorities,
            options=system_options(kind, options or {}),
            created_at=uow.now,
            created_by=actor.name,
        )
    )
    audit.record(uow, actor, "system.add", _object(system), after=_facts(system))
    return system


def change(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    url: str | None = None,
    user: str | None = None,
    secret: bytes | None = None,
    authorities: str | None = None,
    options: Mapping[str, str] | None = None,
) -> System:
    """Change what is not None; options that are not named stay.

    A secret that was given for one URL is not sent to another: who changes the
    machine gives the secret too. Raises NotFound, Invalid.
    """
    access.require(actor, Permission.SYSTEM_READ, Permission.SYSTEM_WRITE)
    access.everything(actor, _ACT)
    old = _known(uow, name)
    new = replace(
        old,
        url=old.url if url is None else system_url(url),
        user=old.user if user is None else _user(user),
        secret=secret or old.secret,
        authorities=old.authorities if authorities is None else authorities,
        options=system_options(old.kind, {**old.options, **(options or {})}),
    )
    goes_elsewhere = _secret_goes_to(new) != _secret_goes_to(old)
    if goes_elsewhere and old.secret is not None and secret is None:
        raise Invalid("another URL takes the secret again: --secret-stdin", field="url")
    uow.systems.replace(new)
    before, after = audit.difference(_facts(old), _facts(new))
    if secret is not None:
        after["secret"] = "changed"  # noqa: S105  that it was, not what it is
    audit.record(uow, actor, "system.change", _object(new), before=before, after=after)
    return new


def remove(uow: UnitOfWork, actor: Actor, name: str) -> System:
    """Forget a system; what it holds is not touched. Raises NotFound."""
    access.require(actor, Permission.SYSTEM_READ, Permission.SYSTEM_WRITE)
    access.everything(actor, _ACT)
    system = _known(uow, name)
    uow.systems.remove(system.id)
    audit.record(uow, actor, "system.remove", _object(system), before=_facts(system))
    return system


def get(uow: UnitOfWork, actor: Actor, name: str) -> System:
    """Return a system; raises NotFound."""
    access.require(actor, Permission.SYSTEM_READ)
    access.everything(actor, _ACT)
    return _known(uow, name)


def all_of(uow: UnitOfWork, actor: Actor) -> list[System]:
    """Return the systems there are, in order of names."""
    access.require(actor, Permission.SYSTEM_READ)
    access.everything(actor, _ACT)
    return uow.systems.all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where somebody looks: in our own store, on systems elsewhere, or both."""

    is_local: bool = True
    systems: Sequence[System] = ()


def named(uow: UnitOfWork, actor: Actor, names: Sequence[str]) -> Where:
    """Return what names mean; none means our own store, `all` everything there is.

    Raises NotFound for a name that no system has.
    """
    if ALL in names:
        return Where(systems=all_of(uow, actor))
    others = [name for name in dict.fromkeys(names) if name != LOCAL]
    return Where(
        is_local=not others or LOCAL in names,
        systems=[get(uow, actor, name) for name in others],
    )


def begin_check(uow: UnitOfWork, actor: Actor, name: str) -> System:
    """Write down that a system is going to be asked; raises NotFound."""
    access.require(actor, Permission.SYSTEM_READ)
    access.everything(actor, _ACT)
    system = _known(uow, name)
    audit.record(uow, actor, "system.check", _object(system))
    return system


def _secret_goes_to(system: System) -> tuple[str, str | None]:
    return system.url, system.options.get(TOKEN_URL)


def _known(uow: UnitOfWork, name: str) -> System:
    system = uow.systems.find(name)
    if system is None:
        raise NotFound("system", name)
    return system


def _user(text: str) -> str:
    if len(text) > MAX_USER or not text.isprintable():
        raise Invalid(f"a user has up to {MAX_USER} printable characters", field="user")
    return text


def _object(system: System) -> str:
    return f"system {system.name}"


def _facts(system: System) -> Mapping[str, Any]:
    return {
        "kind": system.kind.value,
        "url": system.url,
        "user": system.user,
        "authorities": "own" if system.authorities else "the machine's",
        "options": dict(system.options),
    }
