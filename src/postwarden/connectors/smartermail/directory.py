"""Domains, accounts and mailing lists of a server, page by page."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from postwarden.connectors.smartermail.client import (
    Row,
    SmarterMailClient,
    SmarterMailError,
    Whose,
    rows_of,
)
from postwarden.connectors.smartermail.rows import is_person

_DOMAINS = "settings/sysadmin/domain-list-search"
_OWN = "settings/domain/data"
_ACCOUNTS = "settings/domain/account-list-search"
_LISTS = "settings/domain/mailing-lists/list"
_AT_ONCE = 64  # accounts whose creation is asked for in one go


async def domains(client: SmarterMailClient, wanted: str | None) -> AsyncIterator[str]:
    """Yield the names of all domains that the login administers, or the one wanted."""
    if wanted is not None:
        yield wanted
        return
    asked = {
        "search": "",
        "sortField": "domainName",
        "sortDescending": False,
        "includeErrored": False,
    }
    try:
        async for row in client.rows(_DOMAINS, asked):
            if name := row.get("name"):
                yield str(name)
    except SmarterMailError as error:
        if client.is_admin or error.status != 403:
            raise
        own = (await client.get(_OWN)).get("domainData")
        if isinstance(own, dict) and own.get("name"):
            yield str(own["name"])


async def accounts(client: SmarterMailClient, domain: str) -> AsyncIterator[Row]:
    """Yield users and aliases of a domain, as the server has them."""
    asked = {
        "search": None,
        "sortField": "userName",
        "sortDescending": False,
        "searchFlags": ["users", "aliases"],
    }
    async for row in client.rows(_ACCOUNTS, asked, Whose(domain)):
        yield row


async def people(client: SmarterMailClient, domain: str) -> list[str]:
    """Return the addresses in a domain at which somebody has mail."""
    return [
        f"{row['userName']}@{domain}"
        async for row in accounts(client, domain)
        if is_person(row) and row.get("userName")
    ]


async def lists(client: SmarterMailClient, domain: str) -> Sequence[Row]:
    """Return the mailing lists of a domain, as the server has them."""
    return rows_of(await client.get(_LISTS, Whose(domain)), "items", _LISTS)


async def dated(
    client: SmarterMailClient, domain: str, rows: AsyncIterator[Row]
) -> AsyncIterator[Row]:
    """Yield rows with the time each account was made, which no list says.

    It costs a call for each account.
    """
    waiting: list[Row] = []
    async for row in rows:
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            for each in await asyncio.gather(
                *(_made(client, domain, row) for row in waiting)
            ):
                yield each
            waiting = []
    for each in await asyncio.gather(*(_made(client, domain, row) for row in waiting)):
        yield each


async def _made(client: SmarterMailClient, domain: str, row: Row) -> Row:
    if row.get("createDate") or not is_person(row):
        return row
    user = f"{row.get('userName')}@{domain}"
    try:
        said = await client.get("settings/user", Whose(domain, user))
    except SmarterMailError:  # the rest of the row is right all the same
        return row
    data = said.get("userData")
    made = data.get("createDate") if isinstance(data, dict) else None
    return {**row, "createDate": made}
