"""Mailing lists of a domain."""

from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.listing import every
from postwarden.dialects.smartermail.mapping import list_row
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import MailingLists
from postwarden.model.directory import EntryKind

lists = Operations()


@lists.get("/settings/domain/mailing-lists/list", Reach.DOMAIN)
async def list_lists(call: Call) -> MailingLists:
    """List the mailing lists of a domain."""
    rows = [
        list_row(holding.entry)
        async for page in every(call, (EntryKind.LIST,))
        for holding in page
    ]
    return MailingLists(items=rows, total_count=len(rows))
