"""Text into words: the one tokenizer of index, scan and query.

A word is a run of letters, digits and the marks that belong to them, after
compatibility normalisation and case folding. Because mail is full of text made
to look like other text, what a reader cannot see is no difference either:

- NFKC (UAX #15), not NFC: full-width, ligature and mathematical letters read as
  the plain ones, so they are found as the plain ones;
- format characters and variation selectors (soft hyphen, zero-width space,
  directional marks) are dropped, wherever they stand;
- scripts written without spaces (Han, Kana, Bopomofo, Thai, Lao, Myanmar, Khmer)
  give one word a character, so that a phrase search finds any part of a text.

`words_of(" ".join(words_of(text))) == words_of(text)`: an index which is fed with
joined words and splits at spaces alone agrees exactly with a scan.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, Literal

MAX_WORD: Final = 255
"""Characters of a word that count; a longer one is cut, in index and query alike."""

_MAX_MARKS: Final = 30  # after one character, UAX #15 §13 (Stream-Safe Text Format)
_ASCII: Final = {
    point: chr(point).lower() if chr(point).isalnum() else " " for point in range(128)
}
_UNSPACED: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b"  # Han: radicals, signs
    "\u3040-\u30ff\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Hiragana, Katakana
    "\u3100-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_IS_SELECTOR: Final = re.compile(  # no category tells these from other marks
    "[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)

_MARK: Final = ("Mn", "Mc")  # Me is a frame around what is a word without it

_PLANE_0: Final = "\uffff"

_Kind = Literal["letter", "unspaced", "mark", "invisible", "separator"]


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order; linear in its length."""
    if text.isascii():
        return _cut(text.translate(_ASCII).split())
    folded = _folded(text)
    kinds: dict[str, _Kind] = {c: _kind(c) for c in set(folded)}
    if last := _last_mark(kinds):
        return _cut(_word_pattern(rare=last > _PLANE_0).findall(folded))
    spaced = {
        ord(character): _spaced(character, kinds[character]) for character in kinds
    }
    return _cut(folded.translate(spaced).split())


def word_line(text: str) -> str:
    """Return the words of a text with one space between: what indexes are fed."""
    return " ".join(words_of(text))


def has_phrase(line: str, words: Sequence[str], *, prefix: bool = False) -> bool:
    """Whether a word line holds these words one after the other.

    With `prefix`, the last one need only be the beginning of a word.
    """
    phrase = " ".join(words)
    return f" {phrase}" in f" {line}" if prefix else f" {phrase} " in f" {line} "


def ends_in_word(text: str) -> bool:
    """Whether the last character of a text belongs to a word."""
    return bool(text) and _kind(text[-1]) in {"letter", "unspaced", "mark"}


def _folded(text: str) -> str:
    """Return the text normalised and case-folded, for good (UAX #15, NFKC_Casefold)."""
    folded = _visible(text)
    for _ in range(4):  # the second time nothing changes but in rare sequences
        before = folded
        folded = _visible(unicodedata.normalize("NFKC", before).casefold())
        if folded == before:
            break
    return folded


def _visible(text: str) -> str:
    """Return the text without invisible characters and without towers of marks.

    Normalisation of a tower would take time quadratic in its height.
    """
    kinds: dict[str, _Kind] = {c: _kind(c) for c in set(text)}
    invisible = {ord(c): None for c, kind in kinds.items() if kind == "invisible"}
    if invisible:
        text = text.translate(invisible)
    if last := _last_mark(kinds):
        text = _tower_pattern(rare=last > _PLANE_0).sub(
            lambda tower: tower[0][:_MAX_MARKS], text
        )
    return text


@lru_cache(maxsize=8192)
def _kind(character: str) -> _Kind:
    category = unicodedata.category(character)
    if category == "Cf" or _IS_SELECTOR.match(character):
        return "invisible"
    if category in _MARK:
        return "mark"
    if not character.isalnum():
        return "separator"
    return "unspaced" if _IS_UNSPACED.match(character) else "letter"


def _spaced(character: str, kind: _Kind) -> str:
    if kind == "letter":
        return character
    return f" {character} " if kind == "unspaced" else " "


def _last_mark(kinds: Mapping[str, _Kind]) -> str:
    """Return the mark with the highest code point, empty if there is none."""
    return max((each for each, kind in kinds.items() if kind == "mark"), default="")


@cache
def _marks(*, rare: bool) -> str:
    """Return marks as the inside of a character class, all or those in plane 0.

    The engine looks up characters of plane 0 in a table, all others one by one.
    """
    points = map(chr, range(0x300, 0x20000 if rare else 0x10000))  # then selectors
    return "".join(
        point
        for point in points
        if unicodedata.category(point) in _MARK and _kind(point) == "mark"
    )


@cache
def _tower_pattern(*, rare: bool) -> re.Pattern[str]:
    mark = f"[{_marks(rare=rare)}]"
    # A class first and no group: so the engine skips what cannot begin a match.
    return re.compile(f"{mark}{mark}{{{_MAX_MARKS},}}")


@cache
def _word_pattern(*, rare: bool) -> re.Pattern[str]:
    letter = rf"[^\W_{_UNSPACED}]"
    mark = f"[{_marks(rare=rare)}]"
    unspaced = rf"[{_UNSPACED}](?<=\w)"
    return re.compile(rf"{letter}(?:{letter}|{mark})*|{unspaced}{mark}*")


def _cut(words: list[str]) -> list[str]:
    if max(map(len, words), default=0) <= MAX_WORD:
        return words
    return [word[:MAX_WORD] for word in words]
