"""Many things in one request: each has a status of its own, none stops the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from postwarden.dialects.native.answers import BulkItemShape, BulkShape
from postwarden.dialects.native.envelope import status_of
from postwarden.model.errors import Invalid, MailError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One thing of many by its name in the request: what to make, or why not."""

    address: str
    new: T | MailError


def read(address: str, make: Callable[[], T]) -> Item[T]:
    """Return an item, read by `make`; what it raises is the item's error."""
    try:
        return Item(address, make())
    except MailError as error:
        return Item(address, error)


def create_each(items: Sequence[Item[T]], create: Callable[[T], object]) -> BulkShape:
    """Create what can be; `create` checks everything before it writes anything."""
    errors = [_error_of(each, create) for each in items]
    failed = sum(error is not None for error in errors)
    return {
        "created": len(items) - failed,
        "failed": failed,
        "items": [
            _told(each.address, error)
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


def _told(address: str, error: MailError | None) -> BulkItemShape:
    if error is None:
        return {"address": address, "status": 201, "error": None}
    field = error.field if isinstance(error, Invalid) else None
    return {
        "address": address,
        "status": status_of(error),
        "error": {"code": error.code, "message": str(error), "field": field},
    }
