r"""Exported items: octets with what a mailbox knows of them, in a form of our own.

    postwarden-item/1
    {"flags": ["\\Seen"], "internal_date": "...", "sha256": "..."}
    <the octets>

Exchange's own exports are streams of MAPI properties: neither server reads the
other's, and what is none of ours is refused.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.drafting import Draft
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.items import Item
from postwarden.model.mailboxes import flag_names, flags_of

_MARK: Final = b"postwarden-item/1\n"
_LONGEST_HEAD: Final = 65_536  # octets
_MAX_WORDS: Final = 200


def exported(item: Item) -> bytes:
    """Return an item, whose content is known, as it can be uploaded again."""
    content = item.content or b""
    head = {
        "flags": flag_names(item.facts.flags, item.facts.keywords),
        "internal_date": item.facts.internal_date.isoformat(),
        "sha256": sha256(content).hexdigest(),
    }
    return b"".join((_MARK, json.dumps(head).encode(), b"\n", content))


def uploaded(octets: bytes) -> Draft:
    """Return what was exported; raises Failed for what is none of ours or altered."""
    if not octets.startswith(_MARK):
        raise _corrupt()
    end = octets.find(b"\n", len(_MARK), len(_MARK) + _LONGEST_HEAD)
    if end < 0:
        raise _corrupt()
    content = octets[end + 1 :]
    try:
        head = json.loads(octets[len(_MARK) : end])
        flags, keywords = flags_of(_words(head["flags"]))
        date = datetime.fromisoformat(head["internal_date"]).astimezone(UTC)
        digest = head["sha256"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise _corrupt() from error
    if digest != sha256(content).hexdigest():
        raise _corrupt()
    return Draft(content=content, flags=flags, keywords=keywords, internal_date=date)


def _words(given: Any) -> list[str]:
    if not isinstance(given, list) or len(given) > _MAX_WORDS:
        raise TypeError
    if not all(isinstance(each, str) for each in given):
        raise TypeError
    return given


def _corrupt() -> Failed:
    message = "The data is none that this server has exported, or was altered."
    return Failed(Code.CORRUPT_DATA, message)
