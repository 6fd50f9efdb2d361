"""Many things in one request: each has a status of its own, none stops the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from postwarden.dialects.native.answers import BulkItemShape, BulkShape
from postwarden.dialects.native.envelope import status_of
from postwarden.model.errors import Invalid, MailError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One thing of many by its name in the request: what to make, or why not."""

    name: str
    new: T | MailError


def read(name: str, make: Callable[[], T]) -> Item[T]:
    """Return an item, read by `make`; what it raises is the item's error."""
    try:
        return Item(name, make())
    except MailError as error:
        return Item(name, error)


def create_each(
    items: Sequence[Item[T]],
    create: Callable[[T], object],
    *,
    word: Literal["address", "domain"] = "address",
) -> BulkShape:
    """Create what can be; `create` checks everything before it writes anything.

    `word` is what an item is named by.
    """
    errors = [_error_of(each, create) for each in items]
    failed = sum(error is not None for error in errors)
    return {
        "created": len(items) - failed,
        "failed": failed,
        "items": [
            _told(word, each.name, error)
            for each, error in zip(items, errors, strict=True)
        ],
    }


def _error_of(item: Item[T], create: Callable[[T], object]) -> MailError | None:
    if isinstance(item.new, MailError):
        return item.new
    try:
        create(item.new)
    except MailError as error:
        return error
    return None


def _told(
    word: Literal["address", "domain"], name: str, error: MailError | None
) -> BulkItemShape:
    told: BulkItemShape = {"status": 201, "error": None}
    if error is not None:
        field = error.field if isinstance(error, Invalid) else None
        told = {
            "status": status_of(error),
            "error": {"code": error.code, "message": str(error), "field": field},
        }
    if word == "domain":
        return {"domain": name, **told}
    return {"address": name, **told}
