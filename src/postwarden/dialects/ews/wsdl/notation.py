"""A short notation for XML schemas, which say little in many words.

    ItemId = @Id! @ChangeKey
    Items = (Message:Message | Item:Message)*
    Sentence = #string @Language
    Anything = %

An attribute begins with @ and is there for certain with !, an element has its type
behind the colon, one that begins with t. is declared elsewhere, and `? * +` say how
often something comes. # is text of a type, % any elements. Types in lower case are
those of XML Schema.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from postwarden.wire.xml import Xml, tag

_TOKEN: Final = re.compile(r"\([^()]*\)[?*+]?|\S+")
_OCCURS: Final[Mapping[str, Mapping[str, int | str]]] = {
    "": {},
    "?": {"minOccurs": 0},
    "*": {"minOccurs": 0, "maxOccurs": "unbounded"},
    "+": {"maxOccurs": "unbounded"},
}


def definitions(text: str) -> Mapping[str, str]:
    """Return what a text defines, by name; lines that begin with space go on."""
    lines = re.sub(r"\n\s+", " ", text.strip()).splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): content.strip() for name, _, content in pairs}


def complex_type(content: str, *, name: str | None = None) -> Xml:
    """Return the type that a definition is; without a name it stands in an element."""
    tokens = _TOKEN.findall(content)
    attributes = [_attribute(each) for each in tokens if each.startswith("@")]
    text = [each[1:] for each in tokens if each.startswith("#")]
    if text:
        extension = tag("xs:extension", *attributes, base=f"xs:{text[0]}")
        return tag("xs:complexType", tag("xs:simpleContent", extension), name=name)
    particles = [_particle(each) for each in tokens if not each.startswith("@")]
    return tag("xs:complexType", tag("xs:sequence", *particles), *attributes, name=name)


def references(content: str) -> Iterator[str]:
    """Yield the types of ours that a definition speaks of."""
    yield from re.findall(r":([A-Z]\w*)", content)


def _attribute(token: str) -> Xml:
    name, _, kind = token[1:].rstrip("!").partition(":")
    use = "required" if token.endswith("!") else None
    return tag("xs:attribute", name=name, type=f"xs:{kind or 'string'}", use=use)


def _particle(token: str) -> Xml:
    occurs = token[-1] if token[-1] in "?*+" else ""
    bounds = _OCCURS[occurs]
    body = token[: len(token) - len(occurs)]
    if body == "%":
        return tag("xs:any", processContents="lax", minOccurs=0, maxOccurs="unbounded")
    if body.startswith("("):
        parts = map(str.strip, body[1:-1].split("|"))
        return tag("xs:choice", *map(_particle, parts), **bounds)
    if body.startswith("t."):
        return tag("xs:element", ref=body.replace(".", ":"), **bounds)
    name, _, kind = body.partition(":")
    return tag("xs:element", name=name, type=_qualified(kind), **bounds)


def _qualified(kind: str) -> str:
    if "." in kind:
        return kind.replace(".", ":")
    return f"xs:{kind}" if kind[0].islower() else f"t:{kind}"
