"""Discovery: GetSearchableMailboxes, SearchMailboxes.

What an administrator may list (`directory.read`) and find (`mail.find`) in his
domains, metadata only: what somebody wrote is read with GetItem, in his mailbox.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from postwarden.dialects.ews import item_shapes
from postwarden.dialects.ews.aqs import parsed
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.ids import MailboxId
from postwarden.dialects.ews.items import Item
from postwarden.dialects.ews.listing import administered
from postwarden.dialects.ews.loading import BATCH
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import children, number_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.mailboxes import CopyState, Flag
from postwarden.model.permissions import Permission
from postwarden.model.queries import (
    NOTHING,
    AddressField,
    AddressMatch,
    Node,
    Query,
    Words,
    all_of,
    any_of,
    leaves,
)
from postwarden.services import access, finding, indexing
from postwarden.services.ports import CopyFacts, UnitOfWork
from postwarden.wire.xml import Element, Xml, tag

discovery = Operations()

MAX_FOUND: Final = 50_000  # items whose sizes are added up
MAX_PAGE: Final = 500
_STATES: Final = (CopyState.LIVE, CopyState.VAULTED)  # the dumpster, too


@discovery("GetSearchableMailboxes", is_single=True)
async def get_searchable_mailboxes(call: Call, asked: Element) -> Xml:
    """List the mailboxes that whoever asks may search, those with a text in them."""
    wanted = (asked.value("m:SearchFilter") or "").strip("*")
    found = await administered(call, wanted)
    return tag("m:SearchableMailboxes", *map(_searchable, found))


def _searchable(account: Account) -> Xml:
    address = str(account.address)
    return tag(
        "t:SearchableMailbox",
        tag("t:Guid", str(UUID(int=account.id))),
        tag("t:PrimarySmtpAddress", address),
        tag("t:IsExternalMailbox", False),
        tag("t:ExternalEmailAddress"),
        tag("t:DisplayName", account.name or address),
        tag("t:IsMembershipGroup", False),
        tag("t:ReferenceId", address),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What is wanted of one query: where to look, and which page of it."""

    text: str
    scopes: Sequence[str]
    is_preview: bool
    page_size: int
    reference: int | None
    is_backwards: bool


@dataclass(slots=True)
class _Sum:
    items: int = 0
    octets: int = 0

    def add(self, facts: CopyFacts) -> None:
        self.items += 1
        self.octets += facts.size


@dataclass(slots=True)
class _Sums:
    """How much was found, in all and in each mailbox."""

    whole: _Sum = field(default_factory=_Sum)
    mailboxes: dict[str, _Sum] = field(default_factory=dict)


@discovery("SearchMailboxes")
async def search_mailboxes(call: Call, asked: Element) -> Xml:
    """Find items in many mailboxes: how many and how large, or a page of them."""
    kind = asked.value("m:ResultType") or "StatisticsOnly"
    if kind not in {"StatisticsOnly", "PreviewOnly"}:
        raise Violation(f"ResultType cannot be {kind[:40]!r}", asked)
    direction = asked.value("m:PageDirection") or "Next"
    if direction not in {"Next", "Previous"}:
        raise Violation(f"PageDirection cannot be {direction[:40]!r}", asked)
    size = asked.find("m:PageSize")

    async def one(query: Element) -> Xml:
        wanted = _Search(
            text=query.value("t:Query") or "",
            scopes=[
                each.value("t:Mailbox") or ""
                for each in children(query, "t:MailboxSearchScopes")
            ],
            is_preview=kind == "PreviewOnly",
            page_size=100 if size is None else number_of(size, low=1, high=MAX_PAGE),
            reference=_reference(asked),
            is_backwards=direction == "Previous",
        )
        return success("SearchMailboxes", await _searched(call, wanted))

    return await for_each("SearchMailboxes", children(asked, "m:SearchQueries"), one)


def _reference(asked: Element) -> int | None:
    element = asked.find("m:PageItemReference")
    if element is None:
        return None
    return number_of(element, low=0, high=2**63 - 1)


async def _searched(call: Call, wanted: _Search) -> Xml:
    known, failed = await call.read(_known, call.actor, wanted.scopes)
    query = Query(all_of([parsed(wanted.text), _within(known)]))
    if any(isinstance(leaf, Words) for leaf in leaves(query)):
        await indexing.catch_up(call.house.index, call.house.blobs)
    found = await call.read(finding.find, call.actor, query, {}, states=_STATES)
    if len(found) > MAX_FOUND:
        message = f"More than {MAX_FOUND} items: ask for less at a time."
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, message)
    sums = _Sums(mailboxes={str(each): _Sum() for each in known})
    for begin in range(0, len(found), BATCH):
        for facts in await call.read(finding.facts, found[begin : begin + BATCH]):
            sums.whole.add(facts)
            sums.mailboxes.setdefault(facts.address, _Sum()).add(facts)
    shown = _page(found, wanted) if wanted.is_preview else ()
    items = await call.read(finding.facts, shown)
    return tag(
        "m:SearchMailboxesResult",
        tag("t:SearchQueries", _echoed(wanted)),
        tag("t:ResultType", "PreviewOnly" if wanted.is_preview else "StatisticsOnly"),
        tag("t:ItemCount", sums.whole.items),
        tag("t:Size", sums.whole.octets),
        tag("t:PageItemCount", len(items)),
        tag("t:PageItemSize", sum(each.size for each in items)),
        tag("t:Items", *map(_preview, items)) if wanted.is_preview else None,
        tag("t:FailedMailboxes", *map(_failed, failed)) if failed else None,
        tag("t:MailboxStats", *_stats(sums)),
    )


def _known(
    uow: UnitOfWork, actor: Actor, scopes: Sequence[str]
) -> tuple[list[Address], list[str]]:
    """Return the addresses of mailboxes that are there, and what names none."""
    access.require(actor, Permission.MAIL_FIND)
    known, failed = list[Address](), list[str]()
    for each in scopes:
        try:
            known.append(access.account(uow, actor, Address.parse(each)).address)
        except (Invalid, NotFound):
            failed.append(each)
    return known, failed


def _within(known: Sequence[Address]) -> Node:
    """Return what only the mail of some accounts matches."""
    if not known:
        return NOTHING
    pairs = (each.key.partition("/") for each in known)
    return any_of(
        AddressMatch(AddressField.ACCOUNT, local_key, domain)
        for domain, _, local_key in pairs
    )


def _page(found: Sequence[int], wanted: _Search) -> Sequence[int]:
    """Return a page behind, or before, an item; what was filed last comes first."""
    if wanted.is_backwards:
        begin = 0 if wanted.reference is None else bisect_right(found, wanted.reference)
        return found[begin : begin + wanted.page_size][::-1]
    end = (
        len(found) if wanted.reference is None else bisect_left(found, wanted.reference)
    )
    return found[max(end - wanted.page_size, 0) : end][::-1]


def _echoed(wanted: _Search) -> Xml:
    return tag(
        "t:MailboxQuery",
        tag("t:Query", wanted.text),
        tag(
            "t:MailboxSearchScopes",
            *(
                tag(
                    "t:MailboxSearchScope",
                    tag("t:Mailbox", each),
                    tag("t:SearchScope", "All"),
                )
                for each in wanted.scopes
            ),
        ),
    )


def _preview(facts: CopyFacts) -> Xml:
    item = Item(facts=facts)
    return tag(
        "t:SearchPreviewItem",
        item_shapes.item_id(item, "t:Id"),
        tag(
            "t:Mailbox",
            tag("t:MailboxId", facts.address),
            tag("t:PrimarySmtpAddress", facts.address),
        ),
        tag("t:ParentId", Id=str(MailboxId(facts.account, facts.mailbox_id))),
        tag("t:ItemClass", "IPM.Note"),
        tag("t:UniqueHash", facts.sha256.hex()),
        tag("t:SortValue", str(facts.id)),
        tag("t:Sender", facts.author),
        tag("t:ReceivedTime", facts.internal_date),
        tag("t:Subject", facts.subject),
        tag("t:Size", facts.size),
        tag("t:Read", bool(facts.flags & Flag.SEEN)),
    )


def _failed(name: str) -> Xml:
    return tag(
        "t:FailedMailbox",
        tag("t:Mailbox", name),
        tag("t:ErrorCode", 1),
        tag("t:ErrorMessage", "The SMTP address has no mailbox associated with it."),
        tag("t:IsArchive", False),
    )


def _stats(sums: _Sums) -> Iterator[Xml]:
    for address, found in sums.mailboxes.items():
        yield tag(
            "t:MailboxStat",
            tag("t:MailboxId", address),
            tag("t:DisplayName", address),
            tag("t:ItemCount", found.items),
            tag("t:Size", found.octets),
        )
