"""XML written as it is made: elements are finished text, and nothing is added twice.

    tag("t:FolderId", Id=identifier, ChangeKey=key)
    tag("m:Items", *items)

Names are ours; texts and attributes may be anybody's and are escaped. Characters
that no XML 1.0 document may have (§2.2) become U+FFFD.
"""

import re
from datetime import UTC, datetime
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ATTRIBUTES: Final = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_IN_TEXTS: Final = {"\r": "&#13;"}  # XML 1.0 §2.11 would make it a line feed

Value: TypeAlias = str | int | bool | datetime


class Xml(str):
    """Well-formed XML."""

    __slots__ = ()


def tag(name: str, /, *content: "Value | None", **attributes: "Value | None") -> Xml:
    """Return an element; what is None is left out."""
    head = name + "".join(
        f' {key}="{escape(_plain(value), _IN_ATTRIBUTES)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(
        each if isinstance(each, Xml) else escape(_plain(each), _IN_TEXTS)
        for each in content
        if each is not None
    )
    return Xml(f"<{head}>{inside}</{name}>" if inside else f"<{head}/>")


def _plain(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return _FORBIDDEN.sub("\ufffd", value)
