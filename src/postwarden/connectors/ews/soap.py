"""One EWS operation: a SOAP envelope out, its response messages back.

SOAP faults and the errors of single items use one vocabulary of response codes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from postwarden.connectors.ews.tokens import Credentials
from postwarden.connectors.http import Busy, HttpAnswer, HttpClient
from postwarden.model.errors import Unavailable
from postwarden.wire.xml import Bounds, Element, NotXml, Xml, read, tag

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
_TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
_ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
_PREFIXES = {_SOAP: "s", _MESSAGES: "m", _TYPES: "t", _ERRORS: "e"}
_BOUNDS = Bounds(elements=1_000_000)

VERSION = "Exchange2010_SP1"  # the first with recoverable items
NO_ERROR = "NoError"
BUSY = "ErrorServerBusy"


class EwsError(Exception):
    """A fault, or the error of one item; `code` is its response code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in; `impersonates` says whether it acts as those it looks for."""

    credentials: Credentials
    impersonates: bool = True


class EwsClient:
    """Asks one endpoint; `version` is what it said of itself last."""

    def __init__(self, http: HttpClient, login: Login) -> None:
        self._http = http
        self._login = login
        self.version = ""

    async def call(
        self, body: Xml, *, account: str | None = None, is_repeatable: bool = True
    ) -> list[Element]:
        """Return the response messages of an operation, done in somebody's mailbox.

        Raises EwsError for a fault, Unavailable when there is no answer.
        """
        envelope = self._envelope(body, account).encode()
        answer = await self._ask(envelope, account, is_repeatable=is_repeatable)
        if answer.status == 401 and self._login.credentials.refused():
            # Who is refused has had nothing done, so that it may be asked again.
            answer = await self._ask(envelope, account, is_repeatable=is_repeatable)
        if answer.status in {401, 403}:
            raise Unavailable("the system refuses the login")
        root = _envelope_of(answer)
        self._remember_version(root)
        fault = root.find("s:Body", "s:Fault")
        if fault is not None:
            raise _fault(fault)
        body_element = root.find("s:Body")
        response = None if body_element is None else body_element.only
        if answer.status != 200 or response is None:
            raise Unavailable(f"no EWS answer (HTTP status {answer.status})")
        messages = response.find("m:ResponseMessages")
        # Some operations of later versions have their one message at the top.
        return [response] if messages is None else messages.children

    async def _ask(
        self, envelope: bytes, account: str | None, *, is_repeatable: bool
    ) -> HttpAnswer:
        headers = {
            "authorization": await self._login.credentials.authorization(),
            "content-type": "text/xml; charset=utf-8",
        }
        if account is not None:
            headers["x-anchormailbox"] = account
        return await self._http.request(
            "POST",
            self._http.url,
            headers=headers,
            body=envelope,
            busy=_busy,
            is_repeatable=is_repeatable,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._login.credentials.close()
        await self._http.close()

    def _envelope(self, body: Xml, account: str | None) -> Xml:
        header = [tag("t:RequestServerVersion", Version=VERSION)]
        if account is not None and self._login.impersonates:
            who = tag("t:ConnectingSID", tag("t:PrimarySmtpAddress", account))
            header.append(tag("t:ExchangeImpersonation", who))
        return tag(
            "s:Envelope",
            tag("s:Header", *header),
            tag("s:Body", body),
            **{"xmlns:s": _SOAP, "xmlns:m": _MESSAGES, "xmlns:t": _TYPES},
        )

    def _remember_version(self, root: Element) -> None:
        found = root.find("s:Header", "t:ServerVersionInfo")
        if found is not None:
            numbers = [
                found.attributes.get(name, "")
                for name in (
                    *("MajorVersion", "MinorVersion"),
                    *("MajorBuildNumber", "MinorBuildNumber"),
                )
            ]
            self.version = ".".join(numbers)


def _envelope_of(answer: HttpAnswer) -> Element:
    try:
        root = read(answer.content, prefixes=_PREFIXES, bounds=_BOUNDS)
    except NotXml as error:
        raise Unavailable(f"no EWS answer (HTTP status {answer.status})") from error
    if root.name != "s:Envelope":
        raise Unavailable(f"no EWS answer (HTTP status {answer.status})")
    return root


def _fault(fault: Element) -> EwsError:
    detail = fault.find("{}detail")
    code = detail.value("e:ResponseCode") if detail is not None else None
    said = detail.value("e:Message") if detail is not None else None
    code = code or (fault.value("{}faultcode") or "fault").rpartition(":")[2]
    return EwsError(code, said or fault.value("{}faultstring") or "")


def _busy(answer: HttpAnswer) -> Busy | None:
    """Say how long a server that is busy wants to be left alone.

    https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
    """
    if answer.status != 500 or BUSY.encode() not in answer.content:
        return None
    try:
        root = read(answer.content, prefixes=_PREFIXES)
    except NotXml:
        return None
    values = root.find("s:Body", "s:Fault", "{}detail", "t:MessageXml")
    for value in values.children if values is not None else ():
        if value.attributes.get("Name") == "BackOffMilliseconds":
            text = value.text.strip()
            if text.isascii() and text.isdigit():
                return Busy("it is busy", int(text) / 1000)
    return Busy("it is busy")


def error_of(message: Element) -> EwsError | None:
    """Return the error that a response message is, None for success or a warning."""
    if message.attributes.get("ResponseClass") != "Error":
        return None
    code = message.value("m:ResponseCode") or "error"
    return EwsError(code, message.value("m:MessageText") or "")


def succeeded(messages: list[Element]) -> Iterator[Element]:
    """Yield the response messages; raises EwsError at the first that is an error."""
    for message in messages:
        error = error_of(message)
        if error is not None:
            raise error
        yield message


def item_of(message: Element) -> Element | None:
    """Return the item that a response message is about."""
    items = message.find("m:Items")
    return None if items is None else items.only


def id_of(item: Element | None) -> str | None:
    """Return the id of an item, None where it has none."""
    found = None if item is None else item.find("t:ItemId")
    return None if found is None else found.attributes.get("Id")
