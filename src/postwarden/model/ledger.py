"""The ledger: what happened to a message, one event at a time.

The vocabulary is Exchange's message tracking log where that has a word
(https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking),
and ours for what happens in the store.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.addresses import Address

NO_TRACE = "-"  # of copies that no envelope brought, imported ones


class Event(StrEnum):
    """The closed set of ledger events; docs/events.md says what each means."""

    RECEIVE = "RECEIVE"
    SUBMIT = "SUBMIT"
    RESOLVE = "RESOLVE"
    EXPAND = "EXPAND"
    REDIRECT = "REDIRECT"
    DUPLICATEEXPAND = "DUPLICATEEXPAND"
    DUPLICATEDELIVER = "DUPLICATEDELIVER"
    DELIVER = "DELIVER"
    DELIVERFAIL = "DELIVERFAIL"
    DEFER = "DEFER"
    FAIL = "FAIL"
    DSN = "DSN"
    SEND = "SEND"
    DROP = "DROP"
    QUARANTINE = "QUARANTINE"
    AGENTINFO = "AGENTINFO"
    READ = "READ"
    MOVE = "MOVE"
    COPY = "COPY"
    DELETE = "DELETE"
    EXPUNGE = "EXPUNGE"
    EXPORT = "EXPORT"
    FORWARDED = "FORWARDED"
    REPLIED = "REPLIED"
    CONTAIN = "CONTAIN"
    PURGE = "PURGE"
    RESTORE = "RESTORE"
    HOLD = "HOLD"
    # Those that only a log of Exchange tells of.
    BADMAIL = "BADMAIL"
    CLIENTSUBMISSION = "CLIENTSUBMISSION"
    DUPLICATEREDIRECT = "DUPLICATEREDIRECT"
    HADISCARD = "HADISCARD"
    HARECEIVE = "HARECEIVE"
    HAREDIRECT = "HAREDIRECT"
    HAREDIRECTFAIL = "HAREDIRECTFAIL"
    INITMESSAGECREATED = "INITMESSAGECREATED"
    LOAD = "LOAD"
    MODERATIONEXPIRE = "MODERATIONEXPIRE"
    MODERATORAPPROVE = "MODERATORAPPROVE"
    MODERATORREJECT = "MODERATORREJECT"
    MODERATORSALLNDR = "MODERATORSALLNDR"
    NOTIFYMAPI = "NOTIFYMAPI"
    NOTIFYSHADOW = "NOTIFYSHADOW"
    POISONMESSAGE = "POISONMESSAGE"
    PROCESS = "PROCESS"
    PROCESSMEETINGMESSAGE = "PROCESSMEETINGMESSAGE"
    RESUBMIT = "RESUBMIT"
    RESUBMITDEFER = "RESUBMITDEFER"
    RESUBMITFAIL = "RESUBMITFAIL"
    SUBMITDEFER = "SUBMITDEFER"
    SUBMITFAIL = "SUBMITFAIL"
    SUPPRESSED = "SUPPRESSED"
    THROTTLE = "THROTTLE"
    TRANSFER = "TRANSFER"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """One event. Names are kept as they were then: accounts may be renamed.

    `source` is the way it came: smtp, submission, lmtp, import, case, worker; or
    `tracking-log` for what `log_row`, a row of another system's log, says of mail
    that no message here need be. With `has_envelope` a `reverse_path` of None is the
    null path `<>`.
    """

    time: datetime
    event: Event
    trace_id: str
    message: int | None = None
    has_envelope: bool = False
    reverse_path: Address | None = None
    forward_path: Address | None = None
    account: int | None = None
    mailbox: str | None = None
    uid: int | None = None
    copy: int | None = None
    client_ip: str | None = None
    source: str = ""
    detail: str = ""
    log_row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A ledger event as `trace` shows it, with the facts of its message.

    Those of a `log_row` are what that row says.
    """

    id: int
    time: datetime
    event: Event
    trace_id: str
    sha256: bytes | None
    message_id: str | None
    reverse_path: str | None
    forward_path: str | None
    account: str | None
    mailbox: str | None
    uid: int | None
    size: int | None
    subject: str | None
    client_ip: str | None
    source: str
    detail: str
    log_row: int | None = None
