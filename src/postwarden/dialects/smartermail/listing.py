"""Lists that clients page through by `skip` and `take`, as long as they may be.

In the order of names a page costs what it shows, wherever it begins. A search reads
every name there is, and any other order whatever is to be put in order: of that
there is a bound.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from typing import Any, TypeVar

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said, encode
from postwarden.dialects.smartermail.mapping import account_row, domain_row, kinds_of
from postwarden.dialects.smartermail.schemas.accounts import (
    AccountRow,
    AccountSearch,
    DomainResults,
    DomainRow,
    Search,
)
from postwarden.model.directory import EntryKind
from postwarden.services import domains, inventory
from postwarden.services.inventory import Holding

T = TypeVar("T")

_CHUNK = 500  # rows that one transaction reads
_SORTED = 10_000  # rows that are put in another order than that of names
_ORDERS: dict[str, Callable[[AccountRow], Any]] = {
    "displayname": lambda row: row.display_name.casefold(),
    "fullname": lambda row: row.display_name.casefold(),
    "status": lambda row: row.status,
    "accounttype": lambda row: row.account_type,
    "lastlogintime": lambda row: row.last_login_time or "",
    "createdate": lambda row: row.create_date,
    "bytesused": lambda row: row.bytes_used or 0,
    "bytesallowed": lambda row: row.bytes_allowed or 0,
    "bytesusedpercent": lambda row: row.bytes_used_percent or 0.0,
}


async def every(
    call: Call, kinds: Sequence[EntryKind], *, after: str = "", at_once: int = _CHUNK
) -> AsyncGenerator[Sequence[Holding], None]:
    """Yield the addresses of the call's domain, some at a time."""
    while page := await call.read(
        inventory.accounts, domain=call.domain, after=after, limit=at_once, kinds=kinds
    ):
        yield page
        after = page[-1].key


async def search_accounts(call: Call, asked: AccountSearch) -> Answer:
    """Return some of the addresses of a domain, sent as they are read."""
    kinds = kinds_of(asked.search_flags)
    order = _ORDERS.get(asked.sort_field.strip().lower())
    if order is None and not asked.sort_descending:
        if not asked.search.strip():
            return await _in_order(call, kinds, asked)
        return _whole(*await window(_found(call, kinds, asked), asked))
    rows = await _sortable(_found(call, kinds, asked))
    if order is not None:
        rows.sort(key=order, reverse=asked.sort_descending)
    else:
        rows.reverse()
    return _whole(rows[asked.skip : asked.skip + asked.take], len(rows))


async def _in_order(call: Call, kinds: Sequence[EntryKind], asked: Search) -> Answer:
    first = await call.read(
        inventory.key_before, domain=call.domain, kinds=kinds, position=asked.skip
    )
    total = await call.read(inventory.total, domain=call.domain, kinds=kinds)
    return Answer(body=_streamed(call, kinds, asked, first, total))


async def _streamed(
    call: Call, kinds: Sequence[EntryKind], asked: Search, first: str | None, total: int
) -> AsyncGenerator[bytes, None]:
    """Yield the answer; what is counted last is what was sent."""
    yield encode(Said())[:-1] + b',"results":['
    shown = 0
    if first is not None and asked.take:
        at_once = min(_CHUNK, asked.take)
        async for page in every(call, kinds, after=first, at_once=at_once):
            rows = list(map(account_row, page[: asked.take - shown]))
            yield (b"," if shown else b"") + encode(rows)[1:-1]
            shown += len(rows)
            if shown == asked.take:
                break
        else:
            total = asked.skip + shown
    yield b'],"totalCount":%d}' % total


async def _found(
    call: Call, kinds: Sequence[EntryKind], asked: Search
) -> AsyncGenerator[AccountRow, None]:
    """Yield what a search finds, in the order of names."""
    wanted = asked.search.strip().casefold()
    async for page in every(call, kinds):
        for row in map(account_row, page):
            if wanted in f"{row.user_name}\n{row.display_name}".casefold():
                yield row


async def window(rows: AsyncIterable[T], asked: Search) -> tuple[list[T], int]:
    """Return the rows that are to be shown, and how many there are in all."""
    shown: list[T] = []
    total = 0
    async for row in rows:
        if asked.skip <= total < asked.skip + asked.take:
            shown.append(row)
        total += 1
    return shown, total


async def _sortable(rows: AsyncIterable[T]) -> list[T]:
    found: list[T] = []
    async for row in rows:
        found.append(row)
        if len(found) > _SORTED:
            raise Fault(
                400,
                "TOO_MANY_RESULTS",
                f"more than {_SORTED} come in the order of names only: search for some",
            )
    return found


def _whole(rows: Sequence[AccountRow], total: int) -> Answer:
    said = encode(Said())[:-1]
    return Answer(
        body=b'%b,"results":%b,"totalCount":%d}' % (said, encode(rows), total)
    )


async def search_domains(call: Call, asked: Search) -> DomainResults:
    """Return some of the domains, by name."""
    found = _domains(call, asked.search.strip().casefold())
    if not asked.sort_descending:
        rows, total = await window(found, asked)
        return DomainResults(results=rows, total_count=total)
    backwards = (await _sortable(found))[::-1]
    rows = backwards[asked.skip : asked.skip + asked.take]
    return DomainResults(results=rows, total_count=len(backwards))


async def _domains(call: Call, wanted: str) -> AsyncGenerator[DomainRow, None]:
    after = ""
    while page := await call.read(domains.page, after=after, limit=_CHUNK):
        for domain in page:
            if wanted in domain.name:
                yield domain_row(domain)
        after = page[-1].name
