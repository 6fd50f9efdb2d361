"""XML documents (XML 1.0, Namespaces in XML 1.0) as trees, read with bounds.

A document with a DTD is refused where its DTD begins, so that no entity is ever
declared: there is nothing to expand and nothing to fetch. Depth, elements and
attributes are counted while they are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

_SEPARATOR: Final = " "  # stands in no namespace name and in no local name


class NotXml(ValueError):
    """A document that cannot be read; `line` and `column` say where, from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class HasDoctype(NotXml):
    """It has a document type declaration."""


class TooComplex(NotXml):
    """It is nested too deep, or has too much in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one document may have; its octets are bounded by who receives them."""

    depth: int = 64
    elements: int = 100_000
    attributes: int = 32  # of one element


_BOUNDS: Final = Bounds()


@dataclass(slots=True, kw_only=True)
class Element:
    """An element: `name` is `prefix:local`, with the prefix that the reader gave.

    Names of other namespaces are `{namespace}local`, as are attributes that have
    one. `text` is all character data directly inside.
    """

    name: str
    attributes: Mapping[str, str]
    line: int = 0
    column: int = 0
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition("}")[2].rpartition(":")[2]

    def find(self, *path: str) -> "Element | None":
        """Return the first element at the end of a path of names."""
        found: Element | None = self
        for name in path:
            if found is None:
                return None
            found = next((each for each in found.children if each.name == name), None)
        return found

    def every(self, *path: str) -> Iterator["Element"]:
        """Yield the elements of the last name, below the first of those before."""
        *way, name = path
        parent = self.find(*way)
        for each in parent.children if parent is not None else ():
            if each.name == name:
                yield each

    def value(self, *path: str) -> str | None:
        """Return the text at the end of a path without white space around it."""
        found = self.find(*path)
        return None if found is None else found.text.strip()

    @property
    def only(self) -> "Element | None":
        """The first child, whatever it is."""
        return self.children[0] if self.children else None


def read(
    content: bytes, *, prefixes: Mapping[str, str], bounds: Bounds = _BOUNDS
) -> Element:
    """Return the root of a document; `prefixes` names namespaces.

    Raises NotXml for what is not well-formed, HasDoctype, TooComplex.
    """
    reading = _Reading(prefixes, bounds)
    try:
        reading.parser.Parse(content, True)
    except expat.ExpatError as error:
        said = expat.errors.messages.get(error.code, "error")
        raise NotXml(said, error.lineno, error.offset + 1) from error
    except LookupError as error:  # an encoding that Python has no codec for
        raise NotXml("unknown encoding", 1, 1) from error
    except ValueError as error:
        if isinstance(error, NotXml):
            raise
        raise NotXml("this encoding is not taken", 1, 1) from error
    return reading.root


class _Reading:
    def __init__(self, prefixes: Mapping[str, str], bounds: Bounds) -> None:
        self._prefixes, self._bounds = prefixes, bounds
        self._names: dict[str, str] = {}
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._left = bounds.elements
        self._root: Element | None = None
        self.parser = parser = expat.ParserCreate(None, _SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    @property
    def root(self) -> Element:
        if self._root is None:
            raise NotXml("no element found", 1, 1)
        return self._root

    def _doctype(self, *_: object) -> None:
        raise HasDoctype("a document type declaration is not taken", *self._place())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if len(self._open) >= self._bounds.depth:
            raise TooComplex("nested too deep", *self._place())
        if self._left < 0:
            raise TooComplex("too many elements", *self._place())
        if len(attributes) > self._bounds.attributes:
            raise TooComplex("too many attributes", *self._place())
        line, column = self._place()
        element = Element(
            name=self._named(name),
            attributes={
                self._named(key) if _SEPARATOR in key else key: value
                for key, value in attributes.items()
            },
            line=line,
            column=column,
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _text(self, text: str) -> None:
        self._texts[-1].append(text)

    def _place(self) -> tuple[int, int]:
        return self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1

    def _named(self, name: str) -> str:
        known = self._names.get(name)
        if known is None:
            namespace, _, local = name.rpartition(_SEPARATOR)
            prefix = self._prefixes.get(namespace)
            known = f"{prefix}:{local}" if prefix else f"{{{namespace}}}{local}"
            if len(self._names) < 1000:
                self._names[name] = known
        return known
