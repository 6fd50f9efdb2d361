"""How our own API says no: problem details (RFC 9457), for whatever went wrong."""

import msgspec

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.refusals import Refusal
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

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[type[MailError], int] = {
    MailError: 422,
    Invalid: 422,
    Unauthenticated: 401,
    TooManyFailures: 429,
    Forbidden: 403,
    NotFound: 404,
    AlreadyExists: 409,
    Refused: 409,
    Suspended: 409,
    Stale: 409,
    LimitExceeded: 409,
    OverQuota: 409,
    Unsupported: 422,
    Unavailable: 503,
    StorageFull: 503,
}

TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    412: "Changed since",
    413: "Too large",
    415: "Wrong media type",
    422: "Invalid",
    428: "If-Match is missing",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    503: "Try again later",
}
RETRY_SECONDS = 5


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What went wrong (RFC 9457); `code` is for programs, `detail` for people.

    `field` names the part of the request that is to blame, `hint` what to do.
    """

    status: int
    title: str
    code: str
    detail: str
    request_id: str
    type: str = msgspec.field(default_factory=lambda: "about:blank")
    field: str | None = None
    hint: str | None = None


def problem(error: Exception, request: Request) -> Answer:
    """Return what to say of `error`; one that nobody expects is a bug of ours."""
    if isinstance(error, Refusal):
        return _answer(
            request,
            error.status,
            error.code,
            str(error),
            field=error.field,
            hint=error.hint,
            headers=dict(error.headers),
        )
    if isinstance(error, MailError):
        status = status_of(error)
        return _answer(
            request,
            status,
            error.code,
            str(error),
            field=error.field if isinstance(error, Invalid) else None,
            headers=_headers(error, status),
        )
    return _answer(
        request, 500, "internal", "this is a bug of ours; the log has more under the id"
    )


def status_of(error: MailError) -> int:
    """Return the status of the nearest class in the table."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def _headers(error: MailError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyFailures):
        return {"retry-after": str(error.seconds)}
    if status == 401:
        return {"www-authenticate": 'Bearer realm="postwarden"'}
    if status == 503:
        return {"retry-after": str(RETRY_SECONDS)}
    return {}


def _answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    hint: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    said = Problem(
        status=status,
        title=TITLES[status],
        code=code,
        detail=detail,
        request_id=request.request_id,
        field=field,
        hint=hint,
    )
    return Answer(
        status=status,
        body=msgspec.json.encode(said),
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )
