"""Kinds of settings: how a value is read, what is allowed, how it is shown."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Invalid
from postwarden.settings.quantities import (
    MAX_SECONDS,
    OCTETS_ALLOWED,
    SECONDS_ALLOWED,
    octets_of,
    octets_text,
    seconds_of,
    seconds_text,
)

MAX_TEXT = 4096  # characters
_DAY = 86_400  # seconds
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a setting is read, from text or from what TOML has.

    `read` raises ValueError or Invalid for what is not `allowed`, which ends the
    sentence "takes ...".
    """

    unit: str
    allowed: str
    read: Callable[[object], object]
    show: Callable[[object], str] = lambda value: "" if value is None else str(value)


def described(kind: Kind, meaning: str) -> dict[str, object]:
    """Return the metadata of a setting's field."""
    return {"kind": kind, "meaning": meaning}


def count(low: int, high: int) -> Kind:
    def read(value: object) -> int:
        return int(_within(_number(value, whole=True), low, high))

    return Kind("", f"a whole number from {low} to {high}", read)


def octets(low: int, high: int) -> Kind:
    def read(value: object) -> int:
        number = octets_of(value) if isinstance(value, str) else value
        return int(_within(_number(number, whole=True), low, high))

    limits = f"{octets_text(low)} to {octets_text(high)}"
    return Kind("octets", f"{OCTETS_ALLOWED}, from {limits}", read, _show(octets_text))


def seconds(low: float, high: float) -> Kind:
    def read(value: object) -> float:
        number = seconds_of(value) if isinstance(value, str) else value
        return _within(_number(number, whole=False), low, high)

    limits = f"{seconds_text(low)} to {seconds_text(high)}"
    return Kind(
        "seconds", f"{SECONDS_ALLOWED}, from {limits}", read, _show(seconds_text)
    )


def choice(*words: str) -> Kind:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return Kind("", f"one of {', '.join(words)}", read)


def switch() -> Kind:
    def read(value: object) -> bool:
        known = {"true": True, "on": True, "false": False, "off": False}
        if isinstance(value, bool):
            return value
        return known[str(value).lower()] if str(value).lower() in known else _refused()

    def _refused() -> bool:
        raise ValueError("neither true nor false")

    return Kind("", "true or false", read, lambda value: "true" if value else "false")


def host_name() -> Kind:
    def read(value: object) -> str:
        return domain_name(_text(value)) if value != "" else ""

    return Kind("", "a host name", read)


def origin(*, optional: bool = False) -> Kind:
    """Take where a browser finds us: scheme, host and maybe a port."""

    def read(value: object) -> str:
        text = _text(value).rstrip("/")
        if optional and not text:
            return text
        if not _ORIGIN.fullmatch(text):
            raise ValueError(text)
        return text.lower()

    nothing = ", or nothing" if optional else ""
    return Kind("", f"as in https://mail.example.org{nothing}", read)


def address() -> Kind:
    def read(value: object) -> Address | None:
        return Address.parse(_text(value)) if value != "" else None

    return Kind("", "a mail address, or nothing", read)


def file() -> Kind:
    def read(value: object) -> Path | None:
        return Path(_text(value)).expanduser() if value != "" else None

    return Kind("", "the path of a file, or nothing", read)


def networks() -> Kind:
    """A list in TOML, in text separated by commas."""

    def read(value: object) -> tuple[str, ...]:
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list):
            raise Invalid("not a list")
        stripped = [_text(word).strip() for word in words]
        return tuple(str(ipaddress.ip_network(word)) for word in stripped if word)

    def show(value: object) -> str:
        return ", ".join(value) if isinstance(value, tuple) else ""

    return Kind("", "networks such as 10.0.0.0/8, separated by commas", read, show)


def durations(*words: str) -> Kind:
    """How long each of some things lasts: a list in TOML, else separated by commas.

    `*` stands for all that are not named.
    """

    def read(value: object) -> tuple[tuple[str, float], ...]:
        pairs = value.split(",") if isinstance(value, str) else value
        if not isinstance(pairs, list):
            raise Invalid("not a list")
        read_one = (_duration(_text(pair).strip()) for pair in pairs if pair)
        return tuple(sorted(read_one))

    def _duration(pair: str) -> tuple[str, float]:
        word, _, time = pair.partition("=")
        if word not in {*words, "*"}:
            raise Invalid(f"{word} is none of {', '.join(words)}")
        return word, _within(seconds_of(time), _DAY, MAX_SECONDS)

    def show(value: object) -> str:
        pairs = value if isinstance(value, tuple) else ()
        return ", ".join(f"{word}={seconds_text(time)}" for word, time in pairs)

    return Kind("", "as in READ=90d,*=400d, one day at least", read, show)


def _number(value: object, *, whole: bool) -> float:
    if isinstance(value, str):
        return int(value) if whole else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid("not a number")
    if whole and not isinstance(value, int):
        raise Invalid("not a whole number")
    return value


def _within(number: float, low: float, high: float) -> float:
    if not low <= number <= high:
        raise ValueError(number)
    return number


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise Invalid(f"not a printable text: {str(value)[:80]!r}")
    return value


def _show(write: Callable[[float], str]) -> Callable[[object], str]:
    return lambda value: write(value) if isinstance(value, int | float) else ""
