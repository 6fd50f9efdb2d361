"""Mail systems elsewhere that are driven from here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from postwarden.model.errors import Invalid
from postwarden.model.networks import is_loopback

LOCAL = "local"  # our own store, which is no row
ALL = "all"  # every system, our own store too
MAX_URL = 2048  # characters
MAX_USER = 320  # characters, as an address has at most
MAX_AUTHORITIES = 256 * 1024  # octets of PEM
MAX_OPTION = 1000  # characters
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


class SystemKind(StrEnum):
    """What a system speaks."""

    EWS = "ews"
    SMARTERMAIL = "smartermail"


OPTIONS: Mapping[SystemKind, frozenset[str]] = {
    SystemKind.EWS: frozenset(
        {"concurrency", "impersonation", "folder", "token-url", "scope"}
    ),
    SystemKind.SMARTERMAIL: frozenset({"concurrency", "creation-dates", "folder"}),
}
"""What `--option` takes for each kind; docs/systems.md says what they mean."""
TOKEN_URL = "token-url"  # noqa: S105  the option that says where the secret goes


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """How one system is reached; `secret` is sealed.

    `authorities` are certificates (PEM) that are trusted instead of the machine's.
    """

    id: int = 0
    name: str
    kind: SystemKind
    url: str
    user: str = ""
    secret: bytes | None = None
    authorities: str | None = None
    options: Mapping[str, str]
    created_at: datetime
    created_by: str


def system_name(text: str) -> str:
    """Return a name that a system may have; raises Invalid."""
    if not _NAME.fullmatch(text):
        raise Invalid(
            f"{text[:80]!r} is no name of a system: lower-case letters, digits and -",
            field="name",
        )
    if text in {LOCAL, ALL}:
        raise Invalid(f"{text} has a meaning of its own", field="name")
    return text


def system_url(text: str) -> str:
    """Return a URL that a system may have, without a slash at its end.

    Raises Invalid for a URL with a password, a query, or without TLS to another
    machine than this: what is sent there is an administrator's login.
    """
    wanted = "a URL such as https://mail.example.org"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(f"{wanted} was expected: {error}", field="url") from error
    printable = text.isascii() and text.isprintable() and " " not in text
    if len(text) > MAX_URL or not printable or not host:
        raise Invalid(f"{wanted} was expected", field="url")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid(f"{wanted}, no user, query or fragment in it", field="url")
    near = parts.scheme == "http" and is_loopback(host)
    if parts.scheme != "https" and not near:
        raise Invalid("https is needed, or http to this machine", field="url")
    return text.rstrip("/")


def system_options(kind: SystemKind, given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the options of a kind, in order of names; raises Invalid."""
    for name, value in given.items():
        if name not in OPTIONS[kind]:
            known = ", ".join(sorted(OPTIONS[kind]))
            raise Invalid(f"{kind} has no option {name[:80]!r}: {known}", field=name)
        if not value or len(value) > MAX_OPTION or not value.isprintable():
            raise Invalid(f"{name} takes 1 to {MAX_OPTION} characters", field=name)
    return dict(sorted(given.items()))


def system_kind(word: str) -> SystemKind:
    """Return the kind of that name; raises Invalid naming all there are."""
    try:
        return SystemKind(word)
    except ValueError:
        known = ", ".join(SystemKind)
        raise Invalid(f"--kind takes one of {known}", field="kind") from None
