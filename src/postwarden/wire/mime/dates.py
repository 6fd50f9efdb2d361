"""Dates of header fields (RFC 5322 §3.3, the obsolete forms of §4.3, and worse)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from postwarden.wire.mime.addresses import without_comments

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
# Minutes east of UTC; other letters are read as UTC (RFC 5322 §4.3).
_ZONES: Final = {
    b"edt": -240,
    b"est": -300,
    b"cdt": -300,
    b"cst": -360,
    b"mdt": -360,
    b"mst": -420,
    b"pdt": -420,
    b"pst": -480,
    b"cet": 60,
    b"cest": 120,
    b"met": 60,
    b"mest": 120,
    b"bst": 60,
    b"jst": 540,
}
_TIME: Final = rb"(?P<hour>\d{1,2})[:.](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2}))?"
_ZONE: Final = rb"(?:\.\d{1,6})?\s*(?P<zone>(?:GMT|UTC?)?[+-]\d{1,2}:?\d{2}|[A-Za-z]+)?"
_USUAL: Final = re.compile(
    rb"(?:[A-Za-z]{2,9}\.?,?\s*)?(?P<day>\d{1,2})[\s-]{1,9}(?P<month>[A-Za-z]{3})"
    rb"[a-z]{0,7}[\s,.-]{1,9}(?P<year>\d{2,4}),?\s{1,9}" + _TIME + _ZONE,
)
_ASCTIME: Final = re.compile(  # RFC 850's successor in C, and old mbox tools
    rb"(?:[A-Za-z]{2,9},?\s{1,9})?(?P<month>[A-Za-z]{3})[a-z]{0,7}\s{1,9}"
    rb"(?P<day>\d{1,2}),?\s{1,9}(?:(?P<early>\d{4})\s{1,9})?"
    + _TIME
    + _ZONE
    + rb"(?:\s{0,9}(?P<year>\d{4}))?",
)
_ISO: Final = re.compile(
    rb"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})[T\s]\s{0,9}" + _TIME + _ZONE,
)
_LONGEST: Final = 200  # octets; what is longer is no date


def parse_date(raw: bytes) -> datetime | None:
    """Return the moment, aware and in UTC; None if the value is no date."""
    text = without_comments(raw[:_LONGEST]).strip()
    for pattern in (_USUAL, _ASCTIME, _ISO):
        match = pattern.match(text)
        if match:
            try:
                return _moment(match.groupdict())
            except (ValueError, OverflowError):
                return None
    return None


def _moment(found: dict[str, bytes | None]) -> datetime:
    zone = found["zone"]
    year = found["year"] or found.get("early")
    if year is None:  # asctime with the year where the zone stands is matched above
        raise ValueError("no year")
    moment = datetime(
        _year(year),
        _month(found["month"] or b""),
        int(found["day"] or 0),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        min(int(found["second"] or 0), 59),  # a leap second is read as the one before
        tzinfo=UTC,
    )
    return moment - timedelta(minutes=_offset(zone or b""))


def _year(digits: bytes) -> int:
    """Return the year that two or three digits mean (RFC 5322 §4.3)."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _month(word: bytes) -> int:
    if word.isdigit():
        return int(word)
    return _MONTHS.get(word.lower(), 0)  # datetime refuses month 0


def _offset(zone: bytes) -> int:
    sign = max(zone.find(b"+"), zone.find(b"-"))
    if sign == -1:
        return _ZONES.get(zone.lower(), 0)
    digits = zone[sign + 1 :].replace(b":", b"").rjust(4, b"0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        return 0  # no such zone; the clock time is still worth having
    return -minutes if zone[sign : sign + 1] == b"-" else minutes
