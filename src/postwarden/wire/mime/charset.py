"""Octets into text: which charset names are believed, and what happens if not.

Names follow RFC 2978 as mail really spells them. A name that stands for a
smaller charset which mailers stretch (GB2312 for GB18030, ISO-8859-1 for
Windows-1252) is read as the larger one, as every mail client does.
"""

import re
import unicodedata
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

# Python calls these codecs too, but they are no charsets: they unpack, run
# slowly, or translate bytes to bytes.
_NO_CHARSET: Final = frozenset(
    {
        "base64_codec",
        "bz2_codec",
        "hex_codec",
        "mbcs",
        "quopri_codec",
        "rot_13",
        "tactis",
        "uu_codec",
        "zlib_codec",
    }
)
_UNLISTED: Final = frozenset(
    {
        "cp720",
        "cp737",
        "cp856",
        "cp874",
        "cp1006",
        "koi8_r",
        "koi8_t",
        "koi8_u",
        "utf_8_sig",
    }
)
_CODECS: Final = (frozenset(aliases.values()) - _NO_CHARSET) | _UNLISTED

_AS_CLIENTS_READ_IT: Final = {
    "cp_850": "cp850",
    "cp949": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso_8859_1": "cp1252",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "ks_c_5601_1987": "cp949",
    "latin1": "cp1252",
    "latin_1": "cp1252",
    "shift_jis": "cp932",
    "unicode_1_1_utf_7": "utf_7",
    "windows_874": "cp874",
    "x_gbk": "gb18030",
    "x_sjis": "cp932",
}
ASCII: Final = "ascii"
_LONGEST_NAME: Final = 60  # RFC 2978 §2.3 allows 40

# Line by line the normal form is cheap. A run of combining marks is sorted by
# insertion, so the blocks are short: hostile text then costs a constant more.
_BLOCK: Final = 256
_WORD_SPACE: Final = re.compile(r"[\t\r\n]")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def codec_of(name: str) -> str | None:
    """Return the Python codec for a charset name, None if it is unknown."""
    return _codec_of(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=1024)
def _codec_of(name: str) -> str | None:
    plain = name.strip(" \t'\"").partition("*")[0].lower()  # RFC 2231 §5 language
    plain = re.sub(r"[-_ ]+", "_", plain)
    plain = _AS_CLIENTS_READ_IT.get(plain, plain)
    codec = aliases.get(plain, plain)
    if codec not in _CODECS:
        return None
    return _AS_CLIENTS_READ_IT.get(codec, codec)


@lru_cache(maxsize=256)
def is_ascii_based(codec: str) -> bool:
    """Tell whether ASCII octets mean in a codec what they mean in ASCII."""
    probe = "Az09 ~{}@ +AGE-\n"
    try:
        return probe.encode().decode(codec) == probe
    except ValueError:
        return False


def strictly(data: bytes, codec: str | None) -> str | None:
    """Return the text, or None if the octets do not fit the codec.

    Without a codec, and for ASCII, UTF-8 is tried: mailers forget to say it.
    """
    try:
        return data.decode("utf-8" if codec is None or codec == ASCII else codec)
    except ValueError:  # UnicodeDecodeError, and what odd codecs raise instead
        return None


def loosely(data: bytes, codec: str | None) -> str:
    """Return readable text whatever the octets are; for display and search."""
    text = strictly(data, codec)
    if text is not None:
        return text
    if codec is None or codec == ASCII:
        codec = "cp1252"
    return data.decode(codec, "replace")


def composed(text: str) -> str:
    """Return the text in Normalization Form C (Unicode Annex #15), linearly."""
    if text.isascii():
        return text
    if len(text) <= _BLOCK:
        return unicodedata.normalize("NFC", text)
    blocks: list[str] = []
    start = 0
    while start < len(text):
        end = start + _BLOCK
        if end < len(text):  # preferably where nothing composes
            end = 1 + max(text.rfind(space, start + 1, end) for space in " \n") or end
        blocks.append(unicodedata.normalize("NFC", text[start:end]))
        start = end
    return "".join(blocks)


def printable(text: str) -> str:
    """Return header text for display: one line, NFC, no control characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _UNPRINTABLE.sub("", _WORD_SPACE.sub(" ", text))
    return composed(text).strip()
