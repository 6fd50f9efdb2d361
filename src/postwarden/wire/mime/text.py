"""Text for people out of text parts: HTML stripped, everything made plain."""

import html
import re
from typing import Final

from postwarden.wire.mime import charset

# Everything here looks at each character a bounded number of times: a tag
# ends at the next "<" at the latest, and what is never closed ends the text.
_HIDDEN: Final = re.compile(r"<!--|<(script|style)\b", re.IGNORECASE)
_CLOSING: Final = {
    "": re.compile(r"-->"),
    "script": re.compile(r"</script\b[^<>]*>?", re.IGNORECASE),
    "style": re.compile(r"</style\b[^<>]*>?", re.IGNORECASE),
}
_INLINE_TAG: Final = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd"
    r"|mark|o:p|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)"
    r"(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_ENTITY: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?"
)
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\ud800-\udfff]"
)
_ODD_SPACE: Final = re.compile("[\xa0\u2000-\u200a\u202f\u205f\u3000]")
# What an HTML part without a word may still show.
_SHOWS_SOMETHING: Final = re.compile(r"\b(?:src|href|background)\s{0,9}=|url\(", re.I)


def tidy(text: str) -> str:
    """Return text for search: LF line ends, NFC, nothing invisible."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = charset.composed(_ODD_SPACE.sub(" ", text))
    return _UNSEEN.sub("", text).strip()


def html_text(source: str) -> str:
    """Return the words of an HTML document, a line for each block.

    Comments, scripts and style sheets are left out, inline tags split no
    word, entities are decoded after the tags are gone.
    """
    words = " ".join(_shown(source).split())
    words = _TAG.sub("\n", _INLINE_TAG.sub("", words))
    words = tidy(_ENTITY.sub(_character, words))
    return "\n".join(filter(None, map(str.strip, words.split("\n"))))


def html_shows_something(source: str) -> bool:
    """Tell whether an HTML document without words still shows or links anything."""
    return _SHOWS_SOMETHING.search(source) is not None


def _shown(source: str) -> str:
    shown: list[str] = []
    position = 0
    while hidden := _HIDDEN.search(source, position):
        shown.append(source[position : hidden.start()])
        name = (hidden[1] or "").lower()
        # "<!-->" is a whole comment: its dashes count for both ends.
        search_from = hidden.end() if name else hidden.start() + 2
        closing = _CLOSING[name].search(source, search_from)
        if not closing:
            return " ".join(shown)
        position = closing.end()
    shown.append(source[position:])
    return " ".join(shown)


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])
