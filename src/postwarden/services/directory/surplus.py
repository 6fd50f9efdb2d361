"""What a directory has beyond a file that is to replace it, and its removal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import MailError
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task
from postwarden.services import access, domains, entries, forwards, removals
from postwarden.services.directory import exporting, rows
from postwarden.services.ports import UnitOfWork
from postwarden.wire.directory import FIELDS, RowKind

ORDER = (
    *(RowKind.FORWARD, RowKind.DOMAIN_ALIAS, RowKind.ALIAS, RowKind.GROUP),
    *(RowKind.LIST, RowKind.ACCOUNT, RowKind.DOMAIN),
)
"""In which kinds are removed: what leads somewhere before what it leads to."""

IsWanted = Callable[[RowKind, str], bool]


@dataclass(frozen=True, slots=True)
class Surplus:
    """Names that no row has among the next of a kind; `after` is None at the end."""

    names: Sequence[str]
    seen: int
    after: str | None


def page(
    uow: UnitOfWork,
    actor: Actor,
    kind: RowKind,
    is_wanted: IsWanted,
    *,
    after: str = "",
    limit: int,
) -> Surplus:
    """Return what is not wanted among the next objects of a kind."""
    access.require(actor, Permission.DIRECTORY_READ)
    found = exporting.page(uow, actor, kind, after=after, limit=limit)
    names = [
        str(row.fields[FIELDS[kind][0]])
        for _, row in found
        if not is_wanted(kind, rows.key_of(row))
    ]
    return Surplus(names, len(found), found[-1][0] if len(found) == limit else None)


def remove(
    uow: UnitOfWork, actor: Actor, kind: RowKind, names: Sequence[str]
) -> list[Task | MailError | None]:
    """Remove some hundred objects; an account leaves a task that vaults its mail."""
    access.require(actor, Permission.DIRECTORY_READ)
    return [_removed(uow, actor, kind, name) for name in names]


def release(
    uow: UnitOfWork, actor: Actor, names: Sequence[str]
) -> list[MailError | None]:
    """Let domains that are to go give no mail to anybody, so that all can go."""
    access.require(actor, Permission.DIRECTORY_READ)
    return [_released(uow, actor, name) for name in names]


def _released(uow: UnitOfWork, actor: Actor, name: str) -> MailError | None:
    try:
        domain = access.managed_domain(uow, actor, name)
        if domain.catch_all is not None or domain.postmaster is not None:
            domains.change(uow, actor, name, catch_all="", postmaster="")
    except MailError as error:
        return error
    return None


def _removed(
    uow: UnitOfWork, actor: Actor, kind: RowKind, name: str
) -> Task | MailError | None:
    try:
        match kind:
            case RowKind.DOMAIN:
                domains.remove(uow, actor, name)
            case RowKind.DOMAIN_ALIAS:
                domains.remove_alias(uow, actor, name)
            case RowKind.ACCOUNT:
                return removals.start(uow, actor, Address.parse(name)).task
            case RowKind.FORWARD:
                forwards.remove(uow, actor, Address.parse(name))
            case _:
                entries.remove(uow, actor, EntryKind(kind.value), Address.parse(name))
    except MailError as error:
        return error
    return None
