"""Verifying the audit log: entry by entry, and against the heads that were signed.

What is checked of a store and of an exported file is the same `LogCheck`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry, AuditHead, ChainCheck, facts, stamp
from postwarden.model.audit_heads import SignedHead, head_facts, statement
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import Store, UnitOfWork
from postwarden.wire.ed25519 import is_signed

PAGE = 500  # entries read at a time
_UNREADABLE = (TypeError, ValueError, AttributeError, OverflowError, RecursionError)


class LogCheck:
    """Hears a log from its beginning and says what is wrong first.

    `anchors` are heads that were kept elsewhere. With `key` the newest head of the
    log itself must be signed with it.
    """

    def __init__(
        self, anchors: Sequence[SignedHead] = (), *, key: bytes | None = None
    ) -> None:
        self._chain = ChainCheck()
        self._anchors = sorted(anchors, key=lambda head: head.entry)
        self._key = key
        self.signed: SignedHead | None = None  # the newest head that was in order

    @property
    def head(self) -> AuditHead | None:
        """The last entry that was in order."""
        return self._chain.head

    @property
    def entries(self) -> int:
        """How many entries were in order."""
        return 0 if self.head is None else self.head.entry

    def entry(self, fields: Mapping[str, Any]) -> str | None:
        """Take the next entry, as `facts` returns it."""
        if problem := self._chain.problem(fields):
            return problem
        while self._anchors and self._anchors[0].entry <= self.entries:
            anchor = self._anchors.pop(0)
            if problem := self._unlike(anchor, "was anchored outside"):
                return problem
        return None

    def signed_head(self, head: SignedHead) -> str | None:
        """Take a signed head of the entry that was heard last."""
        if problem := self._unlike(head, "was signed"):
            return problem
        self.signed = head
        return None

    def end(self) -> str | None:
        """Say what is missing behind the last entry."""
        if self._anchors:
            anchor = self._anchors[-1]
            return (
                f"entries {self.entries + 1} to {anchor.entry} are missing: "
                f"entry {anchor.entry} was anchored outside at {stamp(anchor.time)}"
            )
        if self._key is not None and (
            self.signed is None or self.signed.public_key != self._key
        ):
            return "the newest signed head is not of the key that it must be of"
        return None

    def _unlike(self, head: SignedHead, what: str) -> str | None:
        if not is_signed(statement(head), head.signature, head.public_key):
            return f"the signature of the head of entry {head.entry} is wrong"
        if head.head != self.head:
            return (
                f"entry {head.entry} is not the one that {what} at {stamp(head.time)}:"
                " the log was written anew"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far the log is whole; `problem` names the first broken entry.

    `signed` is the newest head in the store itself; what came behind it rests on
    the chain alone.
    """

    head: AuditHead | None
    signed: SignedHead | None = None
    problem: str | None = None

    @property
    def entries(self) -> int:
        """How many entries are in order."""
        return 0 if self.head is None else self.head.entry


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as it is told and kept."""
    return {
        "whole": verdict.problem is None,
        "entries": verdict.entries,
        "hash": None if verdict.head is None else verdict.head.hash.hex(),
        "signed": None if verdict.signed is None else head_facts(verdict.signed),
        "problem": verdict.problem,
    }


Progress = Callable[[int], Awaitable[None]]
"""Hears of entries as they are found to be in order."""


def no_news(_entries: int) -> None:
    """Tell nobody."""


async def verify(
    store: Store,
    actor: Actor,
    *,
    anchors: Sequence[SignedHead] = (),
    key: bytes | None = None,
    progress: Callable[[int], None] = no_news,
) -> Verdict:
    """Follow the log from the first entry to the newest.

    It finds every entry that was altered, dropped, inserted or moved. A tail that
    was cut off, and a log that was written anew as a whole, show against `anchors`
    alone: no log can say itself what it does not have any more.
    """
    access.require(actor, Permission.AUDIT_READ)
    access.everything(actor, "verify the audit log")

    async def told(count: int) -> None:
        progress(count)

    return await follow(store, LogCheck(anchors, key=key), told)


async def follow(store: Store, check: LogCheck, progress: Progress) -> Verdict:
    """Let `check` hear the log of a store; for whoever asked who may."""
    try:
        problem = await _pages(store, check, progress)
    except _UNREADABLE:
        problem = await _one_by_one(store, check)
    problem = problem or await store.read(_cut_off, check) or check.end()
    return Verdict(head=check.head, signed=check.signed, problem=problem)


async def _pages(store: Store, check: LogCheck, progress: Progress) -> str | None:
    while True:
        before = check.entries
        entries, heads = await store.read(_page, before, PAGE)
        if problem := _heard(check, entries, heads):
            return problem
        await progress(len(entries))
        if len(entries) < PAGE:
            return None


async def _one_by_one(store: Store, check: LogCheck) -> str | None:
    """Name the entry of a page that holds what no entry of ours does."""
    while True:
        number = check.entries + 1
        try:
            entries, heads = await store.read(_page, number - 1, 1)
            problem = _heard(check, entries, heads)
        except _UNREADABLE:
            problem = f"entry {number} was altered: it cannot be read"
        if problem or check.entries < number:
            return problem


def _page(
    uow: UnitOfWork, after: int, limit: int
) -> tuple[list[AuditEntry], list[SignedHead]]:
    entries = uow.audit.page(after=after, limit=limit)
    last = entries[-1].id if entries else after
    return entries, uow.audit.signed(after=after, up_to=last)


def _heard(
    check: LogCheck, entries: Sequence[AuditEntry], heads: Sequence[SignedHead]
) -> str | None:
    left = list(heads)
    for entry in entries:
        if problem := check.entry(facts(entry)):
            return problem
        while left and left[0].entry == entry.id:
            if problem := check.signed_head(left.pop(0)):
                return problem
    return None


def _cut_off(uow: UnitOfWork, check: LogCheck) -> str | None:
    newest = uow.audit.newest_signed()
    if newest is None or newest.entry <= check.entries:
        return None
    return (
        f"entries {check.entries + 1} to {newest.entry} are missing: "
        f"the store has a signed head of entry {newest.entry}"
    )
