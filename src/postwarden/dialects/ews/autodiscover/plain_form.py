"""Autodiscover in plain XML, at /autodiscover/autodiscover.xml, and in JSON."""

import json
from typing import Final

from postwarden.dialects.ews.autodiscover.known import account_at, url
from postwarden.dialects.ews.envelope import answer
from postwarden.dialects.ews.house import House
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor
from postwarden.wire import xml
from postwarden.wire.xml import NotXml, Xml, tag

REQUEST: Final = (
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
)
_OUTER: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_INNER: Final = (
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
)
_NO_USER, _BAD_REQUEST = "500", "600"
_PROTOCOLS: Final = ("ews", "exchange", "autodiscoverv1")


async def plain(house: House, actor: Actor, request: Request) -> Answer:
    """Answer the settings of one user; what is wrong is said in the same form."""
    name = _asked(await request.body())
    if name is None:
        return _error(house, _BAD_REQUEST, "Invalid Request")
    account = await account_at(house, actor, name)
    if account is None:
        return _error(house, _NO_USER, "The email address can't be found.")
    where = url(house, request)
    host = where.partition("://")[2].partition("/")[0]
    protocols = [
        tag(
            "Protocol",
            tag("Type", kind),
            tag("Server", host),
            tag("ASUrl", where),
            tag("EwsUrl", where),
        )
        for kind in ("EXCH", "EXPR")
    ]
    return _answer(
        tag(
            "Response",
            tag(
                "User",
                tag("DisplayName", account.name or str(account.address)),
                tag("LegacyDN", f"/o=postwarden/cn={account.id}"),
                tag("AutoDiscoverSMTPAddress", str(account.address)),
            ),
            tag(
                "Account",
                tag("AccountType", "email"),
                tag("Action", "settings"),
                *protocols,
            ),
            xmlns=_INNER,
        )
    )


def _asked(content: bytes) -> str | None:
    """Return the address that is asked for, None for a request that is none."""
    try:
        root = xml.read(content, prefixes={REQUEST: "a"})
    except NotXml:
        return None
    schema = root.value("a:Request", "a:AcceptableResponseSchema")
    if root.name != "a:Autodiscover" or schema not in {None, _INNER}:
        return None
    return root.value("a:Request", "a:EMailAddress")


def _error(house: House, code: str, message: str) -> Answer:
    error = tag(
        "Error",
        tag("ErrorCode", code),
        tag("Message", message),
        tag("DebugData"),
        Time=house.clock().strftime("%H:%M:%S.%f"),
        Id="1",
    )
    return _answer(tag("Response", error))


def _answer(response: Xml) -> Answer:
    document = tag("Autodiscover", response, xmlns=_OUTER)
    return answer(f'<?xml version="1.0" encoding="utf-8"?>{document}'.encode())


async def as_json(house: House, actor: Actor, request: Request, name: str) -> Answer:
    """Answer where a protocol is found, in JSON (version 2 of autodiscover)."""
    wanted = (request.query.get("Protocol") or request.query.get("protocol") or [""])[0]
    if wanted.lower() not in _PROTOCOLS:
        return _json(400, {"ErrorCode": "InvalidProtocol", "ErrorMessage": _EWS_ALONE})
    if await account_at(house, actor, name) is None:
        return _json(404, {"ErrorCode": "UserNotFound", "ErrorMessage": _NO_MAILBOX})
    return _json(200, {"Protocol": wanted, "Url": url(house, request)})


_EWS_ALONE: Final = "The protocol that is offered is EWS."
_NO_MAILBOX: Final = "There is no such mailbox."


def _json(status: int, body: dict[str, str]) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode())
