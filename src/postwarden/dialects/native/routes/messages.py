"""What somebody wrote: a permission of its own, a reason, an audit entry each time.

To look is to write: into the audit log, with a reason that tells of an
investigation. So it is a POST, which no browser fetches ahead, and the reason is in
its body, since addresses of requests are logged along the way.
"""

import asyncio
from typing import Literal

from msgspec import UNSET

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.native.answers import One, Raw
from postwarden.dialects.native.calls import Call, location
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.schemas.mail import Looking, Reading
from postwarden.dialects.native.shapes import messages as shapes
from postwarden.model.errors import NotFound
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.services import showing
from postwarden.services.showing import Shown
from postwarden.wire.mime import ScannedMessage, decoded_part, scan

messages = Operations("Messages")

_EXAMPLE = Example(variables={"message": "MESSAGE"}, body={"reason": "ticket 4711"})
_WHOLE, _PART = "message/rfc822", "application/octet-stream"
# Whoever opens it in a browser gets a file: what somebody sent runs nowhere.
_APART = {
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}


@messages.post(
    "/messages/{message}/text", Permission.MAIL_CONTENT, status=200, example=_EXAMPLE
)
async def show_message(
    call: Call, message: str, body: Looking
) -> One[shapes.MessageShape]:
    """Show a message: who wrote what to whom, and its parts.

    `message` is a SHA-256 or a trace id. The reason stands in the audit log before
    anything is read.
    """
    return One(shapes.message(*await _scanned(call, message, "text", body)), False)


@messages.post(
    "/messages/{message}/headers", Permission.MAIL_CONTENT, status=200, example=_EXAMPLE
)
async def show_headers(
    call: Call, message: str, body: Looking
) -> One[shapes.HeadersShape]:
    """Show the header fields of a message, as they are."""
    return One(shapes.headers(*await _scanned(call, message, "headers", body)), False)


@messages.post(
    "/messages/{message}/structure",
    Permission.MAIL_CONTENT,
    status=200,
    example=_EXAMPLE,
)
async def show_structure(
    call: Call, message: str, body: Looking
) -> One[shapes.StructureShape]:
    """Show which parts a message has: numbers, types, names, sizes, hashes."""
    seen = await _scanned(call, message, "structure", body)
    return One(shapes.structure(*seen), False)


@messages.post(
    "/messages/{message}/content", Permission.MAIL_CONTENT, status=200, example=_EXAMPLE
)
async def read_message(
    call: Call, message: str, body: Reading
) -> Raw[Literal["message/rfc822", "application/octet-stream"]]:
    """Read a message, every octet as stored; or one of its parts, decoded."""
    if body.part is UNSET:
        shown = await _show(call, message, "raw", body)
        return _octets(shown, shown.content, _WHOLE)
    shown = await _show(call, message, f"part {body.part}", body)
    content = await asyncio.to_thread(_part_of, shown.content, body.part)
    return _octets(shown, content, _PART)


async def _scanned(
    call: Call, message: str, part: str, body: Looking
) -> tuple[Message, ScannedMessage]:
    shown = await _show(call, message, part, body)
    return shown.message, await asyncio.to_thread(scan, shown.content)


async def _show(call: Call, message: str, part: str, body: Looking) -> Shown:
    store, blobs = call.house.store, call.house.blobs
    return await showing.show(
        store, blobs, call.actor, message, part=part, reason=body.reason
    )


def _part_of(content: bytes, number: str) -> bytes:
    for part in scan(content).parts:
        if part.number == number:
            return decoded_part(content, part)
    raise NotFound("part", number)


def _octets(
    shown: Shown, content: bytes, media_type: str
) -> Raw[Literal["message/rfc822", "application/octet-stream"]]:
    # Also who asked by a trace id learns of which message this is (RFC 9110 §8.7).
    path = f"{location('messages', shown.message.sha256.hex())}/content"
    headers = {**_APART, "content-location": path}
    return Raw(Answer(body=content, media_type=media_type, headers=headers))
