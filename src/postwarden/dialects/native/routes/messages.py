"""What somebody wrote: a permission of its own, a reason, an audit entry each time."""

import asyncio
from typing import Literal

from msgspec import UNSET

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.native.answers import One, Raw
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.schemas.mail import ContentAsked, Looking
from postwarden.dialects.native.shapes import messages as shapes
from postwarden.model.errors import NotFound
from postwarden.model.permissions import Permission
from postwarden.services import showing
from postwarden.services.showing import Shown
from postwarden.wire.mime import decoded_part, scan

messages = Operations("Messages")

_EXAMPLE = Example(variables={"message": "MESSAGE"}, query={"reason": "ticket 4711"})
_WHOLE, _PART = "message/rfc822", "application/octet-stream"
# Whoever opens it in a browser gets a file: what somebody sent runs nowhere.
_APART = {
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}


@messages.get("/messages/{message}", Permission.MAIL_CONTENT, example=_EXAMPLE)
async def show_message(
    call: Call, message: str, query: Looking
) -> One[shapes.MessageShape]:
    """Show a message: who wrote what to whom, and its parts.

    `message` is a SHA-256 or a trace id. The reason stands in the audit log before
    anything is read.
    """
    shown = await _show(call, message, "text", query.reason)
    scanned = await asyncio.to_thread(scan, shown.content)
    return One(shapes.message(shown.message, scanned), is_versioned=False)


@messages.get("/messages/{message}/content", Permission.MAIL_CONTENT, example=_EXAMPLE)
async def read_message(
    call: Call, message: str, query: ContentAsked
) -> Raw[Literal["message/rfc822", "application/octet-stream"]]:
    """Read a message, every octet as stored; or one of its parts, decoded."""
    if query.part is UNSET:
        shown = await _show(call, message, "raw", query.reason)
        return _octets(shown.content, _WHOLE)
    shown = await _show(call, message, f"part {query.part}", query.reason)
    content = await asyncio.to_thread(_part_of, shown.content, query.part)
    return _octets(content, _PART)


async def _show(call: Call, message: str, part: str, reason: str) -> Shown:
    store, blobs = call.house.store, call.house.blobs
    return await showing.show(
        store, blobs, call.actor, message, part=part, reason=reason
    )


def _part_of(content: bytes, number: str) -> bytes:
    for part in scan(content).parts:
        if part.number == number:
            return decoded_part(content, part)
    raise NotFound("part", number)


def _octets(
    content: bytes, media_type: str
) -> Raw[Literal["message/rfc822", "application/octet-stream"]]:
    return Raw(Answer(body=content, media_type=media_type, headers=dict(_APART)))
