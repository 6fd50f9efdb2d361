"""Binds variables from an answer.

/pointer        the value there, by its JSON text unless it is one
regex:E  re:E   the first group of E in the body
header:NAME:E   the first group of E in that header
new             the element of the array that no variable holds yet
where:P=V:Q     the value at Q of the element whose value at P is V
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.support.api import Answered
from tests.support.exchanges.kinds import text_of


class Nowhere(Exception):
    """An answer lacks what a variable is bound to."""


def captured(how: str, answered: Answered, held: Iterable[str]) -> str:
    """Return what a variable is bound to; raises Nowhere."""
    kind, _, rest = how.partition(":")
    if how.startswith("/") or how == "":
        return text_of(pointed(_json(answered), how))
    if kind in {"regex", "re"}:
        return _group(rest, answered.body.decode(errors="replace"))
    if kind == "header":
        name, _, pattern = rest.partition(":")
        return _group(pattern, answered.headers.get(name.lower(), ""))
    if how == "new":
        known = set(held)
        for text in map(text_of, _json(answered)):
            if text not in known:
                return text
    if kind == "where":
        condition, _, wanted = rest.rpartition(":")
        where, _, value = condition.partition("=")
        for each in _json(answered):
            if text_of(pointed(each, where)) == value:
                return text_of(pointed(each, wanted))
    raise Nowhere(how)


def pointed(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) leads to; raises Nowhere."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name) if isinstance(value, list) else name]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Nowhere(pointer) from error
    return value


def _json(answered: Answered) -> Any:
    try:
        return json.loads(answered.body)
    except ValueError as error:
        raise Nowhere("the body is not JSON") from error


def _group(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise Nowhere(pattern)
    return found[1]
