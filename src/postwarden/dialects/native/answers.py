"""What handlers return: one thing, a list, what a change left, or a task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.native.shapes.directory import RowErrorShape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class One(Generic[T]):
    """One thing, with its entity tag if it is one that can be changed."""

    shape: T
    is_versioned: bool = True


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of things, or all of them as JSON Lines."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a change left behind, or what it would have changed."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Streamed(Generic[T]):
    """Server-sent events, each with a `T`."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Raw(Generic[T]):
    """Octets of a media type, which is the `Literal` of `T`."""

    answer: Answer


class PageShape(TypedDict, Generic[T]):
    """A page; `next` is the cursor of the one behind it, if there is one.

    Where `is_exact` is false there are more than `total`: so many were counted.
    """

    items: list[T]
    next: str | None
    total: NotRequired[int]
    is_exact: NotRequired[bool]


class ChangeShape(TypedDict):
    """What a change does to one thing, as the audit log has it."""

    action: str
    object: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class ItemErrorShape(TypedDict):
    """Why one of many could not be done."""

    code: str
    message: str
    field: str | None


class BulkItemShape(TypedDict):
    """What became of one of many; `error` is null where it was created."""

    address: NotRequired[str]
    domain: NotRequired[str]
    status: int
    error: ItemErrorShape | None


class BulkShape(TypedDict):
    """What became of many things to create, in the order of the request."""

    created: int
    failed: int
    items: list[BulkItemShape]


class RehearsalShape(TypedDict):
    """What a dry run would have changed; of many things, what would become of each.

    Of a file: which rows would fail, and how many changes are not listed.
    """

    dry_run: bool
    changes: list[ChangeShape]
    items: NotRequired[list[BulkItemShape]]
    errors: NotRequired[list[RowErrorShape]]
    left_out: NotRequired[int]
