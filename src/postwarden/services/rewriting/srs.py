"""Reverse paths of forwarded mail: the sender rewriting scheme (SRS).

A server that forwards mail is no server of the sender's domain, which SPF says (RFC
7208). So it sends in the name of an address of its own, from which the way back can be
told: `SRS0=HASH=DAY=DOMAIN=LOCAL-PART@forwarder`, and behind a second forwarder
`SRS1=HASH=FIRST-FORWARDER==...`. The hash keeps others from making such addresses, so
that nobody relays by them; it is made with a secret of its day, and outlives its day by
as long as a bounce may take.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from postwarden.model.addresses import MAX_LOCAL_PART, Address, ascii_domain
from postwarden.model.errors import Invalid

MAX_AGE = 21  # days behind which a bounce does not come any more
_HASH = 8  # characters of base32: 40 bits
_DAYS = 1024  # that two characters of base32 tell apart
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SEPARATORS = "=-+"
_FIRST, _SECOND = "SRS0", "SRS1"


def is_made(address: Address) -> bool:
    """Whether an address has the form of one that a forwarder made."""
    local_part = address.local_part
    return local_part[:4].upper() in {_FIRST, _SECOND} and (
        local_part[4:5] in set(_SEPARATORS)
    )


def forwarded(key: bytes, path: Address, forwarder: str, now: datetime) -> Address:
    """Return the reverse path that `forwarder`, a domain of ours, sends with.

    What does not fit into a local part stays as it is.
    """
    if not path.local_part.isascii():
        return path
    day = _day(now)
    kind, _, rest = path.local_part.partition(path.local_part[4:5] or "=")
    if is_made(path) and kind.upper() == _SECOND:
        _, _, told = rest.partition("=")
        made = f"{_SECOND}={_hashed(key, 0, told)}={told}"
    elif is_made(path):
        told = f"{ascii_domain(path.domain)}={path.local_part[4:]}"
        made = f"{_SECOND}={_hashed(key, 0, told)}={told}"
    else:
        told = f"{_stamp(day)}={ascii_domain(path.domain)}={path.local_part}"
        made = f"{_FIRST}={_hashed(key, day, told)}={told}"
    return path if len(made) > MAX_LOCAL_PART else Address(made, forwarder)


def sent_with(
    key: bytes | None,
    path: Address | None,
    ways: Iterable[tuple[Address, Address]],
    now: datetime,
) -> Address | None:
    """Return the reverse path that a mail leaves with, by its ways out.

    A way is an address of ours and the one elsewhere that it leads to; mail that came
    for the address itself, or from its domain, goes out as it is.
    """
    if key is None or path is None:
        return path
    for via, to in ways:
        if via.key != to.key and via.domain != path.domain:
            return forwarded(key, path, via.domain, now)
    return path


def returned(key: bytes, address: Address, now: datetime) -> Address:
    """Return who a bounce to an address that we made is for; raises Invalid."""
    kind = address.local_part[:4].upper()
    given, _, told = address.local_part[5:].partition("=")
    if kind == _SECOND:
        _check(key, 0, told, given)
        domain, _, rest = told.partition("=")
        return _address(f"{_FIRST}{rest}", domain)
    stamp, _, path = told.partition("=")
    day = _dated(stamp, _day(now))
    _check(key, day, told, given)
    domain, _, local_part = path.partition("=")
    return _address(local_part, domain)


def _address(local_part: str, domain: str) -> Address:
    if not local_part:
        raise Invalid("not an address that was made here", field="address")
    return Address.parse(f"{Address(local_part, 'x')}".removesuffix("x") + domain)


def _check(key: bytes, day: int, told: str, given: str) -> None:
    # Case is not kept everywhere; RFC 4648 §6 spells in one.
    if not hmac.compare_digest(
        _hashed(key, day, told).encode(), given.upper().encode(errors="replace")
    ):
        raise Invalid("not an address that was made here", field="address")


def _hashed(key: bytes, day: int, told: str) -> str:
    """Return the hash of what an address tells, by the secret of its day."""
    of_day = hmac.digest(key, f"srs {day}".encode(), hashlib.sha256)
    digest = hmac.digest(of_day, told.lower().encode(), hashlib.sha256)
    return base64.b32encode(digest)[:_HASH].decode()


def _day(now: datetime) -> int:
    return int(now.astimezone(UTC).timestamp() // 86_400)


def _stamp(day: int) -> str:
    high, low = divmod(day % _DAYS, 32)
    return _ALPHABET[high] + _ALPHABET[low]


def _dated(stamp: str, today: int) -> int:
    """Return the day of a stamp; raises Invalid for one too long ago, or to come."""
    for age in range(-1, MAX_AGE + 1):  # clocks may differ by some hours
        if stamp.upper() == _stamp(today - age):
            return today - age
    raise Invalid("an address that has outlived its time", field="address")
