"""The ASGI app of a dialect: routes, bounds, and an answer to every failure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import structlog

from postwarden.dialects.kit import requests
from postwarden.dialects.kit.asgi import Answer, Message, Receive, Send, respond
from postwarden.dialects.kit.refusals import Refusal
from postwarden.dialects.kit.requests import Bounds, Request
from postwarden.model.errors import MailError

Handler = Callable[[Request, dict[str, str]], Awaitable[Answer]]
Envelope = Callable[[Exception, Request], Answer]
"""How a dialect says that it could not: total over what may be raised."""


class Finder(Protocol):
    """Knows what answers a method and a path, as `routing.Routes` does."""

    def find(
        self, method: str, path: str
    ) -> tuple[tuple[str, Handler], dict[str, str]]:
        """Return the route with its handler, and the variables of the path."""
        ...


_log = structlog.get_logger("postwarden.http")


Heard = Callable[[str, Request, str, Answer, float], None]
"""Hears of each request: dialect, route, answer, and the seconds until it begins."""


def unheard(*_: object) -> None:
    """Tell nobody of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One dialect. What it raises, its envelope says."""

    name: str
    routes: Finder
    envelope: Envelope
    bounds: Bounds = field(default_factory=Bounds)
    heard: Heard = unheard

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = requests.request_of(scope, receive, self.bounds)
        route, begun = "", perf_counter()
        try:
            requests.check(request, scope)
            (route, handler), variables = self.routes.find(request.method, request.path)
            answer = await handler(request, variables)
        except Exception as error:  # noqa: BLE001  every failure is answered
            answer = self.envelope(error, request)
            if not isinstance(error, Refusal | MailError):
                _log.exception(
                    "request.failed", dialect=self.name, request=request.request_id
                )
        answer.headers.setdefault("x-request-id", request.request_id)
        self.heard(self.name, request, route, answer, perf_counter() - begun)
        await respond(answer, receive, send, head=request.method == "HEAD")
