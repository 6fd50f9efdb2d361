"""GetSearchableMailboxes: whom the login may look into, and who stands for several."""

from dataclasses import dataclass

from postwarden.connectors.ews.soap import EwsClient, succeeded
from postwarden.services.ports.systems import Fields
from postwarden.wire.xml import tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox, or a group of some."""

    id: str
    address: str
    name: str
    is_group: bool


async def searchable(client: EwsClient) -> list[Mailbox]:
    """Return all mailboxes, in order of addresses.

    Raises EwsError where the login may not list them, or the server cannot.
    """
    body = tag(
        "m:GetSearchableMailboxes",
        tag("m:SearchFilter", ""),
        tag("m:ExpandGroupMembership", "false"),
    )
    found: dict[str, Mailbox] = {}
    for message in succeeded(await client.call(body)):
        for row in message.every("m:SearchableMailboxes", "t:SearchableMailbox"):
            address = row.value("t:PrimarySmtpAddress") or ""
            if "@" not in address:
                continue
            found[address.casefold()] = Mailbox(
                id=row.value("t:Guid") or "",
                address=address,
                name=row.value("t:DisplayName") or "",
                is_group=row.value("t:IsMembershipGroup") in {"true", "1"},
            )
    return [found[key] for key in sorted(found)]


def account_fields(mailbox: Mailbox) -> Fields:
    """Return what an inventory has of a mailbox; EWS tells little of one."""
    local_part, _, domain = mailbox.address.rpartition("@")
    return {
        "domain": domain,
        "userName": local_part,
        "displayName": mailbox.name,
        "accountType": 1,
        "address": mailbox.address,
        "kind": "account",
    }


def list_fields(mailbox: Mailbox) -> Fields:
    """Return what an inventory has of a distribution group."""
    return {
        "ListAddress": mailbox.address,
        "ListID": mailbox.id,
        "address": mailbox.address,
        "kind": "list",
    }
