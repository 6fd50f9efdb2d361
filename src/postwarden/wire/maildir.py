"""The maildir format: flags in file names, mailboxes in folder names.

A file is `UNIQUE:2,FLAGS` (https://cr.yp.to/proto/maildir.html); Maildir++ keeps
mailboxes beside INBOX in folders `.A.B`, in modified UTF-7. Letters a to z are
keywords that a file `dovecot-keywords` names.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from postwarden.wire import mutf7, paths

MAX_KEYWORDS_FILE: Final = 64 * 1024  # octets of a keyword file that are read
KEYWORDS_FILE: Final = "dovecot-keywords"
FORWARDED: Final = "$Forwarded"
_FLAGS: Final = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": FORWARDED,
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
_LETTERS: Final = {name: letter for letter, name in _FLAGS.items()}
# `;`, `!` and `-` stand for the colon where file systems refuse that.
_INFO: Final = re.compile(r"[:;!-]2,([A-Za-z]*)\Z")
_KEYWORD_LINE: Final = re.compile(r"([0-9]{1,2}) (\S{1,64})\Z")
_KEYWORD: Final = re.compile(r"[^\x00-\x20\x7f(){%*\"\\\]]+\Z")  # RFC 9051 §9, atom


def flags_of(name: str, keywords: Mapping[str, str]) -> list[str]:
    """Return the flags that a file name in `cur` carries, spelt as in IMAP.

    `keywords` gives the names of the letters a to z; others are left out.
    """
    info = _INFO.search(name)
    if info is None:
        return []
    known = (_FLAGS.get(letter) or keywords.get(letter) for letter in info[1])
    return list(dict.fromkeys(flag for flag in known if flag))


def parse_keywords(text: str) -> dict[str, str]:
    """Read a `dovecot-keywords` file: letters a to z and what they stand for."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        entry = _KEYWORD_LINE.match(line)
        if entry and int(entry[1]) < 26 and _KEYWORD.match(entry[2]):
            found[chr(ord("a") + int(entry[1]))] = entry[2]
    return found


def letter_of(flag: str, keywords: Mapping[str, str]) -> str | None:
    """Return the letter of a flag; `keywords` gives those of keyword names."""
    return _LETTERS.get(flag) or keywords.get(flag)


def format_keywords(names: Iterable[str]) -> str:
    """Write a `dovecot-keywords` file; the first name is the letter a."""
    return "".join(f"{number} {name}\n" for number, name in enumerate(names))


def folder_of(mailbox: str) -> str:
    """Return the folder of a mailbox beside INBOX, as `.A.B`.

    A dot within a level, which Maildir++ has no form for, is written `%2E`.
    """
    levels = (mutf7.encode(paths.quoted(level)) for level in mailbox.split("/"))
    return "".join(f".{level.replace('.', '%2E')}" for level in levels)


def mailbox_of(folder: str) -> str:
    """Return the mailbox that lies in a folder `.A.B`: `A/B`.

    A name that is no modified UTF-7 is taken as it is.
    """
    levels = folder.removeprefix(".").split(".")
    return "/".join(paths.unquoted(mutf7.decode(level)) for level in levels)
