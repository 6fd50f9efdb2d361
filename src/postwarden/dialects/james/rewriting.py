"""What James calls mappings, and what he says when one cannot be."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress

from postwarden.dialects.james.calls import PAGE, Call, Pages
from postwarden.dialects.james.envelope import STATE, Fault, invalid
from postwarden.dialects.james.names import text_of
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import NotFound
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services import accounts, domains, entries, forwards
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import table

SAME = "Source and destination can't be the same!"
TYPES = {
    RewriteKind.DOMAIN: "Domain",
    RewriteKind.DOMAIN_ALIAS: "DomainAlias",
    RewriteKind.GROUP: "Group",
    RewriteKind.ALIAS: "Alias",
    RewriteKind.ADDRESS: "Address",
    RewriteKind.FORWARD: "Forward",
    RewriteKind.REGEX: "Regex",
    RewriteKind.ERROR: "Error",
}
_PREFIXES = {RewriteKind.ADDRESS: ""}


def _page_of(kind: EntryKind) -> Pages[Entry]:
    def page(
        uow: UnitOfWork, actor: Actor, /, *, after: str, limit: int
    ) -> Sequence[Entry]:
        return entries.page(uow, actor, kind, after=after, limit=limit)

    return page


_PAGES: dict[RewriteKind, tuple[Pages[Entry], ...]] = {
    RewriteKind.ALIAS: (_page_of(EntryKind.ALIAS),),
    RewriteKind.GROUP: (_page_of(EntryKind.GROUP), _page_of(EntryKind.LIST)),
    RewriteKind.FORWARD: (forwards.page,),
}


def to_address(kind: RewriteKind, source: Address, target: Address) -> Rewrite:
    return Rewrite(source=Source.of(source), kind=kind, target=target)


async def lead(call: Call, rewrite: Rewrite) -> None:
    """Add a mapping; raises Fault."""
    try:
        await call.write(table.add, rewrite)
    except NotFound as error:
        raise unmanaged(rewrite.source.domain) from error
    except table.Loop as error:
        prefix = _PREFIXES.get(rewrite.kind, f"{rewrite.kind}:")
        message = (
            f"Creation of redirection of {rewrite.source} to "
            f"{prefix}{shown(rewrite)} would lead to a loop, operation not performed"
        )
        raise Fault(409, STATE, message) from error


async def lead_no_more(call: Call, rewrite: Rewrite) -> None:
    """Remove a mapping; one that there is not is gone already."""
    with suppress(NotFound):
        await call.write(table.remove, rewrite)


async def of(call: Call, source: Source, *kinds: RewriteKind) -> list[Rewrite]:
    """Return the mappings of a source; of one that is not ours there are none."""
    try:
        found = await call.read(table.of, source)
    except NotFound:
        return []
    return [each for each in found if not kinds or each.kind in kinds]


async def every(call: Call, *kinds: RewriteKind) -> AsyncIterator[Rewrite]:
    """Yield all mappings of some kinds, those of the directory first."""
    wanted = kinds or tuple(RewriteKind)
    for kind in wanted:
        for page in _PAGES.get(kind, ()):
            async for entry in call.every(page, lambda each: each.address.key):
                for rewrite in table.of_entry(entry):
                    yield rewrite
    if RewriteKind.DOMAIN_ALIAS in wanted:
        async for alias in call.every(domains.alias_page, lambda each: each.name):
            yield table.of_domain_alias(alias)
    after = 0
    while rows := await call.read(table.rows, kinds=wanted, after=after, limit=PAGE):
        for row in rows:
            yield row
        after = rows[-1].id


def shown(rewrite: Rewrite) -> str:
    """Return a target as James writes it."""
    target = rewrite.target
    return text_of(target) if isinstance(target, Address) else target


def described(rewrites: Iterable[Rewrite]) -> list[dict[str, str]]:
    return [
        {"type": TYPES[each.kind], "mapping": shown(each)}
        for each in sorted(rewrites, key=lambda each: each.order)
    ]


async def is_user(call: Call, address: Address) -> bool:
    """Whether an address is an account's."""
    try:
        await call.read(accounts.mailboxes, address)
    except NotFound:
        return False
    return True


async def is_managed(call: Call, domain: str) -> bool:
    """Whether a domain is hosted, by this or another name."""
    return await call.read(_is_managed, domain)


def _is_managed(uow: UnitOfWork, actor: Actor, domain: str) -> bool:
    for look in (domains.get, domains.get_alias):
        with suppress(NotFound):
            look(uow, actor, domain)
            return True
    return False


def unmanaged(domain: str) -> Fault:
    return invalid(f"Source domain '{domain}' is not managed by the domainList")
