"""Inventories as CSV of long-known columns, and as JSON.

The columns are those of a widely used extraction script for SmarterMail. By default
its faults are corrected: quoting and line ends as in RFC 4180, whole times in UTC,
an empty cell for what is not known, no cell that a spreadsheet takes for a formula.
The compatible form is what that script writes, byte for byte.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from postwarden.model.accounts import Account, AccountState
from postwarden.services.inventory import Holding

Fields = Mapping[str, object]

_ENABLED, _DISABLED = 1, 3  # 3: neither logs in nor gets mail
_PERSON, _ALIAS = 1, 4
_LOCAL_PASSWORD = 0
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TO_WRITE = frozenset({str, datetime})  # what the csv module would not write as we do
_QUOTED = frozenset({"displayName", "description"})
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


def account_columns(holding: Holding) -> Fields:
    """Return the 32 columns of accounts; None is unknown, or means nothing here."""
    entry, account = holding.entry, holding.account
    is_alias = account is None
    # What we do not serve is off; aliases have no such switch.
    served = None if is_alias else False
    return {
        "domain": entry.address.domain,
        "userName": entry.address.local_part,
        "displayName": account.name if account else "",
        "status": _status(holding),
        "accountType": _ALIAS if is_alias else _PERSON,
        "authType": _LOCAL_PASSWORD,
        "isWebmailEnabled": served,
        "lastLoginProtocol": None,
        "createDate": entry.created_at,
        "lastLoginTime": account.last_login_at if account else None,
        "isEasEnabled": served,
        "easLastLogin": None,
        "isMapiEwsEnabled": served,
        "mapiLastLogin": None,
        "ewsLastLogin": None,
        "isPopEnabled": served,
        "popLastLogin": None,
        "isImapEnabled": served,
        "imapLastLogin": None,
        "smtpLastLogin": None,
        "aliasTargetCount": len(entry.targets) if is_alias else None,
        "aliasIsCatchAll": holding.is_catch_all if is_alias else None,
        "aliasIncludeAllDomainUsers": False if is_alias else None,
        "showInGAL": None,
        "bytesUsed": account.used_octets if account else None,
        "bytesAllowed": account.quota_octets if account else None,
        "bytesUsedPercent": _percent(account),
        "acceptedNewestPolicy": None,
        "description": "",
        "aliasInternalOnly": False if is_alias else None,
        "aliasShowAsRoom": False if is_alias else None,
        "aliasSendFrom": True if is_alias else None,  # RFC 6409 §6.1 is our rule
    }


def account_json(holding: Holding) -> Fields:
    """Return everything that is known of an address."""
    entry, account = holding.entry, holding.account
    more: dict[str, object] = {
        "address": str(entry.address),
        "kind": entry.kind.value,
        "state": _state(holding),
        "targets": [str(target) for target in entry.targets],
        "catch_all": holding.is_catch_all,
    }
    if account is not None:
        more |= {
            "keep_copy": entry.keep_copy,
            "quota_messages": account.quota_messages,
            "used_messages": account.used_messages,
            "vault_octets": account.vault_octets,
            "vault_messages": account.vault_messages,
        }
    return {**account_columns(holding), **more}


def list_columns(holding: Holding) -> Fields:
    """Return the five columns of mailing lists."""
    entry = holding.entry
    return {
        "ListAddress": f"{entry.address.local_part}@{entry.address.domain}",
        "ListID": entry.id,
        "Status": 1 if entry.enabled else 2,
        "Disabled": not entry.enabled,
        "Subscribers": len(entry.targets),
    }


def list_json(holding: Holding) -> Fields:
    """Return everything that is known of a mailing list."""
    entry = holding.entry
    return {
        **list_columns(holding),
        "address": str(entry.address),
        "kind": entry.kind.value,
        "state": _state(holding),
        "created_at": entry.created_at,
        "members": [str(target) for target in entry.targets],
    }


def _status(holding: Holding) -> int:
    return _ENABLED if _state(holding) == AccountState.ACTIVE.value else _DISABLED


def _state(holding: Holding) -> str:
    if holding.account is not None:
        return holding.account.state.value
    enabled = holding.entry.enabled
    return (AccountState.ACTIVE if enabled else AccountState.DISABLED).value


def _percent(account: Account | None) -> float | None:
    if account is None or not account.quota_octets:
        return None
    return round(100 * account.used_octets / account.quota_octets, 2)


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

    def header(self, *, compat: bool) -> bytes:
        row = {name: name for name in self.names}
        return (",".join(row) + "\r").encode() if compat else correct([row])


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
