"""Mail files as they are found, and what is stored and known of each."""

from dataclasses import dataclass
from datetime import datetime

from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import NO_FLAGS, Flag
from postwarden.model.messages import NewMessage
from postwarden.services.ingest import stored_form
from postwarden.wire.mbox import without_separator
from postwarden.wire.mime import NotAMessage, require_header
from postwarden.wire.mime.dates import parse_date
from postwarden.wire.mime.headers import Header
from postwarden.wire.mime.limits import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMail:
    """A mail as it was found; `place` tells people where, `name` the ledger.

    `internal_date` is None where the mail's own fields are to be asked first, and
    `file_time` when they say nothing. `is_exact` content is stored as it is.
    """

    place: str
    name: str
    mailbox: str
    content: bytes
    file_time: datetime
    internal_date: datetime | None = None
    flags: Flag = NO_FLAGS
    keywords: tuple[str, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BadItem:
    """Something that cannot be imported; `skipped` things are no failures."""

    place: str
    reason: str
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that is about to be filed."""

    place: str
    name: str
    mailbox: str
    message: NewMessage
    internal_date: datetime
    flags: Flag
    keywords: tuple[str, ...]


def content_of(found: FoundMail) -> bytes:
    """Return what is stored of a mail file; raises Invalid for what is no mail."""
    if found.is_exact:
        return found.content
    content = without_separator(found.content)
    try:
        require_header(content)
    except NotAMessage as error:
        reason = f"not a mail: {error}" if found.content else "the file is empty"
        raise Invalid(reason) from error
    return stored_form(content)


def arrival(found: FoundMail, message: NewMessage) -> Arrival:
    """Return a found mail as it is filed."""
    return Arrival(
        place=found.place,
        name=found.name,
        mailbox=found.mailbox,
        message=message,
        internal_date=found.internal_date or _own_date(message) or found.file_time,
        flags=found.flags,
        keywords=found.keywords,
    )


def _own_date(message: NewMessage) -> datetime | None:
    """Return when the last relay took a mail, else when it was written.

    The topmost Received is the last relay's (RFC 5321 §4.4).
    """
    received = Header(message.header, Budget()).first(b"received")
    date = parse_date(received.rpartition(b";")[2].strip()) if received else None
    return date or message.date
