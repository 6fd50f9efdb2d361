"""What a listener is and what one client may cost; every value has its reason."""

import secrets
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


class Service(Enum):
    """What is spoken on a listener."""

    SMTP = "smtp"  # port 25: mail from anywhere for our own addresses
    SUBMISSION = "submission"  # ports 587 and 465: our own accounts, RFC 6409
    LMTP = "lmtp"  # from a mail server of ours in front, RFC 2033


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one session. Times are seconds, sizes octets.

    Counts between two accepted mails start again with each of them, so that a
    session that brings mail may last.
    """

    # A message after dot-unstuffing; announced as SIZE (RFC 1870).
    message_size: int = 50 * MIB
    # Read and thrown away of a message already refused, before the session ends.
    swallowed: int = 64 * MIB
    # Recipients of one mail; RFC 5321 §4.5.3.1.8 wants 100 at least.
    recipients: int = 1000

    # From one answer to the whole next command (RFC 5321 §4.5.3.2.7).
    command_seconds: float = 300
    # Between two pieces of content (RFC 5321 §4.5.3.2.5).
    data_seconds: float = 180
    # Octets per second that content must reach after its first `data_seconds`; 0
    # asks for none.
    data_rate: int = 500
    # From the start of content to its end, however fast.
    content_seconds: float = 4 * 3600
    # Waited for commands, in sum, between two accepted mails.
    idle_seconds: float = 900
    tls_handshake_seconds: float = 30
    # For the PROXY header, which a proxy sends at once.
    proxy_seconds: float = 5
    # For a client to take our last reply.
    close_seconds: float = 5

    # Commands between two accepted mails, beyond a full set of recipients.
    commands: int = 1000
    # Permanent refusals after which each further one is answered later and later.
    errors_before_delay: int = 5
    error_delay_seconds: float = 1
    max_error_delay_seconds: float = 10
    # Permanent refusals after which the session ends.
    errors: int = 20
    # Failed logins after which the session ends.
    failed_logins: int = 3

    # Commands read ahead of the one at work, and replies not yet taken.
    read_ahead: int = 64 * KIB
    unsent_replies: int = 32 * KIB


DEFAULT_LIMITS = Limits()
# A mail server of ours in front brings what others sent to it, bad recipients
# included, and closes when it likes.
LMTP_LIMITS = Limits(
    errors_before_delay=1_000_000,
    errors=1_000_000,
    commands=1_000_000,
    idle_seconds=86_400,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOptions:
    """One listener.

    `address` is `HOST:PORT`, `[::1]:PORT` or `unix:PATH`; port 0 takes a free one.
    `hostname` is the name we greet with and the domain of a bare `<postmaster>`.
    """

    address: str
    hostname: str
    service: Service = Service.SMTP
    # None means LMTP_LIMITS for LMTP and Limits() otherwise.
    limits: Limits | None = None
    # TLS from the first octet on (RFC 8314 §3.3) instead of STARTTLS.
    implicit_tls: bool = False
    # AUTH under TLS; None means on submission only.
    authentication: bool | None = None
    # SCRAM-SHA-256 is offered only where verifiers are kept: a client that picks
    # it does not fall back to PLAIN.
    scram: bool = False
    scram_iterations: int = 4096
    # Makes the salts of unknown accounts; the same on all nodes and for ever, or
    # a salt that changes shows that its account does not exist.
    scram_secret: bytes = field(
        default_factory=lambda: secrets.token_bytes(32), repr=False
    )
    # Networks (CIDR) whose connections must begin with a PROXY header.
    proxy_networks: tuple[str, ...] = ()
    # Who may connect to a unix socket.
    socket_mode: int = 0o660
    backlog: int = 512

    @property
    def bounds(self) -> Limits:
        if self.limits is not None:
            return self.limits
        return LMTP_LIMITS if self.service is Service.LMTP else DEFAULT_LIMITS

    @property
    def offers_authentication(self) -> bool:
        if self.authentication is None:
            return self.service is Service.SUBMISSION
        return self.authentication


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentOptions:
    """Where the content of a message waits until it is filed."""

    directory: Path
    # Up to here in memory, beyond in a temporary file.
    memory: int = 128 * KIB
