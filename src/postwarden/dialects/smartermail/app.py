"""The ASGI app of the SmarterMail dialect."""

from postwarden.dialects.kit.application import App, Handler, Heard, unheard
from postwarden.dialects.kit.asgi import JSON, Answer
from postwarden.dialects.kit.refusals import WrongMediaType
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.routing import Routes
from postwarden.dialects.kit.values import lenient_body_of
from postwarden.dialects.smartermail.contexts import call_for
from postwarden.dialects.smartermail.envelope import no, yes
from postwarden.dialects.smartermail.house import DIALECT, PREFIX, House
from postwarden.dialects.smartermail.operations import Operation
from postwarden.dialects.smartermail.routes import ROUTES

NAME = DIALECT
_JSON_TYPES = frozenset({JSON, "text/json", ""})


def build(house: House, *, heard: Heard = unheard) -> App:
    """Build the app of a store; `heard` is told of each request."""
    return App(
        name=NAME,
        routes=Routes(
            (
                (each.method, PREFIX + each.path, (each.path, _handler(house, each)))
                for each in ROUTES
            ),
            folds_case=True,
        ),
        envelope=no,
        bounds=house.bounds,
        heard=heard,
    )


def _handler(house: House, operation: Operation) -> Handler:
    async def handle(request: Request, variables: dict[str, str]) -> Answer:
        # Who asks comes first: strangers learn nothing of what is well formed.
        call = await call_for(house, operation.reach, request)
        arguments: dict[str, object] = dict(variables)
        if operation.body is not None:
            arguments["body"] = await _body(request, operation)
        said = await operation.handler(call, **arguments)
        return said if isinstance(said, Answer) else yes(said)

    return handle


async def _body(request: Request, operation: Operation) -> object:
    content = await request.body()
    if content and request.media_type not in _JSON_TYPES:
        raise WrongMediaType(f"a body is {JSON}", field="content-type")
    return lenient_body_of(content, operation.body)
