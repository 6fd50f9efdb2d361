"""What can go wrong, said once and without any protocol.

MailError
├─ Invalid            the request breaks a rule of the field; `field` names it
├─ Unauthenticated    who is asking is not known
│  └─ TooManyFailures logins failed too often; `seconds` until one is heard again
├─ Forbidden          known, and about the asker's own things only; else NotFound
├─ NotFound           no such thing, or not visible to this actor
├─ AlreadyExists
├─ Refused            a guard rail, a hold or an approval stands in the way
│  └─ Suspended       the account exists and takes no mail
├─ Stale              what was approved or read has changed since
├─ LimitExceeded      a count, size or rate; see `OverQuota`
│  └─ OverQuota
├─ Unsupported        a feature that is not offered
└─ Unavailable        try again later (`temporary` is true)
   └─ StorageFull     the disk runs low

Every edge owns one table from these classes to its protocol's own answer, and a
test holds each table total.
"""

from typing import ClassVar


class MailError(Exception):
    """Base of every expected failure; edges translate it, nothing else does."""

    code: ClassVar[str]
    temporary: ClassVar[bool] = False


class Invalid(MailError):
    code = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Unauthenticated(MailError):
    code = "unauthenticated"

    def __init__(self, message: str = "authentication failed") -> None:
        super().__init__(message)


class TooManyFailures(Unauthenticated):
    """Logins failed too often; `seconds` until one is heard again."""

    code = "too-many-failures"

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Forbidden(MailError):
    code = "forbidden"


class NotFound(MailError):
    code = "not-found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} does not exist")
        self.kind, self.name = kind, name


class AlreadyExists(MailError):
    code = "already-exists"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} already exists")
        self.kind, self.name = kind, name


class Refused(MailError):
    code = "refused"


class Suspended(Refused):
    code = "suspended"

    def __init__(self, address: str) -> None:
        super().__init__(f"account {address} is disabled")


class Stale(MailError):
    code = "stale"


class LimitExceeded(MailError):
    code = "limit-exceeded"

    def __init__(self, limit: str, maximum: int) -> None:
        super().__init__(f"limit {limit} of {maximum} reached")
        self.limit, self.maximum = limit, maximum


class OverQuota(LimitExceeded):
    code = "over-quota"


class Unsupported(MailError):
    code = "unsupported"


class Unavailable(MailError):
    code = "unavailable"
    temporary = True


class StorageFull(Unavailable):
    code = "storage-full"
