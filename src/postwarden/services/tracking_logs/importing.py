"""Message tracking logs of other systems become events of the ledger.

A row is an event for each of its recipients; where addresses are replaced by others,
for each that was, as it is with mail here. It is known by all that it says, so the same
file twice adds nothing, and an import that was cut off is simply run again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.model.ledger import NO_TRACE, Event, LedgerEvent
from postwarden.model.permissions import Permission
from postwarden.model.queries import message_id_key
from postwarden.model.tracking import LogRow
from postwarden.services import access, audit
from postwarden.services.ports import UnitOfWork
from postwarden.services.tallies import Imported
from postwarden.wire.tracking_log import Row

REPLACING: Final = frozenset({Event.RESOLVE, Event.EXPAND, Event.REDIRECT})
SOURCE: Final = "tracking-log"
MAX_EVENTS: Final = 2000
"""Events that are filed in one transaction, unless one row has more."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
_MAX_DETAIL: Final = 1000  # characters; the row has the whole
_MAX_NAMED: Final = 10  # addresses in a detail
_NULL_PATH: Final = "<>"
_ACT: Final = "import tracking logs, which tell of every domain"


@dataclass(slots=True, kw_only=True)
class Tally(Imported):
    """What an import has done so far; `failed` counts lines that are no rows."""

    files: int = 0
    events: int = 0


def source_named(name: str | None) -> str:
    """Return the source of events from such a log; raises Invalid."""
    if name is None:
        return SOURCE
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"--source {name!r} is no name: use a-z, 0-9, dots and hyphens, 64 at most",
            field="source",
        )
    return f"{SOURCE}:{name}"


def check(uow: UnitOfWork, actor: Actor) -> None:
    """Let pass who may import a log; raises Forbidden."""
    access.require(actor, Permission.MAIL_IMPORT)
    access.everything(actor, _ACT)


def new_rows(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> list[Row]:
    """Return those rows that are not there yet, each once."""
    access.require(actor, Permission.MAIL_IMPORT)
    access.everything(actor, _ACT)
    first = {row.digest: row for row in reversed(rows)}
    known = uow.log_rows.known(list(first))
    return [r for r in rows if r.digest not in known and first[r.digest] is r]


def file(uow: UnitOfWork, actor: Actor, rows: Sequence[Row], source: str) -> list[Row]:
    """Write the events of some rows into the ledger; return the rows that are new."""
    access.require(actor, Permission.MAIL_IMPORT)
    new = new_rows(uow, actor, rows)
    numbers = uow.log_rows.add([_log_row(each) for each in new])
    uow.ledger.record(
        event
        for row, number in zip(new, numbers, strict=True)
        for event in _events(row, number, source)
    )
    return new


def is_replacement(row: Row) -> bool:
    """Whether a row says which addresses took the place of which."""
    return row.event in REPLACING and bool(row.related)


def events_of(row: Row) -> int:
    """Return how many events a row is."""
    return len(_concerned(row))


def record_run(
    uow: UnitOfWork, actor: Actor, paths: Sequence[Path], source: str, tally: Tally
) -> None:
    """Write down an import that has ended, whatever ended it."""
    access.require(actor, Permission.MAIL_IMPORT)
    audit.record(
        uow,
        actor,
        "ledger.import",
        f"ledger {source}",
        after={"paths": [str(each) for each in paths], **counts(tally)},
    )


def counts(tally: Tally) -> Mapping[str, int]:
    """Return the counts of a run as the command prints them."""
    return {
        "files": tally.files,
        "imported": tally.imported,
        "events": tally.events,
        "skipped_duplicates": tally.duplicates,
        "failed": tally.failed,
    }


def _log_row(row: Row) -> LogRow:
    return LogRow(
        digest=row.digest,
        message_id=message_id_key(row["message-id"]) or None,
        subject=row["message-subject"],
        sender=row["sender-address"],
        sender_address=_address(row["sender-address"]),
        size=row.size,
        fields=row.fields,
    )


def _events(row: Row, number: int, source: str) -> Iterator[LedgerEvent]:
    reverse_path = _address(row["return-path"])
    has_envelope = reverse_path is not None or row["return-path"] == _NULL_PATH
    for recipient, said in _concerned(row):
        forward_path = _address(recipient)
        yield LedgerEvent(
            time=row.time,
            event=Event(row.event),
            trace_id=_trace_id(row),
            log_row=number,
            has_envelope=has_envelope,
            reverse_path=reverse_path,
            forward_path=forward_path,
            client_ip=row["client-ip"] or row["original-client-ip"] or None,
            source=source,
            detail=_detail(row, said, "" if forward_path else recipient),
        )


def _trace_id(row: Row) -> str:
    """What stays the same while mail is split up and expanded."""
    # Exchange 2010 and earlier have no network-message-id.
    return row["network-message-id"] or message_id_key(row["message-id"]) or NO_TRACE


def _concerned(row: Row) -> Sequence[tuple[str, str]]:
    """Return the addresses that a row is about, each with what it says of it."""
    if is_replacement(row):
        named = ", ".join(row.recipients)
        if len(row.recipients) > _MAX_NAMED:
            named = f"{len(row.recipients)} addresses"
        return [(each, named) for each in row.related]
    return [*zip(row.recipients, row.statuses, strict=True)] or [("", "")]


def _detail(row: Row, said: str, unread_recipient: str) -> str:
    """Say in a line what has no place in an event of ours."""
    parts = (
        row["source"],
        unread_recipient and f"recipient {unread_recipient}",
        said,
        row["server-hostname"] and f"on {row['server-hostname']}",
    )
    return ", ".join(filter(None, parts))[:_MAX_DETAIL]


@lru_cache(maxsize=20_000)
def _address(text: str) -> Address | None:
    """Return an address, None for what is none: X.500 names, `<>`, nothing.

    Logs name the same few over and over.
    """
    try:
        return Address.parse(text.strip())
    except Invalid:
        return None
