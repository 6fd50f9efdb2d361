"""Requests that are refused before any use case hears of them.

Each is an answer of HTTP's own (RFC 9110 §15.5), and every dialect says it in its
words: bad JSON, an unknown path, a body too large.
"""

from collections.abc import Iterable
from typing import ClassVar


class Refusal(Exception):
    """What is wrong with a request; `field` names the part of it, where one is."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(
        self, message: str, *, field: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint
        self.headers: dict[str, str] = {}


class Malformed(Refusal):
    status, code = 400, "malformed"


class NoSuchPath(Refusal):
    status, code = 404, "not-found"

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {path[:200]}")


class MethodNotAllowed(Refusal):
    status, code = 405, "method-not-allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        words = ", ".join(sorted(allowed))
        super().__init__(f"{method[:40]} is not for this path", hint=f"use {words}")
        self.headers["allow"] = words


class NotAcceptable(Refusal):
    status, code = 406, "not-acceptable"


class PreconditionFailed(Refusal):
    """What was read has changed since (RFC 9110 §13.1.1)."""

    status, code = 412, "precondition-failed"


class TooLarge(Refusal):
    status, code = 413, "too-large"


class WrongMediaType(Refusal):
    status, code = 415, "unsupported-media-type"


class PreconditionRequired(Refusal):
    """A change must say what it is a change of (RFC 6585 §3)."""

    status, code = 428, "precondition-required"


class TooManyRequests(Refusal):
    """Too often, or too much at a time (RFC 6585 §4)."""

    status, code = 429, "too-many-requests"


class HeadersTooLarge(Refusal):
    status, code = 431, "headers-too-large"


class KeyReused(Refusal):
    """An idempotency key that stood for another request."""

    status, code = 422, "idempotency-key-reused"
