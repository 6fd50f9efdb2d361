"""Trace ids: given at first acceptance, kept through every later step."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_TIME_DIGITS = 10  # 50 bits of milliseconds since 1970
_RANDOM_DIGITS = 16  # 80 bits


def new_trace_id(now: datetime) -> str:
    """Return 26 characters that sort by time and are unique without a counter."""
    milliseconds = int(now.timestamp() * 1000)
    return _digits(milliseconds, _TIME_DIGITS) + _digits(
        secrets.randbits(5 * _RANDOM_DIGITS), _RANDOM_DIGITS
    )


def _digits(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
