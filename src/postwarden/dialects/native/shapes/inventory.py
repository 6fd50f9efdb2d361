"""Inventories: the columns of a well-known script, and all that we know."""

from collections.abc import Mapping
from typing import TypedDict, cast

from postwarden.model.accounts import Account, AccountState
from postwarden.services.inventory import Holding

Fields = Mapping[str, object]


class HoldingShape(TypedDict):
    """An address and all that is known of it: these fields, and many more."""

    address: str
    kind: str
    state: str


_ENABLED, _DISABLED = 1, 3  # 3: neither logs in nor gets mail
_PERSON, _ALIAS = 1, 4
_LOCAL_PASSWORD = 0


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


def account_json(holding: Holding) -> HoldingShape:
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
    return cast("HoldingShape", {**account_columns(holding), **more})


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


def list_json(holding: Holding) -> HoldingShape:
    """Return everything that is known of a mailing list."""
    entry = holding.entry
    known = {
        **list_columns(holding),
        "address": str(entry.address),
        "kind": entry.kind.value,
        "state": _state(holding),
        "created_at": entry.created_at,
        "members": [str(target) for target in entry.targets],
    }
    return cast("HoldingShape", known)


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
