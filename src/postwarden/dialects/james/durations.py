"""How long, as James reads it: a number and a unit, seconds without one."""

import re

_FORM = re.compile(r"\s*(-?[0-9]{1,40})\s*([A-Za-z]*)\s*", re.ASCII)
_INT = 2**31
_MONTH, _YEAR = 30.436875 * 86_400, 365.2425 * 86_400
_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs"), 0.001),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604_800.0),
    **dict.fromkeys(("month", "months"), _MONTH),
    **dict.fromkeys(("y", "year", "years"), _YEAR),
}
_BAD_FORM = (
    "Supplied value do not follow the unit format (number optionally suffixed with a "
    "string representing the unit"
)


class BadDuration(ValueError):
    """No duration; the text is James'."""


def seconds_of(text: str) -> float:
    """Return a duration in seconds; raises BadDuration."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise BadDuration(_BAD_FORM)
    amount = int(found[1])
    if not -_INT <= amount < _INT:
        raise BadDuration(f'For input string: "{found[1]}"')
    if amount < 0:
        raise BadDuration("Duration amount should be positive")
    unit = found[2]
    if unit.lower() not in _UNITS:
        raise BadDuration(f"Unknown unit: {unit}")
    return amount * _UNITS[unit.lower()]
