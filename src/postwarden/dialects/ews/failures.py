"""How EWS says no: the code of every failure, for one thing or a whole request."""

from collections.abc import Mapping

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.kit.refusals import Refusal
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
from postwarden.wire.xml import Element

CODES: dict[type[MailError], Code] = {
    MailError: Code.INVALID_OPERATION,
    Invalid: Code.INVALID_OPERATION,
    Unauthenticated: Code.ACCESS_DENIED,
    TooManyFailures: Code.ACCESS_DENIED,
    Forbidden: Code.ACCESS_DENIED,
    NotFound: Code.ITEM_NOT_FOUND,
    AlreadyExists: Code.FOLDER_EXISTS,
    Refused: Code.CANNOT_DELETE_OBJECT,
    Suspended: Code.ACCOUNT_DISABLED,
    Stale: Code.IRRESOLVABLE_CONFLICT,
    LimitExceeded: Code.DATA_SIZE_LIMIT_EXCEEDED,
    OverQuota: Code.QUOTA_EXCEEDED,
    Unsupported: Code.INVALID_OPERATION,
    Unavailable: Code.INTERNAL_SERVER_TRANSIENT_ERROR,
    StorageFull: Code.MAILBOX_STORE_UNAVAILABLE,
}


class Failed(Refusal):
    """A failure in words of EWS: of one thing where it is caught, else of all.

    `values` go into MessageXml. SOAP 1.1 §6.2 wants 500 for every fault.
    """

    status, code = 500, "fault"

    def __init__(
        self, code: Code, message: str, *, values: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.response_code = code
        self.values = dict(values or {})


class Violation(Failed):
    """A document that is not as the schema has it; says where."""

    def __init__(self, message: str, where: Element | tuple[int, int]) -> None:
        line, column = (
            (where.line, where.column) if isinstance(where, Element) else where
        )
        super().__init__(
            Code.SCHEMA_VALIDATION,
            f"The request failed schema validation: {message}",
            values={
                "LineNumber": str(line),
                "LinePosition": str(column),
                "Violation": message,
            },
        )


def code_of(error: MailError) -> Code:
    """Return the code of the nearest class in the table."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def failed(error: Failed | MailError) -> Failed:
    """Return a failure in words of EWS."""
    return error if isinstance(error, Failed) else Failed(code_of(error), str(error))
