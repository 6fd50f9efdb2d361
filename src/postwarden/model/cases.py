"""Cases: find every copy of a message, remove them, prove it, take it back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.mailboxes import Flag
from postwarden.model.systems import LOCAL


class CaseState(StrEnum):
    """The life of a case."""

    OPEN = "open"
    PREVIEWED = "previewed"
    APPROVED = "approved"
    RUNNING = "running"
    STOPPED = "stopped"  # by hand, or a system gave no answer; goes on with resume
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    CLOSED = "closed"  # for good: what it contained waits for its retention to end


class Action(StrEnum):
    """What a plan does with its copies."""

    CONTAIN = "contain"  # out of every protocol's sight, no retention clock
    MOVE_JUNK = "move-junk"
    MOVE_TRASH = "move-trash"
    DELETE = "delete"  # to the vault, until retention ends
    SHRED = "shred"  # gone for good, wherever they lie; never what a hold marks
    RESTORE = "restore"  # from the vault and from cases, back to their mailboxes


class OwnerNotice(StrEnum):
    """What the owner of a mailbox is told of what was removed there."""

    SILENT = "silent"
    STUB = "stub"  # a short note in the place of each mail
    DIGEST = "digest"  # one mail per account that lists them


class MatchClass(StrEnum):
    """How a copy belongs to what was searched for."""

    EXACT = "exact"  # the same bytes
    SAME = "same"  # the same fingerprint: other Message-ID or trace headers
    SAME_ID = "same-id"  # the same Message-ID, other content: ids are forgeable
    VARIANT = "variant"  # same subject, body, attachments; other author or date
    ATTACHED = "attached"  # carries one as message/rfc822
    MATCH = "match"  # found by the query itself, without `similar:`


DEFAULT_CLASSES = frozenset({MatchClass.EXACT, MatchClass.SAME, MatchClass.MATCH})
INCLUDABLE = frozenset({MatchClass.SAME_ID, MatchClass.VARIANT, MatchClass.ATTACHED})


class Outcome(StrEnum):
    """What became of one item of a plan."""

    PENDING = "pending"
    REMOVED = "removed"  # the success of every action
    ALREADY_GONE = "already-gone"
    MOVED = "moved"  # found in another mailbox, hash checked, acted on there
    HELD = "held"
    EXCLUDED = "excluded"
    FAILED = "failed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An investigation; `plan` is the id of its newest plan, if there is one.

    `domains` is where its opener may look, None for everywhere: no plan of the case
    goes beyond, whoever makes it. `edited_by` have given it another query.
    """

    id: int = 0
    query: str  # canonical text
    reason: str
    ticket: str | None
    state: CaseState
    opened_by: str
    opened_at: datetime
    plan: int | None = None
    domains: tuple[str, ...] | None = None
    edited_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Copies of one content within a plan."""

    fingerprint: str  # hex; of the bytes where the message has no fingerprint
    subject: str
    author: str
    messages: int
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """How many copies of one class there are, in the plan or beside it."""

    match_class: MatchClass
    messages: int
    copies: int
    accounts: int
    included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Somebody who got the mail and has no copy that the plan lists.

    `event` is the last that happened to the mail there.
    """

    account: str
    event: str
    time: str  # RFC 3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """Whom the ledger says the plan's messages reached, beside what was found.

    `recipients` counts accounts that got one, `missing` those of them without a copy
    in the plan, some of which are `shown`. `waiting` counts addresses whose mail is
    queued or parked, `left` those elsewhere that it was sent to.
    """

    recipients: int
    missing: int
    waiting: int
    left: int
    shown: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """What a plan has of one mail system: our own store, or one elsewhere.

    `number` tells a system from a later one of the same name, 0 is our own store.
    `problems` are what could not be looked into, `lacks` what cannot be done there.
    """

    system: str
    number: int = 0
    copies: int = 0
    accounts: int = 0
    problems: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A frozen list of copies and what to do with them.

    `sha256` is None while the items are still being written. `copies` counts those
    that it acts on, `excluded` those that it lists and leaves alone, by the
    addresses and `@domain`s in `exclude` or for a reason of their own. `related`
    counts messages that reply to or refer to what was found; no plan touches them.
    `traced` is None where there was too much to trace. `parts` are the systems that
    were asked for by name, none when it was our own store alone.
    """

    id: int = 0
    case: int
    query: str
    action: Action
    classes: tuple[MatchClass, ...]
    created_at: datetime
    created_by: str
    sha256: bytes | None = None
    messages: int = 0
    copies: int = 0
    accounts: int = 0
    related: int = 0
    excluded: int = 0
    exclude: tuple[str, ...] = ()
    notice: OwnerNotice = OwnerNotice.SILENT
    counts: tuple[ClassCount, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    traced: Traced | None = None
    warnings: tuple[str, ...] = ()
    parts: tuple[PlanPart, ...] = ()


ELSEWHERE = 0  # the number of an account, a copy, a UID that is none of our store


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePlace:
    """Where an item lies that is on another system, in that system's words.

    `reference` found it at the preview, `acted_reference` finds it since it was moved;
    size, subject, author and Message-ID are as the system listed them. `fingerprint`
    tells its mail where that has one. While it `is_asked`, the system was told to move
    it and nobody has heard yet whether it did.
    """

    reference: str
    size: int = 0
    subject: str = ""
    author: str = ""
    message_id: str | None = None
    fingerprint: bytes | None = None
    acted_reference: str | None = None
    is_asked: bool = False

    @property
    def now(self) -> str:
        """The reference that finds it where it was last seen."""
        return self.acted_reference or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One copy of a plan. All but `outcome`, `reason` and `acted_*` is frozen.

    `acted_mailbox` is where the copy lay when it was acted on: undo returns
    it there. What lies on another system has a `remote` place; its copy, account and
    UID are ELSEWHERE.
    """

    item: int  # counts from 1 within the plan
    copy: int
    account: int
    address: str
    mailbox: str
    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: datetime
    size: int
    sha256: bytes
    message_id: str | None
    match_class: MatchClass
    system: str = LOCAL
    remote: RemotePlace | None = None
    hold: tuple[int, ...] = ()
    outcome: Outcome = Outcome.PENDING
    reason: str | None = None
    acted_mailbox: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's word that exactly this plan may run.

    With `break_glass` it is the word of whoever made the plan, and the reason why
    nobody else was asked; another person reviews it afterwards.
    """

    id: int = 0
    case: int
    plan_sha256: bytes
    actor: str
    approved_at: datetime
    expires_at: datetime
    break_glass: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    review: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedRule:
    """Late copies of what a plan has acted on are acted on as they arrive.

    `plan` says what is done, `caught_plan` has the items. `accounts` is the part of
    the case's query that is about accounts, as canonical text, None for all.
    """

    id: int = 0
    case: int
    plan: int
    caught_plan: int
    accounts: str | None
    armed_by: str
    armed_at: datetime
    until: datetime
    ended_at: datetime | None = None
    caught: int = 0

    def is_armed(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.until
