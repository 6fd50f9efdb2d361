"""Writing items: CreateItem, UpdateItem."""

import asyncio
from dataclasses import dataclass, field

from postwarden.dialects.ews import composing
from postwarden.dialects.ews.acting import address_of
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.drafting import (
    Draft,
    draft_of,
    is_flagged,
    keywords_of,
)
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.loading import item_at, rows, with_content
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.placing import item_id, mailbox_of, placed
from postwarden.dialects.ews.reading import boolean_of, child, children, one_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.shapes import uri_of
from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import NO_FLAGS, Flag
from postwarden.services.mailboxes import acting
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.mailboxes.appending import append
from postwarden.wire.xml import Element, Xml, tag

writing = Operations()

_NONE = tag("m:Items")
_SENT = "Sending is not offered: save the item, and send it by submission (SMTP)."
_DISPOSITIONS = ("SaveOnly", "SendOnly", "SendAndSaveCopy")
_RESOLUTIONS = ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite")


@writing("CreateItem")
async def create_item(call: Call, asked: Element) -> Xml:
    """Save items that are given by their octets or by their fields."""
    if one_of(asked, "MessageDisposition", *_DISPOSITIONS) != "SaveOnly":
        raise Failed(Code.INVALID_OPERATION, _SENT)
    actor, name = await _home(call, asked.find("m:SavedItemFolderId"))

    async def one(element: Element) -> Xml:
        draft = draft_of(element, address_of(actor), call.house.clock())
        made = await filed(call, actor, name, draft)
        return success("CreateItem", placed(made))

    return await for_each("CreateItem", children(asked, "m:Items"), one, _NONE)


async def _home(call: Call, element: Element | None) -> tuple[Actor, str]:
    if element is None:
        drafts = Element(name="t:DistinguishedFolderId", attributes={"Id": "drafts"})
        element = Element(name="m:SavedItemFolderId", attributes={}, children=[drafts])
    _, tree, name = await mailbox_of(call, element)
    return await call.owner(tree.account), name


async def filed(
    call: Call, actor: Actor, name: str, draft: Draft, *, instead_of: int | None = None
) -> Item:
    """File an item, in the place of another if one is given; raises Failed."""
    try:
        copy = await append(
            call.house.store,
            call.house.blobs,
            actor,
            name,
            draft.content,
            flags=draft.flags,
            keywords=draft.keywords,
            internal_date=draft.internal_date,
            instead_of=instead_of,
            aside=asyncio.to_thread,
        )
    except Invalid as error:
        is_content = error.field == "content"
        code = Code.MIME_CONTENT_INVALID if is_content else Code.ITEM_SAVE
        raise Failed(code, str(error)) from error
    [item] = await call.read(rows, actor, [copy.id], Depth.FACTS)
    return item


@dataclass(slots=True)
class _Updates:
    """What an ItemChange changes: flags, words, and fields of the message."""

    add: Flag = NO_FLAGS
    remove: Flag = NO_FLAGS
    keywords: tuple[str, ...] | None = None
    fields: list[Element] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def switch(self, flag: Flag, *, on: bool) -> None:
        if on:
            self.add, self.remove = self.add | flag, self.remove & ~flag
        else:
            self.add, self.remove = self.add & ~flag, self.remove | flag


@writing("UpdateItem")
async def update_item(call: Call, asked: Element) -> Xml:
    """Change flags and categories of items, and fields of drafts.

    A draft whose fields change is another message in its place, and the same item;
    other messages are as they came and stay so.
    """
    resolution = one_of(asked, "ConflictResolution", *_RESOLUTIONS)
    sent = asked.attributes.get("MessageDisposition", "SaveOnly")
    if sent != "SaveOnly":
        raise Failed(Code.INVALID_OPERATION, _SENT)

    async def one(element: Element) -> Xml:
        named = child(element, "t:ItemId")
        item = await item_at(call, item_id(named), Depth.FACTS)
        key = named.attributes.get("ChangeKey")
        if resolution == "NeverOverwrite" and key not in {None, item.change_key}:
            message = "The item has changed since it was read."
            raise Failed(Code.IRRESOLVABLE_CONFLICT, message)
        updates = _Updates(keywords=None)
        for each in children(element, "t:Updates"):
            _read(each, item, updates)
        changed = await _changed(call, item, updates)
        conflicts = tag("m:ConflictResults", tag("t:Count", 0))
        return success("UpdateItem", placed(changed), conflicts)

    return await for_each("UpdateItem", children(asked, "m:ItemChanges"), one, _NONE)


def _read(element: Element, item: Item, updates: _Updates) -> None:
    path = element.only
    if path is None:
        raise Violation(f"{element.local} names no field", element)
    uri = uri_of(path) if path.name == "t:FieldURI" else ""
    name = f"t:{uri.rpartition(':')[2]}"
    match element.name:
        case "t:DeleteItemField":
            _delete(name, updates, path)
        case "t:SetItemField" | "t:AppendToItemField":
            given = element.find("t:Message") or element.find("t:Item")
            value = given.only if given is not None else None
            if value is None or value.name != name:
                raise Failed(Code.INVALID_OPERATION, f"{name[2:]} cannot be set here.")
            appended = element.name == "t:AppendToItemField"
            _set(value, item, updates, appended=appended)
        case _:
            raise Violation(f"{element.local[:40]} is no update", element)


def _delete(name: str, updates: _Updates, path: Element) -> None:
    if name == "t:Categories":
        updates.keywords = ()
    elif name == "t:Flag":
        updates.switch(Flag.FLAGGED, on=False)
    elif name in composing.COMPOSED:
        updates.gone.append(name)
    else:
        uri = path.attributes.get("FieldURI", path.local)
        raise Failed(Code.INVALID_OPERATION, f"{uri[:80]} cannot be deleted here.")


def _set(value: Element, item: Item, updates: _Updates, *, appended: bool) -> None:
    match value.name:
        case "t:IsRead":
            updates.switch(Flag.SEEN, on=boolean_of(value))
        case "t:Flag":
            updates.switch(Flag.FLAGGED, on=is_flagged(value))
        case "t:Categories":
            before = item.facts.keywords if appended else ()
            updates.keywords = (*before, *keywords_of(value))
        case name if name in composing.COMPOSED and not appended:
            updates.fields.append(value)
        case _:
            message = f"{value.local[:40]} cannot be changed here."
            raise Failed(Code.INVALID_OPERATION, message)


async def _changed(call: Call, item: Item, updates: _Updates) -> Item:
    actor = await call.owner(item.facts.account)
    flags = (item.facts.flags | updates.add) & ~updates.remove
    if updates.fields or updates.gone:
        return await _rewritten(call, actor, item, updates, flags)
    change = FlagChange(
        copy=item.facts.id,
        add=updates.add,
        remove=updates.remove,
        keywords=updates.keywords,
    )
    try:
        await call.transact(acting.flag, actor, [change])
    except Invalid as error:
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, str(error)) from error
    [changed] = await call.read(rows, actor, [item.facts.id], Depth.FACTS)
    return changed


async def _rewritten(
    call: Call, actor: Actor, item: Item, updates: _Updates, flags: Flag
) -> Item:
    if not item.has(Flag.DRAFT):
        message = "A message that is no draft stays as it is."
        raise Failed(Code.INVALID_OPERATION, message)
    content = (await with_content(call, item)).content or b""
    keywords = item.facts.keywords if updates.keywords is None else updates.keywords
    draft = Draft(
        content=composing.changed(
            content, updates.fields, address_of(actor), updates.gone
        ),
        flags=flags,
        keywords=keywords,
        internal_date=item.facts.internal_date,
    )
    home = item.facts.mailbox
    return await filed(call, actor, home, draft, instead_of=item.facts.id)
