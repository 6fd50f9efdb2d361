"""The settings of the administration APIs, with defaults, kinds and meanings."""

from dataclasses import dataclass, field
from pathlib import Path

from postwarden.settings import kinds
from postwarden.settings.kinds import described as _of

KIB, MIB = 1024, 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSettings:
    """Our own API."""

    authentication: str = field(
        default="key",
        metadata=_of(
            kinds.choice("key", "none"),
            "none lets everybody act as the operator, on loopback listeners only",
        ),
    )
    require_if_match: bool = field(
        default=False,
        metadata=_of(
            kinds.switch(), "refuse a change (428) that does not say of which version"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EwsSettings:
    """Exchange Web Services."""

    authentication: str = field(
        default="password",
        metadata=_of(
            kinds.choice("password", "none"),
            "none lets everybody act as the operator, on loopback listeners only",
        ),
    )
    body_size: int = field(
        default=64 * MIB,
        metadata=_of(
            kinds.octets(64 * KIB, 512 * MIB),
            "the largest request taken; mail in it is a third larger than elsewhere",
        ),
    )
    url: str = field(
        default="",
        metadata=_of(
            kinds.origin(optional=True),
            "where autodiscover sends clients; by default to the host they asked",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JamesSettings:
    """WebAdmin of Apache James."""

    authentication: str = field(
        default="token",
        metadata=_of(
            kinds.choice("token", "none"),
            "none lets everybody act as the operator, on loopback listeners only",
        ),
    )
    jwt_public_key: Path | None = field(
        default=None,
        metadata=_of(
            kinds.file(),
            "the RSA public key (PEM) of who signs bearer tokens; without, keys of "
            "ours are the only ones",
        ),
    )
    default_domain: str = field(
        default="localhost",
        metadata=_of(kinds.host_name(), "the domain that clients cannot remove"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmarterMailSettings:
    """SmarterMail's API."""

    authentication: str = field(
        default="token",
        metadata=_of(
            kinds.choice("token", "none"),
            "none lets everybody act as the operator, on loopback listeners only",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectSettings:
    """The administration APIs, one section each."""

    ews: EwsSettings = field(default_factory=EwsSettings)
    james: JamesSettings = field(default_factory=JamesSettings)
    native: NativeSettings = field(default_factory=NativeSettings)
    smartermail: SmarterMailSettings = field(default_factory=SmarterMailSettings)
