"""Every setting: its default, its kind, and one line of what it means.

docs/settings.md is made from this module.
"""

from dataclasses import dataclass, field
from pathlib import Path

from postwarden.model.addresses import Address
from postwarden.model.ledger import Event
from postwarden.settings import kinds
from postwarden.settings.dialects import DialectSettings
from postwarden.settings.kinds import described as _of
from postwarden.settings.webhooks import WebhookSettings

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where rows and message content lie on disk."""

    minimum_free: int = field(
        default=64 * MIB,
        metadata=_of(
            kinds.octets(0, 64 * TIB),
            "mail is refused (452 4.3.1) when the disk has less room than this",
        ),
    )
    master_key: Path | None = field(
        default=None,
        metadata=_of(
            kinds.file(),
            "the file with the keys that seal secrets; by default `master.key` in the "
            "data directory, made when first needed",
        ),
    )
    signing_key: Path | None = field(
        default=None,
        metadata=_of(
            kinds.file(),
            "the file with the key that signs audit heads and evidence; by default "
            "`signing.key` in the data directory, made when first needed",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Bounds of SMTP, submission and LMTP sessions."""

    hostname: str = field(
        default="",
        metadata=_of(
            kinds.host_name(),
            "the name we greet with and put into Received; by default the system's",
        ),
    )
    message_size: int = field(
        default=50 * MIB,
        metadata=_of(
            kinds.octets(64 * KIB, 2 * GIB),
            "the largest message taken, announced as SIZE (RFC 1870)",
        ),
    )
    memory: int = field(
        default=128 * KIB,
        metadata=_of(
            kinds.octets(0, 64 * MIB),
            "a message is kept in memory up to here and spooled to disk beyond",
        ),
    )
    recipients: int = field(
        default=1000,
        metadata=_of(
            kinds.count(100, 100_000),
            "recipients of one mail (RFC 5321 §4.5.3.1.8 wants 100 at least)",
        ),
    )
    commands: int = field(
        default=1000,
        metadata=_of(
            kinds.count(100, 10_000_000), "commands between two accepted mails"
        ),
    )
    errors: int = field(
        default=20,
        metadata=_of(
            kinds.count(1, 1_000_000), "refused commands after which the session ends"
        ),
    )
    failed_logins: int = field(
        default=3,
        metadata=_of(kinds.count(1, 100), "failed logins after which the session ends"),
    )
    connections: int = field(
        default=1000,
        metadata=_of(kinds.count(1, 100_000), "connections at a time, in all"),
    )
    connections_per_address: int = field(
        default=50,
        metadata=_of(
            kinds.count(1, 100_000),
            "connections at a time from one IPv4 address or IPv6 /64",
        ),
    )
    exempt_networks: tuple[str, ...] = field(
        default=("127.0.0.0/8", "::1/128"),
        metadata=_of(
            kinds.networks(), "clients that `connections_per_address` does not count"
        ),
    )
    proxy_networks: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            kinds.networks(),
            "proxies whose connections must begin with a PROXY protocol header",
        ),
    )
    command_seconds: float = field(
        default=5 * MINUTE,
        metadata=_of(
            kinds.seconds(1, HOUR), "waited for a command (RFC 5321 §4.5.3.2.7)"
        ),
    )
    data_seconds: float = field(
        default=3 * MINUTE,
        metadata=_of(
            kinds.seconds(1, HOUR),
            "waited for the next piece of a message (RFC 5321 §4.5.3.2.5)",
        ),
    )
    data_rate: int = field(
        default=500,
        metadata=_of(
            kinds.count(0, 1_000_000),
            "octets per second that a message must come at after `data_seconds`",
        ),
    )
    idle_seconds: float = field(
        default=15 * MINUTE,
        metadata=_of(
            kinds.seconds(1, DAY),
            "waited for commands, in sum, between two accepted mails",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """The certificate of our listeners; read again when the files change."""

    certificate: Path | None = field(
        default=None,
        metadata=_of(kinds.file(), "PEM file with the certificate and its chain"),
    )
    key: Path | None = field(
        default=None, metadata=_of(kinds.file(), "PEM file with the private key")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How recipients become accounts."""

    max_depth: int = field(
        default=20,
        metadata=_of(
            kinds.count(1, 100),
            "how deep aliases, groups and forwards may lead to one another",
        ),
    )
    inline_destinations: int = field(
        default=100,
        metadata=_of(
            kinds.count(1, 1000),
            "a mail with more destinations is accepted first and expanded afterwards",
        ),
    )
    postmaster: Address | None = field(
        default=None,
        metadata=_of(
            kinds.address(),
            "gets postmaster's mail of domains that name nobody (RFC 5321 §4.5.1)",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSettings:
    """What hashing a password costs (argon2id, RFC 9106)."""

    memory: int = field(
        default=19 * MIB,
        metadata=_of(kinds.octets(8 * KIB, 4 * GIB), "memory that one hash takes"),
    )
    passes: int = field(
        default=2, metadata=_of(kinds.count(1, 100), "passes over that memory")
    )
    parallelism: int = field(
        default=1, metadata=_of(kinds.count(1, 64), "threads of one hash")
    )
    pool: int = field(
        default=2, metadata=_of(kinds.count(1, 64), "hashes computed at a time")
    )
    scram: bool = field(
        default=False,
        metadata=_of(
            kinds.switch(),
            "offer SCRAM-SHA-256 and keep its verifiers (RFC 7677), made at the "
            "first login with PLAIN",
        ),
    )
    remembered_seconds: float = field(
        default=MINUTE,
        metadata=_of(
            kinds.seconds(0, MINUTE),
            "a verified login is not hashed again for so long; 0 always hashes",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """Logins of administrators."""

    origin: str = field(
        default="http://localhost:8025",
        metadata=_of(
            kinds.origin(), "where their browsers find this; login links begin with it"
        ),
    )
    session_seconds: float = field(
        default=12 * HOUR,
        metadata=_of(kinds.seconds(MINUTE, 30 * DAY), "a session ends after this"),
    )
    idle_seconds: float = field(
        default=30 * MINUTE,
        metadata=_of(
            kinds.seconds(MINUTE, 30 * DAY), "and when it was not used for so long"
        ),
    )
    link_seconds: float = field(
        default=15 * MINUTE,
        metadata=_of(kinds.seconds(MINUTE, 7 * DAY), "a login link ends after this"),
    )
    failures: int = field(
        default=10,
        metadata=_of(
            kinds.count(1, 1000),
            "so many failed logins block a login, of accounts as well, but from where "
            "its owner has logged in before",
        ),
    )
    failures_per_address: int = field(
        default=30,
        metadata=_of(
            kinds.count(1, 100_000), "and so many from one address (IPv6: /64) block it"
        ),
    )
    window_seconds: float = field(
        default=15 * MINUTE,
        metadata=_of(
            kinds.seconds(10, DAY), "how long failures count, from the last on"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSettings:
    """Guard rails of cases."""

    approval_seconds: float = field(
        default=72 * HOUR,
        metadata=_of(
            kinds.seconds(MINUTE, 365 * DAY), "an approval expires after this"
        ),
    )
    second_person: int = field(
        default=100,
        metadata=_of(
            kinds.count(0, 100_000_000),
            "a plan of more copies is approved by somebody who neither opened nor "
            "edited the case, nor made the plan",
        ),
    )
    max_copies: int = field(
        default=1_000_000,
        metadata=_of(kinds.count(1, 100_000_000), "copies in one plan"),
    )
    max_accounts: int = field(
        default=1_000_000,
        metadata=_of(kinds.count(1, 100_000_000), "accounts in one plan"),
    )
    max_share: int = field(
        default=100,
        metadata=_of(
            kinds.count(1, 100),
            "percent of one mailbox that a plan may take, where it takes 100 mails "
            "of it or more; from half of one on the plan warns",
        ),
    )
    armed_rules: int = field(
        default=100,
        metadata=_of(
            kinds.count(1, 10_000),
            "rules that look for late arrivals at a time; each delivery asks them",
        ),
    )
    armed_seconds: float = field(
        default=7 * DAY,
        metadata=_of(
            kinds.seconds(MINUTE, 365 * DAY), "a rule is armed for so long at most"
        ),
    )
    batch: int = field(
        default=500,
        metadata=_of(
            kinds.count(1, 1000), "copies that a running case acts on at a time"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """What the ledger remembers."""

    keep: tuple[tuple[str, float], ...] = field(
        default=(),
        metadata=_of(
            kinds.durations(*Event),
            "how long events of a kind are kept (docs/events.md), `*` for all others; "
            "what is not named is kept for ever",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Background work: expansion, indexing, running cases."""

    lease_seconds: float = field(
        default=15,
        metadata=_of(
            kinds.seconds(5, HOUR),
            "another process takes a task over when its worker is silent for so long",
        ),
    )
    poll_seconds: float = field(
        default=1,
        metadata=_of(
            kinds.seconds(0.05, MINUTE), "how often the worker looks for due tasks"
        ),
    )
    attempts: int = field(
        default=8,
        metadata=_of(
            kinds.count(1, 1000), "tries after which a failing task is parked"
        ),
    )
    keep_seconds: float = field(
        default=30 * DAY,
        metadata=_of(
            kinds.seconds(HOUR, 3650 * DAY), "how long tasks that ended stay visible"
        ),
    )
    index_batch: int = field(
        default=200,
        metadata=_of(
            kinds.count(1, 10_000), "messages indexed for full text at a time"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Bounds of HTTP requests, for every dialect."""

    body_size: int = field(
        default=MIB,
        metadata=_of(kinds.octets(64 * KIB, 64 * MIB), "the largest body taken"),
    )
    header_size: int = field(
        default=32 * KIB,
        metadata=_of(
            kinds.octets(4 * KIB, MIB), "what all headers of a request may have"
        ),
    )
    proxy_networks: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            kinds.networks(),
            "proxies whose X-Forwarded-For says whose a request is; nobody else's is "
            "read",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is told on stderr while serving; never content, never secrets."""

    level: str = field(
        default="info",
        metadata=_of(
            kinds.choice("debug", "info", "warning", "error"),
            "the least severe event that is written; debug also shows tracebacks",
        ),
    )
    format: str = field(
        default="auto",
        metadata=_of(
            kinds.choice("auto", "json", "text"),
            "auto is text on a terminal and JSON elsewhere",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, section by section."""

    store: StoreSettings = field(default_factory=StoreSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    logins: LoginSettings = field(default_factory=LoginSettings)
    cases: CaseSettings = field(default_factory=CaseSettings)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    dialects: DialectSettings = field(default_factory=DialectSettings)
    log: LogSettings = field(default_factory=LogSettings)
