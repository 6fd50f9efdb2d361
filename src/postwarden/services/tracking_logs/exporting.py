"""The ledger as rows of a message tracking log.

What came from such a log leaves as it came, without the recipients that were not
asked for; what happened here is told in Exchange's words, and the rest of it in
`custom-data`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from postwarden.model.actors import Actor
from postwarden.model.ledger import NO_TRACE, Event, LedgerRow
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import LoggedEvents, Store, UnitOfWork
from postwarden.services.tracking_logs.importing import REPLACING, is_replacement
from postwarden.wire.tracking_log import Row, join_values, time_text

Fields = Mapping[str, str]

# Where Exchange puts what somebody answers for: these may name anybody.
_ABOUT_ANYBODY = frozenset({"custom-data", "source-context"})
_RELATED = "related-recipient-address"
_PAGE = 1000  # events
_SOURCES = {
    Event.DELIVER: "STOREDRIVER",
    Event.DELIVERFAIL: "STOREDRIVER",
    Event.DUPLICATEDELIVER: "STOREDRIVER",
    Event.RESOLVE: "ROUTING",
    Event.EXPAND: "ROUTING",
    Event.REDIRECT: "ROUTING",
    Event.DUPLICATEEXPAND: "ROUTING",
    Event.DEFER: "ROUTING",
    Event.FAIL: "ROUTING",
    Event.DSN: "DSN",
    Event.AGENTINFO: "AGENT",
}
_OF_SMTP = {"smtp", "submission", "submissions", "lmtp"}


async def pages(
    store: Store, actor: Actor, events: Sequence[int]
) -> AsyncIterator[list[Fields]]:
    """Yield events that `trace` found as rows, in their order."""
    start, size = 0, _PAGE
    while start < len(events):
        rows = await store.read(_rows_of, actor, events[start : start + size])
        if start + size < len(events):
            if len(rows) == 1:  # it may go on
                size *= 2
                continue
            rows.pop()  # the next page has the whole of it
        yield [fields for fields, _ in rows]
        start, size = start + sum(count for _, count in rows), _PAGE


def _rows_of(
    uow: UnitOfWork, actor: Actor, events: Sequence[int]
) -> list[tuple[Fields, int]]:
    """Return rows, each with how many of the events it is."""
    access.require(actor, Permission.MAIL_TRACE)
    found = uow.ledger.rows(events)
    logged = uow.log_rows.logged(sorted({e.log_row for e in found if e.log_row}))
    return list(_rows(found, logged, is_confined=actor.domains is not None))


def _rows(
    events: Iterable[LedgerRow],
    logged: Mapping[int, LoggedEvents],
    *,
    is_confined: bool,
) -> Iterator[tuple[Fields, int]]:
    for _, group in groupby(events, _together):
        together = list(group)
        whole = logged.get(together[0].log_row or 0)
        if whole is None:
            yield _own(together), len(together)
            continue
        row = Row(0, together[0].time, whole.fields)
        fields = {**whole.fields, **_concerned(together, whole, row)}
        if is_confined:
            hidden = _ABOUT_ANYBODY | (set() if is_replacement(row) else {_RELATED})
            fields = {k: v for k, v in fields.items() if k not in hidden}
        yield fields, len(together)


def _together(event: LedgerRow) -> object:
    """Return what events share that are one row: they differ in the recipient."""
    if event.log_row is not None:
        return event.log_row
    if event.event is not Event.RECEIVE or event.account is not None:
        return -event.id
    return event.time, event.trace_id, event.reverse_path, event.source, event.sha256


def _concerned(events: Sequence[LedgerRow], whole: LoggedEvents, row: Row) -> Fields:
    """Return the fields about the addresses of these events alone."""
    if len(events) == len(whole.events):
        return {}  # all of them: as it was
    if is_replacement(row):
        return {_RELATED: ";".join(each.forward_path or "" for each in events)}
    if len(whole.events) == len(row.recipients):
        place = {event: n for n, event in enumerate(whole.events)}
        chosen = [place[each.id] for each in events]
        recipients = [row.recipients[n] for n in chosen]
        statuses = [row.statuses[n] for n in chosen]
    else:  # retention is just forgetting it
        recipients = [each.forward_path or "" for each in events]
        statuses = []
    return {
        "recipient-address": ";".join(recipients),
        "recipient-status": join_values(statuses) if any(statuses) else "",
        "recipient-count": str(len(recipients)),
    }


def _own(events: Sequence[LedgerRow]) -> Fields:
    """Return the row of what happened here."""
    first = events[0]
    recipients = [each.forward_path or each.account or "" for each in events]
    related = ""
    if first.event in REPLACING:
        related, recipients = recipients[0], _addresses_in(first.detail) or recipients
    statuses = [each.detail for each in events]
    ours = first.source in _OF_SMTP
    known = {
        "date-time": time_text(first.time),
        "client-ip": first.client_ip,
        "source": _SOURCES.get(first.event, "SMTP" if ours else "ADMIN"),
        "event-id": first.event.value,
        "message-id": first.message_id and f"<{first.message_id}>",
        "network-message-id": first.trace_id if first.trace_id != NO_TRACE else "",
        "recipient-address": ";".join(recipients),
        "recipient-status": join_values(statuses) if any(statuses) else "",
        "total-bytes": None if first.size is None else str(first.size),
        "recipient-count": str(len(recipients)) if any(recipients) else "",
        _RELATED: related,
        "message-subject": first.subject,
        "sender-address": first.reverse_path,
        "return-path": "<>" if first.reverse_path == "" else first.reverse_path,
        "directionality": _directionality(first),
        "original-client-ip": first.client_ip,
        "custom-data": _custom_data(first),
    }
    return {name: value for name, value in known.items() if value}


def _addresses_in(detail: str) -> list[str]:
    words = (word.rstrip(",") for word in detail.split(" "))
    return [word for word in words if "@" in word]


def _directionality(event: LedgerRow) -> str:
    if event.source in {"submission", "submissions"}:
        return "Originating"
    return "Incoming" if event.source in _OF_SMTP else "Undefined"


def _custom_data(event: LedgerRow) -> str:
    """Return what Exchange has no field for, in the form that it gives such things."""
    known = {
        "Source": event.source,
        "Account": event.account,
        "Mailbox": event.mailbox,
        "Uid": event.uid,
        "Sha256": event.sha256 and event.sha256.hex(),
    }
    return ";".join(f"S:{name}={value}" for name, value in known.items() if value)
