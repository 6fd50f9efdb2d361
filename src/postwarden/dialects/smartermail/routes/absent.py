"""Calls that clients know and that are not offered, each with its reason.

They answer whoever is logged in as what they are, not as paths that there are not.
"""

from typing import NoReturn

from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.operations import Operation, Reach
from postwarden.model.errors import Unsupported

_PASSWORDS = "passwords are hashes here, and nobody is shown one"
_LIMITS = "a domain has no limits to set"
_GUARD = "logins are blocked by the login guard, which no list steers"
_SPOOL = "the queue of outgoing mail is not served here"
_LOGS = "`postwarden trace` tells what happened to a message"
_SWITCHES = "accounts have no switches of protocols"
_SENDING = "nothing is sent"

ABSENT: dict[tuple[str, str], str] = {
    ("POST", "/auth/retrieve-login-token"): "there is no webmail to log in to",
    ("POST", "/auth/generate-temp-pass/{email}"): _PASSWORDS,
    ("POST", "/auth/revoke-temp-pass/{email}"): _PASSWORDS,
    ("POST", "/settings/domain/show-password"): _PASSWORDS,
    ("POST", "/settings/sysadmin/domain-settings/{domain}"): _LIMITS,
    ("POST", "/settings/sysadmin/rename-domain"): "a domain keeps its name",
    ("POST", "/settings/sysadmin/reload-domain/{domain}"): "there is nothing to reload",
    ("POST", "/settings/sysadmin/inactive-users"): "ask `postwarden inventory`",
    ("POST", "/settings/sysadmin/blocked-ips"): _GUARD,
    ("POST", "/settings/sysadmin/blocked-ips-count"): _GUARD,
    ("POST", "/settings/sysadmin/unblock-ips"): _GUARD,
    ("POST", "/settings/sysadmin/ip-access"): _GUARD,
    ("POST", "/settings/sysadmin/ip-access/{list}"): _GUARD,
    ("POST", "/settings/sysadmin/ip-access-delete"): _GUARD,
    ("GET", "/settings/sysadmin/spool-message-count/{reload}"): _SPOOL,
    ("GET", "/settings/sysadmin/spool-message-counts"): _SPOOL,
    ("POST", "/settings/sysadmin/spool-messages"): _SPOOL,
    ("POST", "/settings/sysadmin/spool-delete-message"): _SPOOL,
    ("POST", "/settings/sysadmin/spool-delete-messages"): _SPOOL,
    ("POST", "/settings/sysadmin/reset-spool-messages"): _SPOOL,
    ("POST", "/settings/sysadmin/reset-all-spool-messages"): _SPOOL,
    ("POST", "/settings/sysadmin/log-files"): _LOGS,
    ("GET", "/settings/sysadmin/message-traffic-statistics"): "see `/metrics`",
    ("GET", "/settings/domain/active-sync-mailboxes"): _SWITCHES,
    ("POST", "/settings/domain/active-sync-mailboxes-patch"): _SWITCHES,
    ("GET", "/settings/domain/mapi-ews-mailboxes"): _SWITCHES,
    ("POST", "/settings/domain/mapi-ews-mailboxes-patch"): _SWITCHES,
    (
        "GET",
        "/settings/domain/mailing-lists/{number}/system-messages",
    ): "mailing lists say nothing by themselves",
    (
        "GET",
        "/settings/domain/mailing-lists/subscriber-details/{email}",
    ): "a subscriber is an address and nothing more",
    (
        "GET",
        "/settings/domain/subscriber-field-definitions",
    ): "a subscriber is an address and nothing more",
    ("GET", "/settings/user-startup-data"): "there is no webmail",
    ("GET", "/settings/mailbox-forward-list"): "administrators forward mail",
    ("POST", "/mail/message-put"): _SENDING,
    ("POST", "/mail/draft-put"): _SENDING,
}


def _operation(method: str, path: str, reason: str) -> Operation:
    async def refuse(call: Call, **_: str) -> NoReturn:
        raise Unsupported(reason)

    return Operation(
        method=method, path=path, reach=Reach.ANYBODY, handler=refuse, body=None
    )


absent = [_operation(*call, reason) for call, reason in ABSENT.items()]
