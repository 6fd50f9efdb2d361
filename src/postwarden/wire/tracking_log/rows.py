"""One row of a message tracking log, and the names that rows are made of."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

MAX_LINE: Final = 1 << 20
"""Octets of a line; a longer one is passed over."""
MAX_RECIPIENTS: Final = 10_000

FIELDS: Final = (
    *("date-time", "client-ip", "client-hostname", "server-ip", "server-hostname"),
    *("source-context", "connector-id", "source", "event-id", "internal-message-id"),
    *("message-id", "network-message-id", "recipient-address", "recipient-status"),
    *("total-bytes", "recipient-count", "related-recipient-address", "reference"),
    *("message-subject", "sender-address", "return-path", "message-info"),
    *("directionality", "tenant-id", "original-client-ip", "original-server-ip"),
    *("custom-data", "transport-traffic-type", "log-id", "schema-version"),
)
"""As Exchange 2016 and later write them; earlier versions lack some at the end."""

EVENTS: Final = frozenset(
    {
        *("AGENTINFO", "BADMAIL", "CLIENTSUBMISSION", "DEFER", "DELIVER"),
        *("DELIVERFAIL", "DROP", "DSN", "DUPLICATEDELIVER", "DUPLICATEEXPAND"),
        *("DUPLICATEREDIRECT", "EXPAND", "FAIL", "HADISCARD", "HARECEIVE"),
        *("HAREDIRECT", "HAREDIRECTFAIL", "INITMESSAGECREATED", "LOAD"),
        *("MODERATIONEXPIRE", "MODERATORAPPROVE", "MODERATORREJECT"),
        *("MODERATORSALLNDR", "NOTIFYMAPI", "NOTIFYSHADOW", "POISONMESSAGE"),
        *("PROCESS", "PROCESSMEETINGMESSAGE", "RECEIVE", "REDIRECT", "RESOLVE"),
        *("RESUBMIT", "RESUBMITDEFER", "RESUBMITFAIL", "SEND", "SUBMIT"),
        *("SUBMITDEFER", "SUBMITFAIL", "SUPPRESSED", "THROTTLE", "TRANSFER"),
    }
)
"""The values of `event-id`."""

_LOG_NAME: Final = re.compile(r"MSGTRK[^/]*\.LOG", re.IGNORECASE)
_MAX_DIGITS: Final = 18  # what 64 bits hold
_NESTED: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Row:
    """One row: its fields by name in lower case, without those that are empty.

    `number` is the line where it begins, counted from 1.
    """

    number: int
    time: datetime
    fields: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        """Return the text of a field, empty when the row has none."""
        return self.fields.get(field, "")

    @property
    def event(self) -> str:
        return self["event-id"].upper()

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        return _addresses(self["recipient-address"])

    @cached_property
    def related(self) -> tuple[str, ...]:
        """Return the addresses that the recipients took the place of."""
        return _addresses(self["related-recipient-address"])

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """One for each recipient, in their order; empty ones when they do not fit."""
        count, whole = len(self.recipients), self["recipient-status"]
        if count == 1:
            return (whole,)
        said = split_values(whole)
        return said if len(said) == count else ("",) * count

    @property
    def size(self) -> int | None:
        """Return `total-bytes`, None where there is no number that can be one."""
        text = self["total-bytes"]
        is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
        return int(text) if is_number else None

    @cached_property
    def digest(self) -> bytes:
        """Return what two rows share when they say the same, wherever they stand."""
        text = json.dumps(self.fields, sort_keys=True)
        return hashlib.sha256(text.encode()).digest()


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(";"))))


def is_log_name(name: str) -> bool:
    """Whether a file has the name of a message tracking log."""
    return _LOG_NAME.fullmatch(name) is not None


def split_values(text: str) -> tuple[str, ...]:
    """Split what is joined by semicolons, but for those in quotes or brackets.

    Statuses have both: `'550 5.1.1 not found; try again'`, `[{LED=250};{IP=::1}]`.
    """
    values: list[str] = []
    start = depth = 0
    is_quoted = False
    for place, character in enumerate(text):
        if is_quoted:
            is_quoted = not (
                character == "'" and text[place + 1 : place + 2] in {"", ";"}
            )
        elif character == "'" and place == start:
            is_quoted = True
        elif character == ";" and depth == 0:
            values.append(_unquoted(text[start:place]))
            start = place + 1
        else:
            depth = max(depth + _NESTED.get(character, 0), 0)
    return (*values, _unquoted(text[start:]))


def join_values(values: Iterable[str]) -> str:
    """Join values so that `split_values` gives them back."""
    return ";".join(map(_quoted, values))


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] == "'"
    return value[1:-1] if is_quoted else value


def _quoted(value: str) -> str:
    # What would end a quotation inside of it is no text of a status.
    if split_values(f"{value};") == (value, ""):
        return value
    return "'{}'".format(value.replace("';", "',"))


def time_of(text: str) -> datetime | None:
    """Return a time in UTC, which is what a log without zone means, or None."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
