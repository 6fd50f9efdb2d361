"""Password hashes: argon2id of ours, other systems' until the next login.

Hashes are computed in a bounded pool of threads (argon2 and bcrypt release the
interpreter's lock), never on the event loop.
"""

import asyncio
import base64
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import argon2
from argon2.exceptions import Argon2Error, InvalidHashError

from postwarden.adapters import password_schemes
from postwarden.model.errors import Invalid
from postwarden.wire.sasl import SaslError
from postwarden.wire.scram import ScramVerifier

MAX_PASSWORD = 1024  # octets
MAX_REMEMBERED = 10_000  # logins
# Of a hash that somebody brings along.
_MAX_MEMORY = 1024 * 1024  # KiB
_MAX_PASSES = 100
_MAX_LANES = 64
_ARGON2 = re.compile(r"(?:\{ARGON2(?:ID|I)?\})?(\$argon2id?\$.*)\Z", re.IGNORECASE)
_WHOLE = re.compile(
    r"\$argon2id?\$(?:v=[0-9]+\$)?m=[0-9]{1,9},t=[0-9]{1,9},p=[0-9]{1,9}"
    r"\$[A-Za-z0-9+/]{11,128}\$[A-Za-z0-9+/]{16,256}\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCost:
    """What a hash costs: `memory` in octets, `pool` hashes at a time.

    A login that was verified is not hashed again for `remembered` seconds.
    """

    memory: int = 19 * 1024 * 1024
    passes: int = 2
    parallelism: int = 1
    pool: int = 2
    remembered: float = 60
    scram: bool = False  # keep SCRAM verifiers too


class Argon2Passwords:
    """See `services.ports.Passwords`."""

    def __init__(
        self, cost: PasswordCost, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=cost.passes,
            # RFC 9106 §3.1: 8 KiB for each lane at least.
            memory_cost=max(cost.memory // 1024, 8 * cost.parallelism),
            parallelism=cost.parallelism,
        )
        self._nobody = _nobodys_hash(self._hasher)
        self._pool = ThreadPoolExecutor(cost.pool, "postwarden-passwords")
        self._verified = _Verified(cost.remembered, clock)
        self._scram = cost.scram

    async def hash(self, password: str) -> str:
        """Return an argon2id hash; raises Invalid for what is no password."""
        octets = _octets(password)
        if octets is None:
            raise Invalid(
                f"a password has 1 to {MAX_PASSWORD} octets, none of them NUL",
                field="password",
            )
        return await self._loop.run_in_executor(self._pool, self._hasher.hash, octets)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """See `services.ports.Passwords.verify`."""
        octets = _octets(password)
        if octets is None or password_hash is None:
            return await self._loop.run_in_executor(self._pool, self._fail_slowly)
        if self._verified.has(octets, password_hash):
            return True
        matches = await self._loop.run_in_executor(
            self._pool, self._matches, octets, password_hash
        )
        if matches:
            self._verified.add(octets, password_hash)
        return matches

    async def scram(self, password: str) -> str | None:
        """See `services.ports.Passwords.scram`."""
        if not self._scram:
            return None
        try:
            return await self._loop.run_in_executor(self._pool, _verifier, password)
        except SaslError:  # a password that SASLprep prohibits has none
            return None

    def is_outdated(self, password_hash: str) -> bool:
        """True for all but an argon2id hash of today's cost."""
        try:
            return self._hasher.check_needs_rehash(password_hash)
        except InvalidHashError:
            return True

    def check(self, password_hash: str) -> None:
        """Raise Invalid for a hash that nobody could ever log in with."""
        match = _ARGON2.match(password_hash)
        if match is None:
            password_schemes.read(password_hash)
        elif not _is_bearable(match[1]):
            raise Invalid(
                "not an argon2 hash, or one that takes too much memory or time",
                field="password_hash",
            )

    def close(self) -> None:
        """Wait for the hashes that are being computed."""
        self._pool.shutdown()

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def _matches(self, password: bytes, password_hash: str) -> bool:
        match = _ARGON2.match(password_hash)
        if match is not None and _is_bearable(match[1]):
            try:
                return self._hasher.verify(match[1], password)
            except Argon2Error:
                return False
        # Legacy hashes are cheap: who guesses wrong pays for one of ours as well,
        # or a quick answer would tell that the account exists.
        return _matches_legacy(password, password_hash) or self._fail_slowly()

    def _fail_slowly(self) -> bool:
        with suppress(Argon2Error):
            self._hasher.verify(self._nobody, b"nobody")
        return False


class _Verified:
    """Which logins were verified lately, without keeping passwords or hashes.

    Clients that connect anew for each mail would pay for a hash each time.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._key = secrets.token_bytes(32)
        self._seconds = seconds
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def has(self, password: bytes, password_hash: str) -> bool:
        return self._until.get(self._name(password, password_hash), 0) > self._clock()

    def add(self, password: bytes, password_hash: str) -> None:
        name = self._name(password, password_hash)
        self._until.pop(name, None)
        if len(self._until) >= MAX_REMEMBERED:
            self._until.popitem(last=False)
        self._until[name] = self._clock() + self._seconds

    def _name(self, password: bytes, password_hash: str) -> bytes:
        # No NUL is in a password: the two cannot run into each other.
        octets = password + b"\0" + password_hash.encode()
        return hmac.digest(self._key, octets, "sha256")


def _octets(password: str) -> bytes | None:
    """Return a password as it is hashed, None for what no password is."""
    try:
        octets = password.encode()
    except UnicodeEncodeError:
        return None
    return octets if 0 < len(octets) <= MAX_PASSWORD and b"\0" not in octets else None


def _nobodys_hash(hasher: argon2.PasswordHasher) -> str:
    """Return a hash of today's cost that no password has; making it costs nothing."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return (
        f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},"
        f"p={hasher.parallelism}${salt}${digest}"
    )


def _is_bearable(password_hash: str) -> bool:
    if not _WHOLE.match(password_hash):
        return False
    try:
        cost = argon2.extract_parameters(password_hash)
    except InvalidHashError:
        return False
    return (
        cost.memory_cost <= _MAX_MEMORY
        and cost.time_cost <= _MAX_PASSES
        and cost.parallelism <= _MAX_LANES
    )


def _matches_legacy(password: bytes, password_hash: str) -> bool:
    try:
        return password_schemes.read(password_hash)(password)
    except (Invalid, ValueError):
        return False


def _verifier(password: str) -> str:
    return ScramVerifier.of_password(password, salt=secrets.token_bytes(16)).format()
