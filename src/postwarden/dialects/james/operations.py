"""How an operation is declared: a coroutine that answers a method and a path.

    domains = Operations()

    @domains.put("/domains/{domain}")
    async def create(call: Call, domain: str) -> Answer: ...

Variables of the path come by name, decoded once.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

Handler = Callable[..., Coroutine[Any, Any, Any]]
F = TypeVar("F", bound=Handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; an `open` one is for everybody."""

    method: str
    path: str
    handler: Handler
    is_open: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Operations:
    """The operations of one section of WebAdmin's manual."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.all: list[Operation] = []
        self._is_open = is_open

    def get(self, path: str) -> Callable[[F], F]:
        return self._add("GET", path)

    def head(self, path: str) -> Callable[[F], F]:
        return self._add("HEAD", path)

    def put(self, path: str) -> Callable[[F], F]:
        return self._add("PUT", path)

    def post(self, path: str) -> Callable[[F], F]:
        return self._add("POST", path)

    def patch(self, path: str) -> Callable[[F], F]:
        return self._add("PATCH", path)

    def delete(self, path: str) -> Callable[[F], F]:
        return self._add("DELETE", path)

    def _add(self, method: str, path: str) -> Callable[[F], F]:
        def register(handler: F) -> F:
            self.all.append(
                Operation(
                    method=method, path=path, handler=handler, is_open=self._is_open
                )
            )
            return handler

        return register
