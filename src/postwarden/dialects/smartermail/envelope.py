"""How SmarterMail says yes and no: one JSON object, with `success` and a code.

Every answer has it, also those to strangers and to paths that there are not, since
clients read the body before they look at the status.
"""

from typing import Any

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

CODES: dict[type[MailError], tuple[int, str]] = {
    MailError: (400, "INVALID_OPERATION"),
    Invalid: (400, "INVALID_INPUT"),
    Unauthenticated: (401, "INVALID_TOKEN"),
    # Clients take 429 for a reason to come back at once, and a code with BLOCKED in
    # it for what it is.
    TooManyFailures: (403, "LOGIN_BLOCKED"),
    Forbidden: (403, "PERMISSION_DENIED"),
    NotFound: (404, "NOT_FOUND"),
    AlreadyExists: (409, "NAME_IN_USE"),
    Refused: (409, "REFUSED"),
    Suspended: (409, "ACCOUNT_DISABLED"),
    Stale: (409, "CHANGED_SINCE"),
    LimitExceeded: (400, "LIMIT_EXCEEDED"),
    OverQuota: (400, "OVER_QUOTA"),
    Unsupported: (404, "NOT_OFFERED"),
    Unavailable: (503, "TRY_AGAIN_LATER"),
    StorageFull: (503, "DISK_FULL"),
}
NOT_FOUND = {
    "domain": "DOMAIN_NOT_FOUND",
    "domain alias": "DOMAIN_ALIAS_NOT_FOUND",
    "account": "ERRORS.USER_NOT_FOUND",
    "alias": "ALIAS_NOT_FOUND",
    "list": "MAILING_LIST_NOT_FOUND",
    "mailbox": "FOLDER_NOT_FOUND",
    "copy": "MESSAGE_NOT_FOUND",
}
"""What is said of something that is not there, by its kind."""

RETRY_SECONDS = 5


class Said(msgspec.Struct, rename="camel", kw_only=True):
    """What every answer has; `message` is a code, its arguments behind `|`."""

    success: bool = True
    result_code: int = 200
    message: str = ""
    debug_info: str = ""


class Fault(Exception):
    """A failure that has a code of SmarterMail's own."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.status, self.code = status, code


def yes(said: Said) -> Answer:
    """Return the answer that all went well."""
    return Answer(body=encode(said))


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def no(error: Exception, request: Request) -> Answer:
    """Return what to say of `error`; one that nobody expects is a bug of ours."""
    if isinstance(error, Fault):
        return _answer(error.status, error.code, str(error))
    if isinstance(error, Refusal):
        code = error.code.replace("-", "_").upper()
        return _answer(error.status, code, str(error), dict(error.headers))
    if isinstance(error, MailError):
        status, code = _code(error)
        return _answer(status, code, str(error), _headers(error, status))
    return _answer(500, "INTERNAL_ERROR", f"request {request.request_id}")


def _code(error: MailError) -> tuple[int, str]:
    known = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    if isinstance(error, NotFound):
        return known[0], NOT_FOUND.get(error.kind, known[1])
    if isinstance(error, TooManyFailures):
        return known[0], f"{known[1]}|{error.seconds}"
    return known


def _headers(error: MailError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyFailures):
        return {"retry-after": str(error.seconds)}
    if status == 401:
        return {"www-authenticate": 'Bearer realm="postwarden"'}
    return {"retry-after": str(RETRY_SECONDS)} if status == 503 else {}


def _answer(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> Answer:
    said = Said(success=False, result_code=status, message=code, debug_info=detail)
    return Answer(status=status, body=encode(said), headers=headers or {})
