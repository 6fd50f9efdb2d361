"""The words of ASGI 3, and the one way in which we answer."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

JSON = "application/json"


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response: its body at once, or in pieces as they are found."""

    status: int = 200
    body: bytes | AsyncGenerator[bytes, None] = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


async def respond(
    answer: Answer, receive: Receive, send: Send, *, head: bool = False
) -> None:
    """Send an answer; a streamed one ends when the client goes."""
    body = answer.body
    headers = {"cache-control": "no-store", **answer.headers}
    has_content = answer.status not in {204, 304}
    if has_content:
        headers["content-type"] = answer.media_type
    if isinstance(body, bytes):
        if has_content:
            headers["content-length"] = str(len(body))
        await _start(send, answer.status, headers)
        content = b"" if head or not has_content else body
        await send({"type": "http.response.body", "body": content})
        return
    await _start(send, answer.status, headers)
    if not head:
        await _until_gone(receive, _stream(send, body))
    await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def _stream(send: Send, pieces: AsyncGenerator[bytes, None]) -> None:
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _until_gone(receive: Receive, work: Awaitable[None]) -> None:
    """Do `work`, given up as soon as the client disconnects."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for each in (working, watching):
            each.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
