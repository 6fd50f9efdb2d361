"""How an operation is declared: a coroutine, and what its signature says.

    accounts = Operations("Accounts")

    @accounts.get("/accounts/{account}", P.DIRECTORY_READ)
    async def show_account(call: Call, account: str) -> One[AccountShape]:
        \"\"\"Show an account, what it uses, and its mailboxes.\"\"\"

Variables of the path come by name as texts; `query` is a struct of the query
parameters, `body` one of the JSON body, or a `File` of the media types that it
`takes`. Whatever is not declared is refused. The OpenAPI document is made of the same
declarations.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

import msgspec

from postwarden.dialects.kit.asgi import JSON
from postwarden.dialects.kit.refusals import WrongMediaType
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.values import body_of, query_of
from postwarden.model.permissions import Permission

PREFIX = "/postwarden/v1"

Handler = Callable[..., Coroutine[Any, Any, Any]]
F = TypeVar("F", bound=Handler)


LARGEST_FILE = 16 * 1024 * 1024  # octets


@dataclass(frozen=True, slots=True)
class File:
    """A body that is no JSON."""

    media_type: str
    content: bytes


class NoParameters(msgspec.Struct, forbid_unknown_fields=True):
    """The query parameters of an operation that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request that works on the store of the examples, as a test sees to."""

    variables: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] | None = None
    file: str = ""  # a body that is no JSON
    asks: str = ""  # who asks, where it is about oneself


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. One of its `permissions` is needed; any actor's if it has none.

    One that is open asks for no actor at all.
    """

    id: str  # the name by which clients call it
    tag: str
    method: str
    path: str
    handler: Handler
    permissions: tuple[Permission, ...]
    status: int
    query: type
    body: type | None
    answer: Any
    example: Example
    is_open: bool
    takes: tuple[str, ...]  # the media types of a body that is no JSON

    @property
    def writes(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    async def arguments(
        self, request: Request, variables: dict[str, str]
    ) -> dict[str, Any]:
        """Return what the handler is called with; raises Refusal."""
        given: dict[str, Any] = dict(variables)
        query: object = query_of(request.query, self.query)
        if self.query is not NoParameters:
            given["query"] = query
        if self.takes:
            content = await request.body(LARGEST_FILE)
            if request.media_type not in self.takes:
                kinds = " or ".join(self.takes)
                raise WrongMediaType(f"a body is {kinds}", field="content-type")
            given["body"] = File(request.media_type, content)
        elif self.body is not None:
            content = await request.body()
            if request.media_type != JSON:
                raise WrongMediaType(f"a body is {JSON}", field="content-type")
            given["body"] = body_of(content, self.body)
        elif await request.body():
            raise WrongMediaType("this takes no body", field="body")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a handler's signature cannot say, for one that serves several kinds."""

    id: str
    answer: Any
    body: type | None = None


class Operations:
    """The operations of one kind of thing, in the order of declaration."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[Operation] = []

    def get(
        self,
        path: str,
        *permissions: Permission,
        example: Example | None = None,
        named: Named | None = None,
        is_open: bool = False,
    ) -> Callable[[F], F]:
        return self._add(
            "GET",
            path,
            permissions,
            status=200,
            example=example,
            named=named,
            is_open=is_open,
        )

    def post(
        self,
        path: str,
        *permissions: Permission,
        status: int = 201,
        example: Example | None = None,
        named: Named | None = None,
        is_open: bool = False,
        takes: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        return self._add(
            "POST",
            path,
            permissions,
            status=status,
            example=example,
            named=named,
            is_open=is_open,
            takes=takes,
        )

    def patch(
        self,
        path: str,
        *permissions: Permission,
        example: Example | None = None,
        named: Named | None = None,
    ) -> Callable[[F], F]:
        return self._add(
            "PATCH", path, permissions, status=200, example=example, named=named
        )

    def delete(
        self,
        path: str,
        *permissions: Permission,
        status: int = 200,
        example: Example | None = None,
        named: Named | None = None,
    ) -> Callable[[F], F]:
        return self._add(
            "DELETE", path, permissions, status=status, example=example, named=named
        )

    def _add(
        self,
        method: str,
        path: str,
        permissions: tuple[Permission, ...],
        *,
        status: int,
        example: Example | None,
        named: Named | None,
        is_open: bool = False,
        takes: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        def register(handler: F) -> F:
            hints = get_type_hints(handler, include_extras=True)
            known = named or Named(
                id=handler.__name__, answer=hints["return"], body=hints.get("body")
            )
            self.all.append(
                Operation(
                    id=known.id,
                    tag=self.tag,
                    method=method,
                    path=path,
                    handler=handler,
                    permissions=permissions,
                    status=status,
                    query=hints.get("query", NoParameters),
                    body=None if takes else known.body,
                    answer=known.answer,
                    example=example or Example(),
                    is_open=is_open,
                    takes=takes,
                )
            )
            return handler

        return register
