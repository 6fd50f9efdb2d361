"""Exit statuses: the one table from what went wrong to what scripts see."""

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

DONE = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
NOT_PERMITTED = 4
REFUSED = 5  # by a guard rail, or because of a conflict
INTERRUPTED = 130  # 128 + SIGINT, as shells count
READER_GONE = 141  # 128 + SIGPIPE

EXITS: dict[type[MailError], int] = {
    MailError: FAILED,
    Invalid: USAGE,
    Unauthenticated: NOT_PERMITTED,
    TooManyFailures: NOT_PERMITTED,
    Forbidden: NOT_PERMITTED,
    NotFound: NOT_FOUND,
    AlreadyExists: REFUSED,
    Refused: REFUSED,
    Suspended: REFUSED,
    Stale: REFUSED,
    LimitExceeded: REFUSED,
    OverQuota: REFUSED,
    Unsupported: FAILED,
    Unavailable: FAILED,
    StorageFull: FAILED,
}


def exit_status(error: MailError) -> int:
    """Return the status of the nearest class in the table."""
    return next(EXITS[kind] for kind in type(error).__mro__ if kind in EXITS)
