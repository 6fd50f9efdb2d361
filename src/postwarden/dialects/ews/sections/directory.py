"""Who is who: ResolveNames, ExpandDL.

Owners of mail know themselves; administrators with `directory.read` whatever is in
their domains, by its address.
"""

from typing import Final

from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import child
from postwarden.dialects.ews.responses import for_each, success
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import UnitOfWork
from postwarden.wire.xml import Element, Xml, tag

directory = Operations()

_LISTS: Final = (EntryKind.GROUP, EntryKind.LIST, EntryKind.ALIAS)
_NO_RESULT: Final = "No results were found."


@directory("ResolveNames")
async def resolve_names(call: Call, asked: Element) -> Xml:
    """Find who has an address."""

    async def one(element: Element) -> Xml:
        text = element.text.strip()
        _, colon, address = text.partition(":")  # smtp:ada@example.org
        entry, name = await _known(call, address if colon else text)
        found = tag("t:Resolution", _mailbox(entry.address, name, entry.kind))
        return success(
            "ResolveNames",
            tag(
                "m:ResolutionSet",
                found,
                TotalItemsInView=1,
                IncludesLastItemInRange=True,
            ),
        )

    return await for_each("ResolveNames", [child(asked, "m:UnresolvedEntry")], one)


@directory("ExpandDL")
async def expand_dl(call: Call, asked: Element) -> Xml:
    """List to whom an alias, a group or a list leads."""

    async def one(element: Element) -> Xml:
        address = child(element, "t:EmailAddress").text.strip()
        entry, _ = await _known(call, address)
        if entry.kind not in _LISTS:
            raise Failed(Code.NAME_RESOLUTION_NO_RESULTS, _NO_RESULT)
        members = [_mailbox(each, str(each), None) for each in entry.targets]
        return success(
            "ExpandDL",
            tag(
                "m:DLExpansion",
                *members,
                TotalItemsInView=len(members),
                IncludesLastItemInRange=True,
            ),
        )

    return await for_each("ExpandDL", [child(asked, "m:Mailbox")], one)


async def _known(call: Call, text: str) -> tuple[Entry, str]:
    try:
        return await call.read(_entry, call.actor, Address.parse(text))
    except (Invalid, NotFound) as error:
        raise Failed(Code.NAME_RESOLUTION_NO_RESULTS, _NO_RESULT) from error


def _entry(uow: UnitOfWork, actor: Actor, address: Address) -> tuple[Entry, str]:
    if actor.account is not None:
        own = access.mailbox_owner(uow, actor, actor.account)
        if own.address.key != address.key:
            raise NotFound(access.ADDRESS, str(address))
        entry = Entry(
            address=own.address,
            kind=EntryKind.ACCOUNT,
            created_at=own.created_at,
            account=own.id,
        )
        return entry, own.name
    access.require(actor, Permission.DIRECTORY_READ)
    entry = access.entry(uow, actor, address)
    if entry.account is None:
        return entry, ""
    return entry, uow.accounts.get(entry.account).name


def _mailbox(address: Address, name: str, kind: EntryKind | None) -> Xml:
    return tag(
        "t:Mailbox",
        tag("t:Name", name or str(address)),
        tag("t:EmailAddress", str(address)),
        tag("t:RoutingType", "SMTP"),
        tag("t:MailboxType", _TYPES.get(kind, "PublicDL") if kind else "OneOff"),
    )


_TYPES: Final = {EntryKind.ACCOUNT: "Mailbox"}
