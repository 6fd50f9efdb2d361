"""What the server says of accounts and lists, as rows of an inventory."""

from collections.abc import Mapping
from datetime import UTC, datetime

from postwarden.connectors.smartermail.client import Row
from postwarden.services.ports.systems import Fields

NEVER = "0001-01-01"  # what the server says where it means: not yet
PERSONS = frozenset({1, 2, 3})  # users, administrators of a domain, its primary one
_TIMES = (
    *("lastLoginTime", "easLastLogin", "mapiLastLogin", "ewsLastLogin"),
    *("popLastLogin", "imapLastLogin", "smtpLastLogin", "createDate"),
)
_KINDS = {1: "account", 2: "account", 3: "account", 4: "alias", 5: "list"}


def account_fields(domain: str, row: Row) -> Fields:
    """Return an account or alias; what is no known type of value is kept as it is."""
    name = str(row.get("userName") or "")
    kind = row.get("accountType")
    return {
        **row,
        **{time: time_of(row.get(time)) for time in _TIMES},
        "domain": domain,
        "userName": name,
        "address": f"{name}@{domain}",
        "kind": _KINDS.get(kind, "account") if isinstance(kind, int) else "account",
    }


def list_fields(domain: str, row: Row) -> Fields:
    """Return a mailing list under our columns, with all that the server says of it."""
    local_part = str(row.get("listAddress") or "")
    return {
        **row,
        "ListAddress": f"{local_part}@{domain}",
        "ListID": row.get("id"),
        "Status": row.get("status"),
        "Disabled": row.get("disabled"),
        "Subscribers": row.get("listSubscriberCount"),
        "address": f"{local_part}@{domain}",
        "kind": "list",
    }


def time_of(value: object) -> datetime | None:
    """Return a time as the server writes it, UTC where it says no zone."""
    if not isinstance(value, str) or value.startswith(NEVER):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def is_person(row: Mapping[str, object]) -> bool:
    """Whether somebody logs in there."""
    return row.get("accountType") in PERSONS
