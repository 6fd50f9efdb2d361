"""How James says yes and no.

A failure is `{"statusCode", "type", "message", "details"}`, in this order; a missing
bearer token is plain text. Every answer claims to be JSON, also one without a body,
and lets every page read it (CORS).
"""

import msgspec

from postwarden.dialects.kit.asgi import JSON, Answer
from postwarden.dialects.kit.refusals import Malformed, Refusal, TooLarge
from postwarden.dialects.kit.requests import Request
from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    LimitExceeded,
    MailError,
    NotFound,
    OverQuota,
    Refused,
    Stale,
    StorageFull,
    Suspended,
    TooManyFailures,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

INVALID, NOT_FOUND = "InvalidArgument", "notFound"
STATE, SERVER = "WrongState", "ServerError"
RETRY_SECONDS = 5
ILLEGAL = "Invalid arguments supplied in the user request"
BAD_JSON = "JSON payload of the request is not valid"
UNEXPECTED = "WebAdmin encountered an unexpected internal error"
_ALLOWED = "Content-Type, Authorization, Accept"
_HTML = "text/html;charset=iso-8859-1"
_BAD_MESSAGE = b"<h1>Bad Message 400</h1><pre>reason: Bad Request</pre>"

CODES: dict[type[MailError], tuple[int, str]] = {
    MailError: (400, INVALID),
    Invalid: (400, INVALID),
    Unauthenticated: (401, INVALID),
    TooManyFailures: (429, INVALID),
    # James knows no administrator who may do less than everything.
    Forbidden: (403, "Forbidden"),
    NotFound: (404, NOT_FOUND),
    AlreadyExists: (409, STATE),
    Refused: (409, STATE),
    Suspended: (409, STATE),
    Stale: (409, STATE),
    LimitExceeded: (400, INVALID),
    OverQuota: (409, STATE),
    Unsupported: (404, NOT_FOUND),
    Unavailable: (503, SERVER),
    StorageFull: (503, SERVER),
}


class Fault(Refusal):
    """A failure with a status and words of James' own."""

    status, code = 400, "fault"

    def __init__(
        self, answered: int, kind: str, message: str, details: str | None = None
    ) -> None:
        super().__init__(message)
        self.answered, self.kind, self.details = answered, kind, details


class BadMessage(Malformed):
    """A request whose path is no path: what James' HTTP server answers by itself."""


def invalid(message: str, details: str | None = None) -> Fault:
    return Fault(400, INVALID, message, details)


def illegal(details: str | None) -> Fault:
    """Return what James says of any argument that it cannot use."""
    return invalid(ILLEGAL, details)


def no_route(method: str, path: str) -> Fault:
    return Fault(404, NOT_FOUND, f"{method} {path} can not be found")


def bad_json(details: str) -> Fault:
    return invalid(BAD_JSON, details)


def found(value: object, status: int = 200) -> Answer:
    """Return an answer with a JSON value; what is done has none."""
    return Answer(status=status, body=msgspec.json.encode(value))


def done() -> Answer:
    return Answer(status=204)


def dressed(answer: Answer, asked: str = "", method: str = "") -> Answer:
    """Add what James sends along with everything.

    `asked` are the headers and `method` the method that a page wants to use.
    """
    headers = answer.headers
    headers.setdefault("content-type", answer.media_type)
    headers["access-control-allow-origin"] = "*"
    headers["access-control-request-method"] = "DELETE, GET, POST, PUT"
    more = f", {asked}" if asked else ""
    headers["access-control-allow-headers"] = _ALLOWED + more
    if method:
        headers["access-control-allow-methods"] = method
    return answer


def no(error: Exception, request: Request) -> Answer:
    """Return what to say of `error`; one that nobody expects is a bug of ours."""
    return dressed(_said(error, request))


def _said(error: Exception, request: Request) -> Answer:
    if isinstance(error, BadMessage):
        return Answer(status=400, body=_BAD_MESSAGE, media_type=_HTML)
    if isinstance(error, Fault):
        return _refusal(error.answered, error.kind, str(error), error.details)
    if isinstance(error, Refusal):
        status = error.status if isinstance(error, TooLarge) else 400
        return _refusal(status, INVALID, ILLEGAL, str(error), dict(error.headers))
    if isinstance(error, Unauthenticated) and not isinstance(error, TooManyFailures):
        return Answer(status=401, body=str(error).encode())
    if isinstance(error, MailError):
        status, kind = next(CODES[k] for k in type(error).__mro__ if k in CODES)
        return _refusal(status, kind, str(error), headers=_headers(error, status))
    return _refusal(500, SERVER, UNEXPECTED, f"request {request.request_id}")


def _headers(error: MailError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyFailures):
        return {"retry-after": str(error.seconds)}
    return {"retry-after": str(RETRY_SECONDS)} if status == 503 else {}


def _refusal(
    status: int,
    kind: str,
    message: str,
    details: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    said = {
        "statusCode": status,
        "type": kind,
        "message": message,
        "details": details,
    }
    return Answer(
        status=status,
        body=msgspec.json.encode(said),
        media_type=JSON,
        headers=headers or {},
    )
