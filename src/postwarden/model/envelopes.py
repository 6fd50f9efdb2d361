"""Envelopes: who sent a mail to whom, over which connection (RFC 5321 §2.3.1)."""

from dataclasses import dataclass
from mmap import mmap
from typing import Protocol

from postwarden.model.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is connected, and to which of our addresses.

    On a unix socket both addresses are empty and both ports 0. `tls` is protocol
    and cipher (`TLSv1.3 TLS_AES_256_GCM_SHA384`), None in the clear.
    """

    ip: str
    port: int
    local_ip: str
    local_port: int
    tls: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeRecipient:
    """One RCPT command: where to, and what the sender wants to hear of it.

    `notify` is empty when not given, else NEVER alone or some of SUCCESS, FAILURE
    and DELAY (RFC 3461 §4.1). `original_recipient` is the decoded ORCPT with its
    type, as in `rfc822;ada@example.org` (RFC 3461 §4.2, RFC 6533 §3).
    """

    forward_path: Address
    notify: tuple[str, ...] = ()
    original_recipient: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """All that was said of a mail before its content (RFC 5321 §2.3.1).

    `reverse_path` is None for the null path `<>`. `protocol` is the word for the
    `with` of a Received field (RFC 3848, RFC 6531 §4.3). `login` is the account
    that authenticated. `size_hint` is what SIZE= announced, in octets (RFC 1870).
    `body` is 7BIT or 8BITMIME (RFC 6152); `ret` is FULL or HDRS and `envid` the
    decoded ENVID (RFC 3461 §4.3, §4.4). Recipients keep their order and repeats:
    LMTP answers each of them (RFC 2033 §4.2).
    """

    reverse_path: Address | None
    recipients: tuple[EnvelopeRecipient, ...]
    helo: str
    protocol: str
    peer: Peer
    login: str | None = None
    size_hint: int | None = None
    body: str = "7BIT"
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None


class Content(Protocol):
    """The octets of one message while they arrive and until it is filed.

    `sha256` is the hexadecimal digest of what was written so far; `size` counts
    it in octets. Every method may raise MailError, StorageFull above all.
    """

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def write(self, octets: bytes) -> None: ...

    def buffer(self) -> bytes | mmap:
        """Return everything written; valid until `close`."""
        ...

    def close(self) -> None:
        """Let go of memory and temporary file; may be called more than once."""
        ...
