"""Calls an ASGI app in this process and sees what it answered."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from postwarden.dialects.kit.asgi import Application


@dataclass(frozen=True, slots=True)
class Answered:
    """What an app answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def rows(self) -> list[Any]:
        """The objects of JSON Lines."""
        return [json.loads(line) for line in self.body.splitlines()]


@dataclass(slots=True)
class Client:
    """Asks an app; `headers` go with every request."""

    app: Application
    prefix: str = ""
    headers: Mapping[str, str] | None = None
    peer: str = "127.0.0.1"

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | str = "",
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Ask; `body` is sent as JSON, `content` as it is."""
        sent: dict[str, str] = {"host": "localhost", **(self.headers or {})}
        if body is not None:
            content = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        sent.update(headers or {})
        question = query if isinstance(query, str) else urlencode(query, doseq=True)
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": self.prefix + path,
            "raw_path": (self.prefix + path).encode(),
            "query_string": question.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in sent.items()
            ],
            "client": (self.peer, 40000),
        }
        return await _exchange(self.app, scope, content or b"")

    async def get(self, path: str, **query: object) -> Answered:
        return await self("GET", path, query=query)


async def _exchange(
    app: Application, scope: dict[str, Any], content: bytes
) -> Answered:
    asked = [{"type": "http.request", "body": content, "more_body": False}]
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop(0)
        await _never()
        raise AssertionError

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    start, *pieces = told
    return Answered(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(piece.get("body", b"") for piece in pieces),
    )


async def _never() -> None:
    await asyncio.Event().wait()
