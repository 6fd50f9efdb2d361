"""How an operation is declared: a coroutine, whose it may be, and what it takes.

    domain = Operations()

    @domain.post("/settings/domain/get-user", Reach.DOMAIN)
    async def get_user(call: Call, body: UserName) -> UserAnswer: ...

Variables of the path come by name as texts, and `body` as the struct it is declared
to be.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, get_type_hints

Handler = Callable[..., Coroutine[Any, Any, Any]]
F = TypeVar("F", bound=Handler)


class Reach(Enum):
    """Whose an operation is, and what it works on."""

    OPEN = "nobody need be logged in"
    ANYBODY = "whoever is logged in"
    SYSTEM = "an administrator of every domain"
    DOMAIN = "an administrator, in one domain"
    MAILBOX = "the owner of an account, or who acts as it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. Its permissions are asked by the service that it calls."""

    method: str
    path: str
    reach: Reach
    handler: Handler
    body: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Operations:
    """The operations of one kind of thing, in the order of declaration."""

    def __init__(self) -> None:
        self.all: list[Operation] = []

    def get(self, path: str, reach: Reach) -> Callable[[F], F]:
        return self._add("GET", path, reach)

    def post(self, path: str, reach: Reach) -> Callable[[F], F]:
        return self._add("POST", path, reach)

    def _add(self, method: str, path: str, reach: Reach) -> Callable[[F], F]:
        def register(handler: F) -> F:
            self.all.append(
                Operation(
                    method=method,
                    path=path,
                    reach=reach,
                    handler=handler,
                    body=get_type_hints(handler).get("body"),
                )
            )
            return handler

        return register
