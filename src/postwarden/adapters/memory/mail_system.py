"""A mail system in memory: accounts with mail, some of it aside."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.queries import words_of
from postwarden.services.ingest import new_message
from postwarden.services.ports.systems import (
    Fields,
    Location,
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
    SystemReport,
)

_RECEIVED = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Lying:
    """A mail in a mailbox of an account; what is aside its owner does not see."""

    reference: str
    account: str
    mailbox: str
    content: bytes
    flags: tuple[str, ...] = ()
    internal_date: datetime = _RECEIVED
    aside: bool = False
    notes: str = ""  # what only this system knows of it


@dataclass(slots=True)
class MemoryMailSystem:
    """See `services.ports.MailSystem`.

    A reference is good while its mail lies where it is, as with most systems. While it
    is not `reachable` nothing is done; whoever is in `broken` cannot be looked into.
    """

    mails: list[Lying] = field(default_factory=list)
    reachable: bool = True
    broken: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(self, account: str, mailbox: str, content: bytes, *flags: str) -> Lying:
        """Put a mail into a mailbox."""
        lying = Lying(
            reference=self._reference(),
            account=account,
            mailbox=mailbox,
            content=content,
            flags=flags,
        )
        self.mails.append(lying)
        return lying

    async def check(self) -> SystemReport:
        self._reach()
        return SystemReport(product="memory", version="1", lacks=("it forgets",))

    async def accounts(self, *, domain: str | None = None) -> AsyncIterator[Fields]:
        self._reach()
        for address in sorted({each.account for each in self.mails}):
            if domain is None or address.endswith(f"@{domain}"):
                yield {"address": address, "kind": "account"}

    async def lists(self, *, domain: str | None = None) -> AsyncIterator[Fields]:
        self._reach()
        none: Sequence[Fields] = ()
        for each in none:
            yield each

    async def find(
        self, wanted: Narrowing
    ) -> AsyncIterator[RemoteCopy | RemoteProblem]:
        self._reach()
        for account in sorted(self.broken):
            yield RemoteProblem(account=account, reason="its mailbox is broken")
        for lying in list(self.mails):
            if lying.aside or lying.account in self.broken:
                continue
            copy = _copy(lying)
            if _passes(copy, wanted):
                yield copy

    async def content(self, copy: RemoteCopy) -> bytes:
        self._reach()
        found = self._at(copy.reference)
        if found is None:
            raise NotFound("copy", f"{copy.mailbox} of {copy.account}")
        return found.content

    async def contain(self, copies: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
        self._reach()
        return [self._move(self._at(copy.reference), aside=True) for copy in copies]

    async def restore(self, copies: Sequence[Return]) -> list[RemoteOutcome]:
        self._reach()
        outcomes = []
        for each in copies:
            found = self._at(each.copy.reference)
            if found is None and each.content is not None:
                copy = each.copy
                made = self.add(copy.account, copy.mailbox, each.content, *copy.flags)
                made.internal_date = copy.internal_date
                outcomes.append(
                    RemoteOutcome(reference=made.reference, reason="its notes are lost")
                )
            else:
                outcomes.append(self._move(found, aside=False))
        return outcomes

    async def locate(
        self, copies: Sequence[RemoteCopy], *, towards: Place
    ) -> list[Location]:
        self._reach()
        return [self._location(copy, towards) for copy in copies]

    def _location(self, copy: RemoteCopy, towards: Place) -> Location:
        if self._at(copy.reference) is not None:
            before = Place.HOME if towards is Place.ASIDE else Place.ASIDE
            return Location(place=before, reference=copy.reference)
        there = [
            each
            for each in self.mails
            if each.aside is (towards is Place.ASIDE)
            and (each.account, each.mailbox) == (copy.account, copy.mailbox)
            and _copy(each).message_id == copy.message_id
        ]
        if len(there) != 1:
            return Location(place=Place.NOWHERE)
        return Location(place=towards, reference=there[0].reference)

    async def close(self) -> None:
        """Log out."""

    def _reach(self) -> None:
        if not self.reachable:
            raise Unavailable("the system gives no answer")

    def _reference(self) -> str:
        return f"r{next(self._numbers)}"

    def _at(self, reference: str) -> Lying | None:
        found = (each for each in self.mails if each.reference == reference)
        return next(found, None)

    def _move(self, lying: Lying | None, *, aside: bool) -> RemoteOutcome:
        if lying is None:
            return RemoteOutcome()
        lying.aside, lying.reference = aside, self._reference()
        return RemoteOutcome(reference=lying.reference)


def _copy(lying: Lying) -> RemoteCopy:
    message = new_message(hashlib.sha256(lying.content).digest(), lying.content)
    return RemoteCopy(
        account=lying.account,
        mailbox=lying.mailbox,
        reference=lying.reference,
        size=message.size,
        internal_date=lying.internal_date,
        message_id=message.message_id,
        subject=message.subject,
        author=message.author,
        flags=lying.flags,
    )


def _passes(copy: RemoteCopy, wanted: Narrowing) -> bool:
    domain = copy.account.rpartition("@")[2]
    return (
        (wanted.message_ids is None or copy.message_id in wanted.message_ids)
        and set(wanted.subject_words) <= set(words_of(copy.subject))
        and (wanted.accounts is None or copy.account.casefold() in wanted.accounts)
        and (wanted.domains is None or domain in wanted.domains)
        and (wanted.after is None or copy.internal_date >= wanted.after)
        and (wanted.before is None or copy.internal_date < wanted.before)
    )
