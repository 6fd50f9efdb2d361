"""Verifying the audit log: entry by entry, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry, AuditHead, ChainCheck, facts
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import Store, UnitOfWork

PAGE = 500  # entries read at a time
_UNREADABLE = (TypeError, ValueError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far the log is whole; `problem` names the first broken entry."""

    head: AuditHead | None
    problem: str | None

    @property
    def entries(self) -> int:
        """How many entries are in order."""
        return 0 if self.head is None else self.head.entry


def no_news(_entries: int) -> None:
    """Tell nobody."""


async def verify(
    store: Store, actor: Actor, *, progress: Callable[[int], None] = no_news
) -> Verdict:
    """Follow the chain from the first entry to the newest.

    It finds every entry that was altered, dropped, inserted or moved, but for a
    tail that was cut off: no log can say itself what it does not have any more.
    """
    access.require(actor, Permission.AUDIT_READ)
    access.everything(actor, "verify the audit log")
    chain = ChainCheck()
    while True:
        after = 0 if chain.head is None else chain.head.entry
        try:
            entries = await store.read(_page, after, PAGE)
            for entry in entries:
                if problem := chain.problem(facts(entry)):
                    return Verdict(head=chain.head, problem=problem)
        except _UNREADABLE:
            return await _one_by_one(store, chain)
        progress(len(entries))
        if len(entries) < PAGE:
            return Verdict(head=chain.head, problem=None)


async def _one_by_one(store: Store, chain: ChainCheck) -> Verdict:
    """Name the entry of a page that holds what no entry of ours does."""
    while True:
        after = 0 if chain.head is None else chain.head.entry
        try:
            (entry,) = await store.read(_page, after, 1)
            problem = chain.problem(facts(entry))
        except _UNREADABLE:
            problem = f"entry {after + 1} was altered: it cannot be read"
        if problem:
            return Verdict(head=chain.head, problem=problem)


def _page(uow: UnitOfWork, after: int, limit: int) -> list[AuditEntry]:
    return uow.audit.page(after=after, limit=limit)
