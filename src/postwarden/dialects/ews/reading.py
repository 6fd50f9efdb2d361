"""What stands in requests, read with bounds; whatever is wrong is a Violation."""

import re
from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.wire.xml import Element

MAX_BATCH: Final = 1000  # things of one request

_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
_NUMBER: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)


def child(element: Element, *path: str) -> Element:
    """Return what must be there."""
    found = element.find(*path)
    if found is None:
        raise Violation(f"{path[-1]} is missing", element)
    return found


def children(element: Element, *path: str) -> Sequence[Element]:
    """Return all that stands in what must be there, at least one."""
    found = child(element, *path).children
    if not found:
        raise Violation(f"{path[-1]} is empty", element)
    if len(found) > MAX_BATCH:
        raise Failed(
            Code.DATA_SIZE_LIMIT_EXCEEDED, f"ask for {MAX_BATCH} at a time at most"
        )
    return found


def attribute(element: Element, name: str, default: str | None = None) -> str:
    """Return an attribute; without `default` it must be there."""
    found = element.attributes.get(name, default)
    if found is None:
        raise Violation(f"{element.local} lacks {name}", element)
    return found


def one_of(element: Element, name: str, *words: str, default: str | None = None) -> str:
    """Return an attribute that is one of some words."""
    found = attribute(element, name, default)
    if found not in words:
        raise Violation(f"{name} cannot be {found[:40]!r}", element)
    return found


def boolean_of(element: Element) -> bool:
    """Return the xs:boolean that an element is."""
    return _boolean(element.text.strip(), element)


def boolean(element: Element, name: str, *, default: bool = False) -> bool:
    """Return the xs:boolean that an attribute is."""
    found = element.attributes.get(name)
    return default if found is None else _boolean(found.strip(), element)


def _boolean(text: str, element: Element) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Violation(f"{text[:40]!r} is no boolean", element)


def number(
    element: Element, name: str, *, low: int = 0, default: int | None = None
) -> int:
    """Return the number that an attribute is."""
    text = attribute(element, name, None if default is None else str(default)).strip()
    if not _NUMBER.fullmatch(text) or int(text) < low:
        raise Violation(f"{name} cannot be {text[:40]!r}", element)
    return int(text)


def number_of(element: Element, *, low: int, high: int) -> int:
    """Return the number that an element is."""
    text = element.text.strip()
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise Violation(f"{element.local} is {low} to {high}", element)
    return int(text)
