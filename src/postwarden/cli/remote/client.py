"""A client of our own API: one connection, strict TLS, errors as our own."""

import json
import secrets
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from postwarden.model import errors
from postwarden.model.errors import Invalid, MailError, Unavailable
from postwarden.model.networks import is_loopback

PREFIX = "/postwarden/v1"
WAIT = 50  # seconds that a question about a task may take to be answered
_CONNECT, _READ = 10.0, 90.0  # seconds
_FILE = 1800.0  # seconds that a file may take to be worked on
_TRIES = 3  # of requests that may be repeated, when no answer comes
_LONGEST = 256 * 1024 * 1024  # octets of an answer that is no stream

Fields = Mapping[str, Any]
_Request = tuple[str, str, Fields | None, bytes | None, Mapping[str, str]]

_BY_CODE = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, MailError)
    and "code" in vars(error)
}
_BY_STATUS: dict[int, type[MailError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Refused,
    412: errors.Stale,
    422: errors.Invalid,
    428: errors.Refused,
}


class Client:
    """Talks to one server; raises what a command on the machine would raise."""

    def __init__(self, server: str, *, key: str | None, ca: str | None) -> None:
        self._base = _base(server)
        self._headers = {"accept": "application/json"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"
        try:
            self._pool = urllib3.PoolManager(
                ssl_context=ssl.create_default_context(cafile=ca),
                retries=False,
            )
        except OSError as error:
            raise Invalid(f"cannot read {ca}: {error.strerror}", field="ca") from error

    def ask(
        self,
        method: str,
        path: str,
        query: Fields | None = None,
        body: Fields | None = None,
    ) -> Any:
        """Return what the server answers, as JSON."""
        headers = dict(self._headers)
        if method != "GET":  # so that it may be sent again when no answer comes
            headers["idempotency-key"] = secrets.token_hex(16)
            headers["if-match"] = "*"  # whoever types has seen what there is
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        status, octets = self._exchange(
            (method, path, query, content, headers),
            tries=_TRIES,
        )
        if status >= 400:
            raise _error(status, octets)
        return _json(octets)

    def octets(
        self, method: str, path: str, body: Fields
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return an answer that is no JSON, with its headers."""
        headers = {**self._headers, "accept": "*/*", "content-type": "application/json"}
        content = json.dumps(body).encode()
        try:
            answer = self._send(method, path, None, content, headers)
            octets = answer.read(_LONGEST)
        except HTTPError as error:
            raise self._unreachable(error) from error
        if answer.status >= 400:
            raise _error(answer.status, octets)
        return octets, answer.headers

    def stream(
        self, method: str, path: str, body: Fields | None = None
    ) -> Iterator[bytes]:
        """Yield the octets of an answer as they come."""
        headers = {**self._headers, "accept": "*/*"}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        try:
            answer = self._send(method, path, None, content, headers)
            if answer.status >= 400:
                raise _error(answer.status, answer.read(_LONGEST))
            yield from answer.stream(64 * 1024)
        except HTTPError as error:
            raise self._unreachable(error) from error

    def send_file(
        self, path: str, query: Fields, content: bytes, media_type: str
    ) -> Any:
        """Return what the server answers to a file, however long that takes."""
        headers = {
            **self._headers,
            "content-type": media_type,
            "idempotency-key": secrets.token_hex(16),
        }
        request = ("POST", path, query, content, headers)
        status, octets = self._exchange(request, tries=_TRIES, seconds=_FILE)
        if status >= 400:
            raise _error(status, octets)
        return _json(octets)

    def _exchange(
        self, request: _Request, *, tries: int, seconds: float = _READ
    ) -> tuple[int, bytes]:
        try:
            answer = self._send(*request, seconds=seconds)
            return answer.status, answer.read(_LONGEST)
        except HTTPError as error:
            if tries > 1:
                return self._exchange(request, tries=tries - 1, seconds=seconds)
            raise self._unreachable(error) from error

    def lines(self, path: str, query: Fields | None = None) -> Iterator[Any]:
        """Yield the rows of a list as they come."""
        headers = {**self._headers, "accept": "application/jsonl"}
        try:
            answer = self._send("GET", path, query, None, headers)
            if answer.status >= 400:
                raise _error(answer.status, answer.read(_LONGEST))
            rest = b""
            for piece in answer.stream(64 * 1024):
                *whole, rest = (rest + piece).split(b"\n")
                yield from map(_json, whole)
            if rest:
                raise Unavailable("the list ended in the middle of a row")
        except HTTPError as error:
            raise self._unreachable(error) from error

    def _send(
        self,
        method: str,
        path: str,
        query: Fields | None,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        seconds: float = _READ,
    ) -> urllib3.BaseHTTPResponse:
        asked = {k: v for k, v in (query or {}).items() if v is not None}
        question = f"?{urlencode(asked, doseq=True)}" if asked else ""
        return self._pool.request(
            method,
            f"{self._base}{PREFIX}{path}{question}",
            body=content,
            headers=headers,
            redirect=False,  # a key is for this server and no other
            preload_content=False,
            timeout=urllib3.Timeout(connect=_CONNECT, read=seconds),
        )

    def _unreachable(self, error: HTTPError) -> Unavailable:
        reason = getattr(error, "reason", None) or error
        return Unavailable(f"{self._base} does not answer: {reason}")


def segment(value: object) -> str:
    """Return a name as a segment of a path."""
    return quote(str(value), safe="@")


def _base(server: str) -> str:
    parts = urlsplit(server if "://" in server else f"https://{server}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid("--server takes https://HOST[:PORT]", field="server")
    if parts.scheme == "http" and not is_loopback(parts.netloc):
        raise Invalid(
            "--server takes https:// for other machines: a key is not sent in clear",
            field="server",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _json(octets: bytes) -> Any:
    try:
        return json.loads(octets)
    except ValueError as error:
        raise Unavailable("the server does not speak our API") from error


def _error(status: int, octets: bytes) -> MailError:
    """Return the error of a problem, of the class that it has on the machine."""
    try:
        said = json.loads(octets)
        code, detail = str(said["code"]), str(said["detail"])
    except (ValueError, KeyError, TypeError):
        return Unavailable(f"the server answered {status}, and not as our API does")
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, errors.Unavailable)
    hint = said.get("hint")
    return _made(kind, f"{detail} ({hint})" if hint else detail, said.get("field"))


def error_of_code(said: Mapping[str, Any]) -> MailError:
    """Return the error of one of many things."""
    kind = _BY_CODE.get(said["code"], errors.Refused)
    return _made(kind, said["message"], said["field"])


def _made(kind: type[MailError], message: str, field: str | None) -> MailError:
    error = kind.__new__(kind)
    error.args = (message,)
    if isinstance(error, Invalid):
        error.field = field
    return error
