"""The ASGI app of our own API."""

from typing import Any

from postwarden.dialects.kit.application import App, Handler, Heard, unheard
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.routing import Routes
from postwarden.dialects.native.answers import Listed, One, Raw, Streamed, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.encoding import answer_with, encode
from postwarden.dialects.native.envelope import problem
from postwarden.dialects.native.house import House
from postwarden.dialects.native.operations import PREFIX, Operation
from postwarden.dialects.native.routes import OPERATIONS
from postwarden.model.actors import Actor
from postwarden.services import access

NAME = "native"
_NOBODY = Actor(name="nobody", dialect=NAME)


def build(house: House, *, heard: Heard = unheard) -> App:
    """Build the app of a store; `heard` is told of each request."""
    return App(
        name=NAME,
        routes=Routes(
            (each.method, PREFIX + each.path, (each.path, _handler(house, each)))
            for each in OPERATIONS
        ),
        envelope=problem,
        bounds=house.bounds,
        heard=heard,
    )


def _handler(house: House, operation: Operation) -> Handler:
    async def handle(request: Request, variables: dict[str, str]) -> Answer:
        # Who asks comes first: strangers learn nothing of what is well formed.
        actor = _NOBODY if operation.is_open else await house.authenticate(request)
        if operation.permissions:  # services ask again, after what they take is read
            access.require_one(actor, *operation.permissions)
        arguments = await operation.arguments(request, variables)
        call = Call(
            house=house,
            request=request,
            operation=operation,
            actor=actor,
            dry_run=getattr(arguments.get("query"), "dry_run", False),
        )
        return _answer(call, await operation.handler(call, **arguments))

    return handle


def _answer(call: Call, result: Any) -> Answer:
    match result:
        case Answer():
            return result
        case Listed(answer) | Written(answer) | Streamed(answer) | Raw(answer):
            return answer
        case One(shape, is_versioned=True):
            return answer_with(
                shape, if_none_match=call.request.headers.get("if-none-match", "")
            )
        case One(shape):
            return Answer(body=encode(shape), status=call.operation.status)
        case _:
            raise TypeError(type(result))
