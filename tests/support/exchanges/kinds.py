"""What a value that differs every time must look like, by the kind that is named."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Kind = Callable[[Any], bool]
Kinds = Mapping[str, Kind]

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def text_of(value: object) -> str:
    """Return a text as it is, and any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _like(pattern: str) -> Kind:
    whole = re.compile(pattern, re.DOTALL)
    return lambda value: value is not None and bool(whole.fullmatch(text_of(value)))


def _is_a(*types: type) -> Kind:
    return lambda value: type(value) in types


def _anything(_: object) -> bool:
    return True


JAMES: Kinds = {
    "uuid": _like(_UUID),
    "james-date": _like(_TIME + r"\.\d{3}\+0000"),
    "instant": _like(_TIME + r"(\.\d{1,9})?Z"),
    "zoned": _like(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)(\[.+\])?"
    ),
    "host": _like(r"[A-Za-z0-9._:-]+"),
    "mailbox-id": _like(r"[0-9a-fA-F-]+"),
    "message-id": _like(r"[0-9a-fA-F-]+"),
    "mail-key": _like(rf"Mail\d+-{_UUID}(-.*)?"),
    "int": _like(r"-?\d+"),
    "float": _like(r"-?\d+(\.\d+)?([eE][+-]?\d+)?"),
    "text": _anything,
    "parser-text": _like(".+"),
}
STALWART: Kinds = {
    "bool": _is_a(bool),
    "int": _is_a(int),
    "number": _is_a(int, float),
    "rfc3339": _like(_TIME + r"(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "digits": _like(r"\d+"),
    "token": _like(r"[A-Za-z0-9+/=_.-]+"),
    "string": _is_a(str),
    "text": _is_a(str),
    "any": _anything,
}
DOCUMENTED: Kinds = {
    **STALWART,
    "instant": _like(_TIME + "Z"),
    "list": _is_a(list),
    "filled": _like(".+"),
}
