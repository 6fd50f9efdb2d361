"""Mail addresses and domain names (RFC 5321 §4.1.2, RFC 6531, RFC 5890).

An Address keeps its local part as written and its domain in lower case with
U-labels, so that `ada@xn--bcher-kva.example` and `ada@Bücher.example` are one
address. Local parts compare case-folded (`Address.key`).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Self

import idna

from postwarden.model.errors import Invalid

MAX_LOCAL_PART = 64  # octets, RFC 5321 §4.5.3.1.1
MAX_DOMAIN = 255  # octets, RFC 5321 §4.5.3.1.2
_MAX_LABEL = 63  # octets, RFC 1035 §2.3.4

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\Z")
_LITERAL = re.compile(r"\[(?:([A-Za-z0-9-]*[A-Za-z0-9]):)?([!-Z^-~]+)\]\Z")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+\Z")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"\Z')


@lru_cache(maxsize=65536)
def domain_name(text: str) -> str:
    """Return the canonical form of a domain name: lower case, U-labels.

    Raises Invalid for what is no domain name (RFC 5890 §2.3.2, RFC 5321 §2.3.5).
    """
    if text.startswith("["):
        return _literal(text)
    try:
        labels = [_label(label) for label in text.removesuffix(".").split(".")]
        ascii_octets = len(".".join(map(_ascii_label, labels)))
    except (UnicodeError, ValueError) as error:
        raise Invalid(f"not a domain name: {text!r}", field="domain") from error
    if ascii_octets > MAX_DOMAIN:
        raise Invalid("domain name longer than 255 octets", field="domain")
    return ".".join(labels)


def _literal(text: str) -> str:
    """Return an address literal in lower case (RFC 5321 §4.1.3); raises Invalid."""
    match = _LITERAL.match(text)
    if match is None or len(text) > MAX_DOMAIN or not _is_host(*match.groups()):
        raise Invalid(f"not a domain name: {text!r}", field="domain")
    return text.lower()


def _is_host(tag: str | None, address: str) -> bool:
    try:
        if tag is None:
            IPv4Address(address)
        elif tag.lower() == "ipv6":
            return IPv6Address(address).scope_id is None
    except ValueError:
        return False
    return True


def ascii_domain(name: str) -> str:
    """Return the A-label form of a canonical domain name (RFC 5890 §2.3.2.1)."""
    if name.isascii():
        return name
    return ".".join(_ascii_label(label) for label in name.split("."))


def _label(text: str) -> str:
    lowered = unicodedata.normalize("NFC", text).lower()
    if lowered.isascii() and not lowered.startswith("xn--"):
        if len(lowered) > _MAX_LABEL or not _LABEL.match(lowered):
            raise ValueError(text)
        return lowered
    return idna.ulabel(lowered)


def _ascii_label(label: str) -> str:
    return label if label.isascii() else idna.alabel(label).decode("ascii")


def local_key(local_part: str) -> str:
    """Return what two local parts share when they name the same thing."""
    if local_part.isascii():
        return local_part.lower()
    # Folding can leave what is not in NFC any more.
    folded = unicodedata.normalize("NFC", local_part).casefold()
    return unicodedata.normalize("NFC", folded)


def domain_range(domain: str) -> tuple[str, str]:
    """Return the bounds [first, last) of the keys of all addresses in `domain`."""
    return f"{domain}/", f"{domain}0"  # "0" is the character behind "/"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`local-part@domain`; the local part is unquoted, the domain canonical."""

    local_part: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; raises Invalid.

        A quoted local part is taken out of its quotes (RFC 5321 §4.1.2: the
        quoted and the plain form of one string are the same local part).
        """
        local_part, at, domain = text.strip().rpartition("@")
        if not (local_part and at and domain):
            raise Invalid(f"not a mail address: {text!r}", field="address")
        if _QUOTED.match(local_part):
            local_part = re.sub(r"\\(.)", r"\1", local_part[1:-1])
        elif not all(_ATOM.match(atom) for atom in local_part.split(".")):
            raise Invalid(f"not a mail address: {text!r}", field="address")
        if len(local_part.encode(errors="surrogatepass")) > MAX_LOCAL_PART:
            raise Invalid("local part longer than 64 octets", field="address")
        if not local_part or any("\ud800" <= c <= "\udfff" for c in local_part):
            raise Invalid(f"not a mail address: {text!r}", field="address")
        return cls(local_part, domain_name(domain))

    @property
    def key(self) -> str:
        """`domain/local-part`, case-folded: equal for equal addresses.

        The domain leads, so that the addresses of a domain are one range of
        keys (`domain_range`).
        """
        return f"{self.domain}/{local_key(self.local_part)}"

    @property
    def is_ascii(self) -> bool:
        """Whether the address can be written without SMTPUTF8 (RFC 6531)."""
        return self.local_part.isascii()

    def __str__(self) -> str:
        if all(_ATOM.match(atom) for atom in self.local_part.split(".")):
            return f"{self.local_part}@{self.domain}"
        quoted = re.sub(r'(["\\])', r"\\\1", self.local_part)
        return f'"{quoted}"@{self.domain}'
