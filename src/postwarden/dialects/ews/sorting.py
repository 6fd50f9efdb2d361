"""Sort orders: by an index of the store where there is one, else by comparing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.properties import Property, property_of
from postwarden.dialects.ews.reading import one_of
from postwarden.model.mailboxes import Order, SortField
from postwarden.wire.xml import Element

MAX_FIELDS: Final = 10
BY_ARRIVAL: Final = Order()

_STORED: Final = {
    "item:DateTimeReceived": SortField.RECEIVED,
    "item:DateTimeCreated": SortField.RECEIVED,
    "item:DateTimeSent": SortField.DATE,
    "item:Size": SortField.SIZE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """How items are sorted: as the store can, or by properties that are compared.

    What is alike stays in the order in which it was filed.
    """

    order: Order = BY_ARRIVAL
    compared: tuple[tuple[Property, bool], ...] = ()

    @property
    def depth(self) -> Depth:
        return max((each.depth for each, _ in self.compared), default=Depth.FACTS)

    def key(self, item: Item) -> tuple[Any, ...]:
        """Return what to sort an item by; nothing comes before everything."""
        return tuple(_key(wanted, item) for wanted, _ in self.compared)

    def sort(self, keyed: list[tuple[tuple[Any, ...], int]]) -> Sequence[int]:
        """Return the numbers of items, which come with their keys, in order."""
        for place, (_, descending) in reversed(list(enumerate(self.compared))):
            keyed.sort(key=lambda pair: pair[0][place], reverse=descending)
        return [number for _, number in keyed]


def sorting_of(element: Element | None) -> Sorting:
    """Read a SortOrder; raises Failed."""
    if element is None:
        return Sorting()
    fields = element.children
    if not 0 < len(fields) <= MAX_FIELDS:
        raise Violation(f"a SortOrder has up to {MAX_FIELDS} fields", element)
    wanted = [_wanted(each) for each in fields]
    path, _, descending = wanted[0]
    stored = _STORED.get(path.attributes.get("FieldURI", ""))
    if len(wanted) == 1 and path.name == "t:FieldURI" and stored is not None:
        return Sorting(order=Order(field=stored, descending=descending))
    return Sorting(compared=tuple((found, way) for _, found, way in wanted))


def _wanted(field: Element) -> tuple[Element, Property, bool]:
    way = one_of(field, "Order", "Ascending", "Descending")
    path = field.only
    if field.name != "t:FieldOrder" or path is None:
        raise Violation("a FieldOrder has a path", field)
    found = property_of(path)
    if found is None or found.depth is Depth.CONTENT:
        raise Failed(
            Code.UNSUPPORTED_PATH_FOR_SORT_GROUP,
            "The property can not be used for sorting or grouping.",
        )
    return path, found, way == "Descending"


def _key(wanted: Property, item: Item) -> Any:
    values = wanted.values(item)
    return [each.casefold() if isinstance(each, str) else each for each in values]
