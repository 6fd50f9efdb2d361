"""Mail systems: those that are known, and the way to each."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from postwarden.model.systems import System


class Systems(Protocol):
    """The systems that are driven. There are few: `services.systems` bounds them."""

    def add(self, system: System) -> System:
        """Raise AlreadyExists for a name that is taken."""
        ...

    def all(self) -> list[System]:
        """Return every system in order of names."""
        ...

    def find(self, name: str) -> System | None: ...

    def replace(self, system: System) -> None:
        """Raise NotFound for an unknown id; the name stays."""
        ...

    def remove(self, system: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """What a system said of itself when it was asked.

    `rights` is what its login may do there, `lacks` what cannot be done with it,
    each a sentence for people.
    """

    product: str
    version: str
    rights: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


Fields = Mapping[str, object]
"""A row of an inventory: the columns of `inventory` first, and what else is known.

Times are aware datetimes, sizes octets, None is unknown.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Conditions that all hold for what is looked for; None is no condition.

    `message_ids`: one of these, whole. `subject_words`: words that all are in the
    subject, folded. `accounts`, `domains`: one of these addresses, or an address of
    one of these domains. Times are aware: at `after` or later, earlier than `before`.
    Sizes in octets: more than `larger`, fewer than `smaller`.
    """

    message_ids: frozenset[str] | None = None
    subject_words: tuple[str, ...] = ()
    accounts: frozenset[str] | None = None
    domains: frozenset[str] | None = None
    after: datetime | None = None
    before: datetime | None = None
    larger: int | None = None
    smaller: int | None = None
    has_attachment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCopy:
    """A copy on a system, with what it says of it.

    `reference` finds it again while it lies where it is, and is nobody's business
    but the connector's. `mailbox` is a path with `/` between its levels.
    """

    account: str
    mailbox: str
    reference: str
    size: int
    internal_date: datetime
    message_id: str | None
    subject: str
    author: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteProblem:
    """An account, a part of it, or a domain that could not be looked into, and why."""

    account: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOutcome:
    """What became of one copy: where it lies now, or why not.

    Neither `reference` nor `reason` means that it was not there any more. When the
    answer was lost, it `is_unknown` whether anything was done: ask `locate`.
    """

    reference: str | None = None
    reason: str | None = None
    is_unknown: bool = False


class Place(StrEnum):
    """Where a copy is that was to be moved."""

    HOME = "home"  # where it lay
    ASIDE = "aside"  # contained
    NOWHERE = "nowhere"  # in neither place


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a copy is, with the reference that finds it there."""

    place: Place
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A contained copy that is to go back.

    `copy` is as it was found, with the reference it has now. `content` are its octets
    as they were read then, for a system that has lost it; what such a copy cannot get
    back is said in the outcome's `reason`, beside its reference.
    """

    copy: RemoteCopy
    content: bytes | None = None


class MailSystem(Protocol):
    """The way to one system; its methods are called between transactions.

    Every method raises Unavailable when the system cannot be reached or refuses the
    login, and does not try for ever. One copy that fails never stops the others.
    """

    async def check(self) -> SystemReport:
        """Log in, and say what is there."""
        ...

    def accounts(
        self, *, domain: str | None = None
    ) -> AsyncIterator[Fields | RemoteProblem]:
        """Yield accounts and aliases; a domain that fails is named, and stops none."""
        ...

    def lists(
        self, *, domain: str | None = None
    ) -> AsyncIterator[Fields | RemoteProblem]:
        """Yield mailing lists; a domain that fails is named, and stops none."""
        ...

    def find(self, wanted: Narrowing) -> AsyncIterator[RemoteCopy | RemoteProblem]:
        """Yield all copies for which the conditions hold, and maybe others.

        In every folder, and where deleted mail waits too. Raises Invalid naming
        the condition that the system cannot do without, as some do with accounts.
        """
        ...

    async def content(self, copy: RemoteCopy) -> bytes:
        """Return the octets of a copy; raises NotFound."""
        ...

    async def contain(self, copies: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
        """Put copies where their owners do not see them, and nothing destroys them.

        There is one outcome for each, in their order.
        """
        ...

    async def restore(self, copies: Sequence[Return]) -> list[RemoteOutcome]:
        """Return contained copies to where they lay; one outcome for each."""
        ...

    async def locate(
        self, copies: Sequence[RemoteCopy], *, towards: Place
    ) -> list[Location]:
        """Say where copies are of which it is not known whether they were moved.

        Their references found them before; `towards` is where they were to go.
        """
        ...

    async def close(self) -> None:
        """Log out."""
        ...


Connect = Callable[[System], MailSystem]
"""Gives the way to a system without sending anything; raises Unavailable."""
