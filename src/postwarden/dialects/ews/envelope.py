"""How EWS answers over HTTP: SOAP always, whatever went wrong."""

import re
from collections.abc import AsyncGenerator

from postwarden.dialects.ews import soap
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, failed
from postwarden.dialects.ews.names import MEDIA_TYPE
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.refusals import Refusal, TooLarge
from postwarden.dialects.kit.requests import Request
from postwarden.model.errors import MailError, TooManyFailures, Unauthenticated

# RFC 7617 §2.1; NTLM would bind a connection to its first request, so it is no offer.
_OFFER = 'Basic realm="postwarden", charset="UTF-8"'
_REQUEST_ID = re.compile(r"[\w{}.:/+=-]{1,64}", re.ASCII)
_STATUSES = {400: Code.INVALID_REQUEST, 413: Code.MESSAGE_SIZE_EXCEEDED}


def answer(body: bytes | AsyncGenerator[bytes, None], status: int = 200) -> Answer:
    return Answer(status=status, body=body, media_type=MEDIA_TYPE)


def named(found: Answer, request: Request) -> Answer:
    """Return an answer with the name that the client gave its request."""
    name = request.headers.get("client-request-id", "")
    if _REQUEST_ID.fullmatch(name):
        found.headers["client-request-id"] = name
    found.headers["request-id"] = request.request_id
    return found


def refusal(error: Exception, request: Request) -> Answer:
    """Return what to say of `error`; one that nobody expects is a bug of ours."""
    return named(_refusal(error, request), request)


def _refusal(error: Exception, request: Request) -> Answer:
    if isinstance(error, Unauthenticated):
        return _unauthenticated(error)
    if isinstance(error, Failed | MailError):
        return answer(soap.fault(failed(error)), 500)
    if isinstance(error, Refusal):
        code = _STATUSES.get(error.status, Code.INVALID_OPERATION)
        found = answer(soap.fault(Failed(code, str(error))), error.status)
        found.headers.update(error.headers)
        if isinstance(error, TooLarge):  # the rest of the body is not waited for
            found.headers["connection"] = "close"
        return found
    message = (
        f"An internal server error occurred; the log has more: {request.request_id}"
    )
    return answer(soap.fault(Failed(Code.INTERNAL_SERVER_ERROR, message)), 500)


def _unauthenticated(error: Unauthenticated) -> Answer:
    found = answer(soap.fault(failed(error)), 401)
    found.headers["www-authenticate"] = _OFFER
    if isinstance(error, TooManyFailures):
        found.headers["retry-after"] = str(error.seconds)
    return found
