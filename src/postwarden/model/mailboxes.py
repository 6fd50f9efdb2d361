"""Mailboxes (IMAP folders), flags, and copies of messages in them.

UID, UIDVALIDITY, flags: RFC 9051 §2.3; MODSEQ: RFC 7162; save date: RFC 8514.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag, StrEnum

from postwarden.model.errors import Invalid

INBOX = "INBOX"
DRAFTS, SENT, JUNK, TRASH = "Drafts", "Sent", "Junk", "Trash"  # RFC 6154 §2
SEPARATOR = "/"
MAX_NAME = 255  # characters
MAX_DEPTH = 20
MAX_KEYWORDS = 100
MAX_KEYWORD = 64  # characters


class Flag(IntFlag):
    """The system flags of RFC 9051 §2.3.2, as stored."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


NO_FLAGS = Flag(0)
_KEYWORD = re.compile(r"[!#-$&'+-\[^-z|}~]+", re.ASCII)

_NAMES = {
    Flag.SEEN: "\\Seen",
    Flag.ANSWERED: "\\Answered",
    Flag.FLAGGED: "\\Flagged",
    Flag.DELETED: "\\Deleted",
    Flag.DRAFT: "\\Draft",
}
_FLAGS = {name.casefold(): flag for flag, name in _NAMES.items()}


def flag_names(flags: Flag, keywords: tuple[str, ...] = ()) -> list[str]:
    """Return flags spelt as in IMAP, system flags first."""
    return [name for flag, name in _NAMES.items() if flag & flags] + list(keywords)


def flags_of(names: list[str]) -> tuple[Flag, tuple[str, ...]]:
    """Split IMAP spellings into system flags and sorted keywords."""
    flags, keywords = Flag(0), set[str]()
    for name in names:
        known = _FLAGS.get(name.casefold())
        if known is None:
            keywords.add(name)
        else:
            flags |= known
    return flags, tuple(sorted(keywords))


class CopyState(StrEnum):
    """Where a copy lies: in its mailbox, or out of every protocol's sight."""

    LIVE = "live"
    CONTAINED = "contained"  # by a case that is not closed: no retention clock
    VAULTED = "vaulted"  # deleted; waits for its retention to end


class DiscardKind(StrEnum):
    """How an owner threw a copy away that lies in the vault."""

    DELETED = "deleted"  # the owner sees it there and may take it back
    PURGED = "purged"  # gone for the owner; administrators in his place see it
    REPLACED = "replaced"  # another copy took its place; they see it, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox with its counters, which every write path maintains."""

    id: int
    account: int
    name: str
    uid_validity: int
    uid_next: int = 1
    highest_modseq: int = 1
    messages: int = 0
    unseen: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message in a mailbox. Its id survives a MOVE; its UID does not.

    While contained or vaulted, `mailbox` and `uid` say where it lay.
    `reception` and `recipient` name the envelope that brought it, if one did.
    `held` counts the holds that mark it; only marking changes it. In the vault
    since `vaulted_at`, it is destroyed after `expires_at`; what is contained has
    neither. `lay_in` names its mailbox while it is hidden, should that go;
    `discarded` says that its owner threw it away, not a case or the end of a hold.

    A message never changes, so a changed draft is another copy in the place of one.
    To whoever knows mail by item both are one: `item` is the id of the first of the
    line, and `item_uid` the UID under which it came into the mailbox. None is the
    copy's own; what was replaced is an item apart, its id below zero.
    """

    id: int
    account: int
    mailbox: int
    uid: int
    message: int
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: datetime
    save_date: datetime
    modseq: int
    size: int
    state: CopyState = CopyState.LIVE
    reception: int | None = None
    recipient: int | None = None
    held: int = 0
    vaulted_at: datetime | None = None
    expires_at: datetime | None = None
    lay_in: str | None = None
    discarded: DiscardKind | None = None
    item: int | None = None
    item_uid: int | None = None


class SortField(StrEnum):
    """What the mail of a mailbox is listed by.

    `date` is that of the message's own field, of one without it the internal date.
    Subject and author compare as they are, but ASCII letters without case.
    """

    DATE = "date"
    RECEIVED = "received"  # the internal date
    SIZE = "size"
    SUBJECT = "subject"
    AUTHOR = "author"
    UID = "uid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of mail; what is alike goes by UID, in the same direction."""

    field: SortField = SortField.UID
    descending: bool = False


def checked_keywords(keywords: Iterable[str]) -> tuple[str, ...]:
    """Return keywords sorted and once each; raises Invalid (RFC 9051 §9, atom)."""
    kept = tuple(sorted(set(keywords)))
    if len(kept) > MAX_KEYWORDS:
        raise Invalid(f"a copy has up to {MAX_KEYWORDS} keywords", field="keywords")
    for each in kept:
        if not 1 <= len(each) <= MAX_KEYWORD or not _KEYWORD.fullmatch(each):
            raise Invalid(f"not a keyword: {each[:MAX_KEYWORD]!r}", field="keywords")
    return kept


def mailbox_name(text: str) -> str:
    """Return `text` as a mailbox name; raises Invalid (RFC 9051 §5.1).

    INBOX is INBOX in any case. No control characters, no empty level, no `.` or
    `..` as a level, which would mean something else in an export.
    """
    levels = text.split(SEPARATOR)
    if not text or len(text) > MAX_NAME or len(levels) > MAX_DEPTH:
        raise Invalid(f"not a mailbox name: {text[:80]!r}", field="mailbox")
    if any(level.strip() in {"", ".", ".."} for level in levels) or any(
        not c.isprintable() or c in "*%" for c in text
    ):
        raise Invalid(f"not a mailbox name: {text!r}", field="mailbox")
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    return SEPARATOR.join(levels)
