"""Dry runs: a writing service runs as ever, and all it did is taken back."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Concatenate, NoReturn, ParamSpec, cast

from postwarden.model.audit import AuditEntry
from postwarden.services.ports import AuditLog, Store, UnitOfWork

P = ParamSpec("P")


async def rehearse(
    store: Store,
    fn: Callable[Concatenate[UnitOfWork, P], object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[AuditEntry]:
    """Return the audit entries `fn` would write; raises what `fn` raises."""
    entries: list[AuditEntry] = []
    with suppress(_Rehearsed):
        await store.transact(_run, lambda uow: fn(uow, *args, **kwargs), entries)
    return entries


def change(entry: AuditEntry) -> dict[str, object]:
    """Return what an entry says of a change, as dry runs print it."""
    return {
        "action": entry.action,
        "object": entry.object,
        "before": entry.before,
        "after": entry.after,
    }


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal, so that it is taken back."""


class _Listener:
    """A unit of work whose audit entries are heard as well as written."""

    def __init__(self, uow: UnitOfWork, entries: list[AuditEntry]) -> None:
        self._uow = uow
        self._entries = entries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)

    @property
    def audit(self) -> AuditLog:
        return cast(AuditLog, self)

    def record(self, entry: AuditEntry) -> None:
        self._entries.append(entry)
        self._uow.audit.record(entry)


def _run(
    uow: UnitOfWork, service: Callable[[UnitOfWork], object], entries: list[AuditEntry]
) -> NoReturn:
    entries.clear()  # a store may run it again
    service(cast(UnitOfWork, _Listener(uow, entries)))
    raise _Rehearsed
