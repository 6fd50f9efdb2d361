"""Shapes: which properties of a thing a client wants to see, and their writing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.reading import boolean_of
from postwarden.wire.xml import Element, Xml, tag

T = TypeVar("T")

MAX_PATHS: Final = 500  # of one shape: exchangelib asks for all there are
_URI: Final = re.compile(r"[a-zA-Z]+:[A-Za-z]\w*", re.ASCII)
_BODIES: Final = ("Best", "HTML", "Text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is wanted: a bundle of properties, and others by their paths.

    `extended` and `indexed` are the paths themselves: what they name is not known
    beforehand.
    """

    base: str
    uris: frozenset[str] = frozenset()
    extended: tuple[Element, ...] = ()
    indexed: tuple[Element, ...] = ()
    mime: bool = False
    body: str = "Best"


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A property by its path; `bases` are the bundles that have it."""

    uri: str
    write: Callable[[T, Shape], Xml | None]
    bases: frozenset[str] = field(default=frozenset({"AllProperties", "Listing"}))


_BASES: Final = ("IdOnly", "Default", "AllProperties")

# Listing is AllProperties of what is listed, without what is long.
EVERYWHERE: Final = frozenset({*_BASES, "Listing"})
DEFAULT: Final = frozenset({"Default", "AllProperties", "Listing"})
ALL: Final = frozenset({"AllProperties", "Listing"})
LONG: Final = frozenset({"AllProperties"})
ASKED: Final = frozenset[str]()


def shape_of(element: Element) -> Shape:
    """Read a shape; raises Failed."""
    base = element.value("t:BaseShape") or ""
    if base not in _BASES:
        raise Violation(f"BaseShape cannot be {base[:40]!r}", element)
    asked = element.find("t:AdditionalProperties")
    paths = asked.children if asked is not None else []
    if len(paths) > MAX_PATHS:
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, "too many properties")
    mime = element.find("t:IncludeMimeContent")
    body = element.value("t:BodyType") or "Best"
    if body not in _BODIES:
        raise Violation(f"BodyType cannot be {body[:40]!r}", element)
    return Shape(
        base=base,
        uris=frozenset(uri_of(each) for each in paths if each.name == "t:FieldURI"),
        extended=tuple(each for each in paths if each.name == "t:ExtendedFieldURI"),
        indexed=tuple(each for each in paths if each.name == "t:IndexedFieldURI"),
        mime=mime is not None and boolean_of(mime),
        body=body,
    )


def uri_of(path: Element) -> str:
    """Return the property that a path names; raises Failed for what is none.

    One that this kind of thing has not is no failure: clients ask for all that a
    folder might hold.
    """
    uri = path.attributes.get("FieldURI", "")
    if not _URI.fullmatch(uri):
        raise Violation(f"FieldURI cannot be {uri[:80]!r}", path)
    return uri


def written(name: str, fields: Sequence[Field[T]], thing: T, shape: Shape) -> Xml:
    """Return a thing with what a shape wants of it, in the order of `fields`."""
    return tag(
        name,
        *(
            each.write(thing, shape)
            for each in fields
            if shape.base in each.bases or each.uri in shape.uris
        ),
    )
