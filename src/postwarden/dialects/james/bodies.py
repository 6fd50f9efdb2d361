"""JSON bodies as James reads them: strictly, but for what follows the value."""

import json
import re
from collections.abc import Collection
from typing import Any

from postwarden.dialects.james.envelope import bad_json
from postwarden.dialects.kit.requests import Request

_MOST_DEEP = 64
_FORM = "application/x-www-form-urlencoded"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DECODER = json.JSONDecoder()


async def text_of(request: Request) -> str:
    """Return the body as text, whatever its type says it is.

    Of a form nothing is left: James' server takes its fields for parameters.
    """
    content = await request.body()
    return "" if request.media_type == _FORM else content.decode(errors="replace")


async def object_of(request: Request, known: Collection[str]) -> dict[str, Any]:
    """Return the JSON object of a body, of whose names all are known; raises Fault."""
    value = parsed(await text_of(request))
    if not isinstance(value, dict):
        raise bad_json(f"an object was expected, with {_listed(known)}")
    for name in value:
        if name not in known:
            raise bad_json(f'Unrecognized field "{name}": known are {_listed(known)}')
    return value


def parsed(text: str) -> Any:
    """Return the JSON value that a text begins with; raises Fault."""
    stripped = text.lstrip()
    if not stripped:
        raise bad_json("No content to map due to end-of-input")
    try:
        value, end = _DECODER.raw_decode(stripped)
    except (ValueError, RecursionError) as error:
        raise bad_json(f"the body is not JSON: {error}") from error
    if _is_deeper(value, _MOST_DEEP):
        raise bad_json("the JSON is nested too deep")
    if _SURROGATE.search(stripped, 0, end) and _has_half(value):
        raise bad_json("the JSON has half a surrogate pair")
    return value


def _has_half(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_deeper(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return depth == 0 or any(_is_deeper(each, depth - 1) for each in value)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
