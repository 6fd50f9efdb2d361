"""Domains, for administrators of all of them."""

from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.listing import search_domains
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import DomainResults, Search

system = Operations()


@system.post("/settings/sysadmin/domain-list-search", Reach.SYSTEM)
async def domain_list_search(call: Call, body: Search) -> DomainResults:
    """List domains in order of their names."""
    return await search_domains(call, body)
