"""One step of a recording: what was asked, what was answered, what may differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; path and query are as they went over the wire."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An answer; a header that came twice has a list."""

    status: int
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: str | None = None  # None: it is not compared


@dataclass(frozen=True, kw_only=True)
class Step:
    """A request with its answer, or an `action` that is no HTTP.

    Keys of `volatile`, `same` and `unordered` are JSON pointers (RFC 6901), in which
    `*` stands for any one token. A volatile value need only be of its kind; one in
    `same` is the template once that is filled. `without` are patterns whose matches
    are left out of both bodies.
    """

    name: str
    asked: Asked | None = None
    recorded: Recorded = field(default_factory=lambda: Recorded(status=200))
    action: Mapping[str, Any] | None = None
    bind: Mapping[str, str] = field(default_factory=dict)
    capture: Mapping[str, str] = field(default_factory=dict)
    volatile: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    unordered: Sequence[str] = ()
    without: Sequence[str] = ()
    loose_headers: frozenset[str] = frozenset()  # in lower case; not compared
    allows_more: bool = False  # of the names of objects
    polls: bool = False  # the answer comes to this after a while
