"""Inventories as CSV of long-known columns, and as JSON.

The columns are those of a widely used extraction script for SmarterMail. By default
its faults are corrected: quoting and line ends as in RFC 4180, whole times in UTC,
an empty cell for what is not known, no cell that a spreadsheet takes for a formula.
The compatible form is what that script writes, byte for byte.
"""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from postwarden.dialects.native.shapes.inventory import (
    Fields,
    account_columns,
    account_json,
    list_columns,
    list_json,
)
from postwarden.model.addresses import ascii_domain
from postwarden.services.inventory import Holding

_TIMES = ("Date", "LastLogin", "lastLoginTime")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TO_WRITE = frozenset({str, datetime})  # what the csv module would not write as we do
_QUOTED = frozenset({"displayName", "description"})
_HOLDS_DOMAIN = frozenset({"domain", "ListAddress"})
_UNKNOWN_TEXT = frozenset({"userName", "displayName", "lastLoginProtocol"})
_UNKNOWN_NUMBERS = {
    "status": -1,
    "accountType": -1,
    "authType": -1,
    "aliasTargetCount": -1,
    "bytesUsed": -1,
    "bytesAllowed": -1,
    "bytesUsedPercent": 0,
}


def correct(rows: Iterable[Fields]) -> bytes:
    """Write rows by RFC 4180; texts that look like formulas get a leading `'`."""
    written = io.StringIO()
    csv.writer(written).writerows(
        [_cell(v) if v.__class__ in _TO_WRITE else v for v in row.values()]
        for row in rows
    )
    return written.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{_utc(value)[:19]}Z"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()  # strftime takes four times as long


def compatible(rows: Iterable[Fields]) -> bytes:
    """Write rows as the script does: quirks, odd quotes, and CR at their ends."""
    lines = (
        ",".join(_compatible_cell(name, value) for name, value in row.items()) + "\r"
        for row in rows
    )
    return "".join(lines).encode()


def _compatible_cell(name: str, value: object) -> str:
    if name == "createDate":
        return ""  # the script empties it unless it asks for each account apart
    if isinstance(value, datetime):
        return f"{_utc(value)[:10]} "  # its slice of the time is empty
    if value is None:
        value = _compatible_unknown(name)
    if name in _HOLDS_DOMAIN:
        # It writes what it has asked for, and no header takes other letters.
        local_part, at, domain = str(value).rpartition("@")
        return f"{local_part}{at}{ascii_domain(domain)}"
    return f'"{value}"' if name in _QUOTED else str(value)


def _compatible_unknown(name: str) -> object:
    if name.endswith(("LastLogin", "LastLoginTime")) or name in _UNKNOWN_TEXT:
        return ""
    return _UNKNOWN_NUMBERS.get(name, "" if name == "lastLoginTime" else False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """How one kind of inventory is written."""

    columns: Callable[[Holding], Fields]
    everything: Callable[[Holding], Fields]
    names: tuple[str, ...]

    def told(self, row: Fields) -> Fields:
        """Return the columns of a row that comes as JSON."""
        return {name: _of_json(name, row[name]) for name in self.names}

    def header(self, *, compat: bool) -> bytes:
        row = {name: name for name in self.names}
        return (",".join(row) + "\r").encode() if compat else correct([row])


def _of_json(name: str, value: object) -> object:
    is_time = name.endswith(("Date", "LastLogin", "LastLoginTime", "lastLoginTime"))
    return (
        datetime.fromisoformat(value) if is_time and isinstance(value, str) else value
    )


ACCOUNT_NAMES = (
    *("domain", "userName", "displayName", "status", "accountType", "authType"),
    *("isWebmailEnabled", "lastLoginProtocol", "createDate", "lastLoginTime"),
    *("isEasEnabled", "easLastLogin", "isMapiEwsEnabled", "mapiLastLogin"),
    *("ewsLastLogin", "isPopEnabled", "popLastLogin", "isImapEnabled"),
    *("imapLastLogin", "smtpLastLogin", "aliasTargetCount", "aliasIsCatchAll"),
    *("aliasIncludeAllDomainUsers", "showInGAL", "bytesUsed", "bytesAllowed"),
    *("bytesUsedPercent", "acceptedNewestPolicy", "description"),
    *("aliasInternalOnly", "aliasShowAsRoom", "aliasSendFrom"),
)
LIST_NAMES = ("ListAddress", "ListID", "Status", "Disabled", "Subscribers")

ACCOUNTS = Inventory(
    columns=account_columns, everything=account_json, names=ACCOUNT_NAMES
)
LISTS = Inventory(columns=list_columns, everything=list_json, names=LIST_NAMES)
