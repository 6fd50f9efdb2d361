"""Sizes and times as people write them: `2G`, `64M`, `30s`, `72h`."""

import re

from postwarden.model.errors import Invalid

MAX_OCTETS = 2**60
MAX_SECONDS = 100 * 366 * 86_400

_OCTETS = re.compile(r"([0-9]{1,19})([KMGT]?)", re.ASCII | re.IGNORECASE)
_SECONDS = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([smhdw]?)", re.ASCII)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_FACTORS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
OCTETS_ALLOWED = "octets, or K, M, G or T of them (1024), as in 2G"
SECONDS_ALLOWED = "seconds, or a number with s, m, h, d or w, as in 72h"


def octets_of(text: str, *, field: str = "size") -> int:
    """Read a number of octets; K, M, G and T are powers of 1024. Raises Invalid."""
    match = _OCTETS.fullmatch(text.strip())
    octets = int(match[1]) * 1024 ** _POWERS[match[2].upper()] if match else -1
    if not 0 <= octets <= MAX_OCTETS:
        raise Invalid(f"{field} takes {OCTETS_ALLOWED}; not {text!r}", field=field)
    return octets


def seconds_of(text: str, *, field: str = "time") -> float:
    """Read a length of time in seconds. Raises Invalid."""
    match = _SECONDS.fullmatch(text.strip())
    seconds = float(match[1]) * _FACTORS[match[2]] if match else -1
    if not 0 <= seconds <= MAX_SECONDS:
        raise Invalid(f"{field} takes {SECONDS_ALLOWED}; not {text!r}", field=field)
    return seconds


def octets_text(octets: float) -> str:
    """Write a size the way `octets_of` reads it, where a unit divides it."""
    number = int(octets)
    for unit in "TGMK":
        size = 1024 ** _POWERS[unit]
        if number and number % size == 0:
            return f"{number // size}{unit}"
    return str(number)


def seconds_text(seconds: float) -> str:
    """Write a time the way `seconds_of` reads it."""
    for unit in "dhm":
        if seconds and seconds % _FACTORS[unit] == 0:
            return f"{seconds // _FACTORS[unit]:.0f}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
