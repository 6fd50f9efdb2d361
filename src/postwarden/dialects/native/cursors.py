"""Cursors: where the next page of a list begins, for whoever asks the same again.

A cursor holds the key of the last row and a check over that key and the question.
It opens nothing: whoever makes one up gets what that key would have given.
"""

import base64
import binascii
import hashlib
import json
from typing import TypeVar

from postwarden.dialects.kit.refusals import Malformed

_CHECK = 8  # octets
_LONGEST = 2048  # characters of a cursor

K = TypeVar("K", str, int)


def cursor_of(question: str, key: str | int) -> str:
    """Return the cursor behind `key` in the answer to `question`."""
    content = json.dumps(key, ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_check(question, content) + content).decode()


def key_of(question: str, cursor: str, first: K) -> K:
    """Return the key that a cursor holds, of the type of `first`.

    Raises Malformed for a cursor of another question, or for what is none.
    """
    try:
        content = base64.b64decode(cursor[:_LONGEST], b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("this is no cursor of ours", field="cursor") from error
    check, rest = content[:_CHECK], content[_CHECK:]
    if check != _check(question, rest):
        raise Malformed(
            "the cursor belongs to another question",
            field="cursor",
            hint="repeat the request that gave it, with the cursor added",
        )
    key = json.loads(rest)
    if type(key) is not type(first):
        raise Malformed("this is no cursor of ours", field="cursor")
    return key


def _check(question: str, content: bytes) -> bytes:
    said = question.encode("utf-8", "surrogatepass") + b"\0" + content
    return hashlib.blake2b(said, digest_size=_CHECK, person=b"cursor").digest()
