"""Numbers as James reads them, each refusal in his words."""

import re

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import Fault, illegal, invalid

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_FRACTION = re.compile(
    r"[+-]?(NaN|Infinity|([0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})"
    r"([eE][+-]?[0-9]{1,5})?[fFdD]?)",
    re.ASCII,
)
_INT, _LONG = 2**31, 2**63


def long_of(text: str) -> int | None:
    """Return a whole number of 64 bits, None for what is none."""
    if not _WHOLE.fullmatch(text):
        return None
    value = int(text)
    return value if -_LONG <= value < _LONG else None


def limit(call: Call) -> int | None:
    """Return how many rows are wanted, None for all; raises Fault."""
    value = _int(call, "limit")
    if value == 0:
        raise invalid("limit can not be equal to zero")
    return value


def offset(call: Call) -> int:
    """Return how many rows are left out first; raises Fault."""
    return _int(call, "offset") or 0


def speed(call: Call, name: str, *, default: int) -> int:
    """Return how many things a second are asked for; raises Fault."""
    text = call.parameter(name)
    if text is None:
        return default
    value = long_of(text)
    if value is None or not -_INT <= value < _INT:
        raise illegal(
            f"Illegal value supplied for query parameter '{name}', expecting a "
            "strictly positive optional integer"
        )
    return value


def fraction(call: Call, name: str) -> float | None:
    """Return a fraction that is not negative; raises Fault."""
    text = call.parameter(name)
    if not text:
        return None
    if not _FRACTION.fullmatch(text.strip()):
        raise _unreadable(name, text)
    value = float(text.strip().rstrip("fFdD") if text[-1] in "fFdD" else text)
    if value < 0:
        raise invalid(f"{name} can not be negative")
    return value


def _int(call: Call, name: str) -> int | None:
    text = call.parameter(name)
    if not text:
        return None
    value = long_of(text)
    if value is None or not -_INT <= value < _INT:
        raise _unreadable(name, text)
    if value < 0:
        raise invalid(f"{name} can not be negative")
    return value


def _unreadable(name: str, text: str) -> Fault:
    return invalid(f"Can not parse {name}", f'For input string: "{text}"')
