"""Accounts and aliases of a domain."""

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.listing import search_accounts
from postwarden.dialects.smartermail.mapping import user_data
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import AccountSearch, User
from postwarden.services import access

accounts = Operations()


@accounts.post("/settings/domain/account-list-search", Reach.DOMAIN)
async def account_list_search(call: Call, body: AccountSearch) -> Answer:
    """List users, aliases and mailing lists of a domain."""
    return await search_accounts(call, body)


@accounts.get("/settings/user", Reach.MAILBOX)
async def own_user(call: Call) -> User:
    """Show the account that the call is about, as its owner."""
    account = await call.read(access.mailbox_owner, call.actor.account)
    return User(user_data=user_data(account))
