"""The ASGI app of the James dialect: which call is meant, and whose it is."""

from collections.abc import Awaitable, Callable, Iterable

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.decoding import decoded, segments_of, shown
from postwarden.dialects.james.envelope import dressed, no, no_route
from postwarden.dialects.james.house import NAME, House
from postwarden.dialects.james.operations import Operation
from postwarden.dialects.james.routes import PROTECTED, ROUTES
from postwarden.dialects.james.routing import Table
from postwarden.dialects.kit.application import App, Handler, Heard, unheard
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor

PREFIXES = tuple(sorted({f"/{each.split('/')[1]}" for each in PROTECTED}))
"""Where James' paths begin, on a listener that is not his alone."""

_NOBODY = Actor(name="nobody", dialect=NAME)
_Authenticate = Callable[[Request], Awaitable[Actor]]


def build(house: House, *, heard: Heard = unheard) -> App:
    """Build the app of a store; `heard` is told of each request."""
    return App(
        name=NAME,
        routes=_Paths(house, ROUTES),
        envelope=no,
        bounds=house.bounds,
        heard=heard,
    )


class _Paths:
    """Finds what answers a request.

    There is no 405: another method of a known path is an unknown path. HEAD of what
    can be got is answered without looking, and OPTIONS of anything.
    """

    def __init__(self, house: House, operations: Iterable[Operation]) -> None:
        self._house = house
        self._table = Table(operations)

    def find(
        self, method: str, path: str
    ) -> tuple[tuple[str, Handler], dict[str, str]]:
        segments = segments_of(path)
        if method == "OPTIONS":
            return ("", _options), {}
        operation, variables = self._table.find(method, segments)
        if operation is not None:
            return (operation.path, _handler(self._house, operation)), variables
        if method == "HEAD":
            operation, _ = self._table.find("GET", segments)
            if operation is not None:
                is_open = operation.is_open
                return (operation.path, _unseen(self._house, is_open=is_open)), {}
        is_open = not any(map(_is_below(segments), PROTECTED))
        return ("", _absent(self._house, shown(path), is_open=is_open)), {}


def _is_below(segments: list[str]) -> Callable[[str], bool]:
    def is_base(base: str) -> bool:
        parts = base.strip("/").split("/")
        return segments[: len(parts)] == parts

    return is_base


def _handler(house: House, operation: Operation) -> Handler:
    async def handle(request: Request, variables: dict[str, str]) -> Answer:
        # Who asks comes first: strangers learn nothing of what is well formed.
        actor = _NOBODY if operation.is_open else await house.authenticate(request)
        call = Call(house=house, request=request, actor=actor)
        arguments = {name: decoded(each) for name, each in variables.items()}
        answer: Answer = await operation.handler(call, **arguments)
        return dressed(answer)

    return handle


def _unseen(house: House, *, is_open: bool) -> Handler:
    async def handle(request: Request, _: dict[str, str]) -> Answer:
        if not is_open:
            await house.authenticate(request)
        return dressed(Answer())

    return handle


def _absent(house: House, path: str, *, is_open: bool) -> Handler:
    async def handle(request: Request, _: dict[str, str]) -> Answer:
        if not is_open:
            await house.authenticate(request)
        raise no_route(request.method, path)

    return handle


async def _options(request: Request, _: dict[str, str]) -> Answer:
    """Let a page do what it asks for; it must authenticate all the same."""
    headers = request.headers
    return dressed(
        Answer(),
        asked=_word(headers.get("access-control-request-headers", "")),
        method=_word(headers.get("access-control-request-method", "")),
    )


def _word(value: str) -> str:
    """Return a value that comes back in a header, when it is one of tokens."""
    return value if value.isascii() and value.isprintable() else ""
