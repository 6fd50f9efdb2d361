"""Mailbox names as paths of files, both ways.

A level of a mailbox name is a folder. What would be hidden, or meet a file of ours,
is written `%XX`, an octet of UTF-8 each; `%` itself occurs in no mailbox name. A
level that is longer than a file name may be goes on in the next folder: the part
before ends in a bare `%`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

MAX_OCTETS: Final = 200  # of one folder; file systems take 255, suffixes come on top
_LONGEST_CHARACTER: Final = 4  # octets of UTF-8, that no cut goes through
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
# What a folder may not be called: hidden, `1.eml`, `index.jsonl`, `Sent.mbox`,
# and the folders that make a maildir.
_RESERVED: Final = re.compile(
    r"\.|[0-9]+\.eml\Z|index\.jsonl\Z|.*\.mbox\Z|(?:cur|new|tmp)\Z",
    re.IGNORECASE | re.DOTALL,
)


def quoted(level: str) -> str:
    """Return a level of a mailbox name as a folder may be called."""
    escaped = "".join(
        _octets(char) if char in '%/\\:*?"<>|' or not char.isprintable() else char
        for char in level
    )
    if _RESERVED.match(escaped):
        escaped = _octets(escaped[0]) + escaped[1:]
    if escaped.endswith((" ", ".")):
        escaped = escaped[:-1] + _octets(escaped[-1])
    return escaped


def unquoted(text: str) -> str:
    """Return what `quoted` made `text` of; other text stays as it is."""
    if "%" not in text:
        return text
    octets = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), _as_octets(text))
    try:
        return octets.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


def folders_of(mailbox: str) -> Iterator[str]:
    """Yield the folders, from the top, that a mailbox lies in."""
    for level in mailbox.split("/"):
        rest = quoted(level)
        while len(rest.encode()) > MAX_OCTETS:
            at = len(rest.encode()[:MAX_OCTETS].decode("utf-8", "ignore"))
            yield rest[:at] + "%"
            rest = rest[at:]
        yield rest


def mailbox_of(folders: Sequence[str]) -> str:
    """Return the name of the mailbox that lies in these folders."""
    levels: list[str] = []
    open_level = ""
    for number, folder in enumerate(folders, start=1):
        if _goes_on(folder) and number < len(folders):
            open_level += folder[:-1]
        else:
            levels.append(unquoted(open_level + folder))
            open_level = ""
    return "/".join(levels)


def _goes_on(folder: str) -> bool:
    """Tell whether we have cut a level here; no shorter name is one of those."""
    length = len(folder.encode("utf-8", "surrogateescape"))
    return folder.endswith("%") and length > MAX_OCTETS - _LONGEST_CHARACTER


def _octets(char: str) -> str:
    return "".join(f"%{octet:02X}" for octet in char.encode("utf-8", "surrogatepass"))


def _as_octets(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
