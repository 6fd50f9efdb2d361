"""The ASGI app of EWS: one path that takes SOAP, and who asks is asked first."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from postwarden.dialects.ews import soap
from postwarden.dialects.ews.acting import impersonating
from postwarden.dialects.ews.autodiscover.known import url
from postwarden.dialects.ews.autodiscover.plain_form import as_json, plain
from postwarden.dialects.ews.autodiscover.soap_form import get_user_settings
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.envelope import answer, named, refusal
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.house import House
from postwarden.dialects.ews.names import NAME
from postwarden.dialects.ews.operations import Operation, Streamed
from postwarden.dialects.ews.sections import OPERATIONS
from postwarden.dialects.ews.wsdl.documents import DOCUMENTS, SERVICES, document
from postwarden.dialects.kit.application import App, Handler, Heard, unheard
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.refusals import WrongMediaType
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.routing import Routes
from postwarden.model.actors import Actor
from postwarden.wire.xml import Element, Xml

PREFIXES = ("/ews", "/autodiscover")
PATH = "/ews/exchange.asmx"
_SOAP = "/autodiscover/autodiscover.svc"
_PLAIN = "/autodiscover/autodiscover.xml"
_JSON = "/autodiscover/autodiscover.json"
_PAGE = b"Exchange Web Services answer POST here.\n"


def build(house: House, *, heard: Heard = unheard) -> App:
    """Build the app of a store; `heard` is told of each request."""
    return App(
        name=NAME,
        routes=Routes(
            [
                ("POST", PATH, (PATH, _soap(house))),
                ("GET", PATH, (PATH, _page(house))),
                *(
                    ("GET", f"/ews/{name}", (f"/ews/{name}", _document(house, name)))
                    for name in DOCUMENTS
                ),
                ("POST", _SOAP, (_SOAP, _discover(house, get_user_settings))),
                ("POST", _PLAIN, (_PLAIN, _discover(house, plain))),
                ("GET", f"{_JSON}/v1.0/{{address}}", (_JSON, _discover_json(house))),
            ],
            folds_case=True,
        ),
        envelope=refusal,
        bounds=house.bounds,
        heard=heard,
    )


def _page(house: House) -> Handler:
    describe = _document(house, SERVICES)

    async def handle(request: Request, variables: dict[str, str]) -> Answer:
        if request.query_string.lower() == "wsdl":
            return await describe(request, variables)
        await house.authenticate(request)
        return Answer(body=_PAGE, media_type="text/plain")

    return handle


def _document(house: House, name: str) -> Handler:
    async def handle(request: Request, _: dict[str, str]) -> Answer:
        await house.authenticate(request)
        return answer(document(name, url=url(house, request)))

    return handle


def _soap(house: House) -> Handler:
    async def handle(request: Request, _: dict[str, str]) -> Answer:
        # Who asks comes first: strangers learn nothing, and cost no parsing.
        actor = await house.authenticate(request)
        with house.places.taken_by(actor):
            _check_media_type(request)
            asked = soap.asked_of(await request.body())
            if asked.impersonated is not None:
                actor = await impersonating(house.store, actor, asked.impersonated)
            call = Call(house=house, request=request, actor=actor)
            return named(await _answered(call, asked.operation), request)

    return handle


Discover = Callable[[House, Actor, Request], Awaitable[Answer]]


def _discover(house: House, find: Discover) -> Handler:
    async def handle(request: Request, _: dict[str, str]) -> Answer:
        actor = await house.authenticate(request)
        with house.places.taken_by(actor):
            _check_media_type(request)
            return await find(house, actor, request)

    return handle


def _discover_json(house: House) -> Handler:
    async def handle(request: Request, variables: dict[str, str]) -> Answer:
        actor = await house.authenticate(request)
        return await as_json(house, actor, request, variables["address"])

    return handle


def _check_media_type(request: Request) -> None:
    if request.media_type != "text/xml":
        raise WrongMediaType("SOAP 1.1 is text/xml", field="content-type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMediaType("send the body as it is", field="content-encoding")


async def _answered(call: Call, asked: Element) -> Answer:
    namespace, _, name = asked.name.partition(":")
    operation = OPERATIONS.get(name) if namespace == "m" else None
    if operation is None:
        raise Failed(
            Code.INVALID_OPERATION, f"There is no operation {asked.local[:80]} here."
        )
    found = await operation.handler(call, asked)
    if isinstance(found, Streamed):
        return answer(_documents(operation, found.each))
    return answer(soap.envelope(operation.written(found)))


async def _documents(
    operation: Operation, found: AsyncGenerator[Xml, None]
) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(found):
        async for each in found:
            yield soap.envelope(operation.written(each))
