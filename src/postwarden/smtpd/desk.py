"""What the sessions ask of the platform; all they know of it."""

from dataclasses import dataclass
from typing import Protocol

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Content, Envelope, EnvelopeRecipient, Peer
from postwarden.model.errors import MailError
from postwarden.wire.scram import ScramVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A mail that is durable. `outcomes` has one entry per recipient, in order.

    None means delivered or taken over; LMTP answers each (RFC 2033 §4.2). For
    SMTP all are None, or `accept` raised.
    """

    trace_id: str
    outcomes: tuple[MailError | None, ...]


class Desk(Protocol):
    """Decides on logins, paths and mails. Each method raises MailError to refuse.

    Nothing but MailError is expected; anything else is answered 451 and logged.
    A call is never cancelled because its client went away, only when a stopping
    server's patience has ended.
    """

    async def sender(
        self, reverse_path: Address | None, *, peer: Peer, login: str | None
    ) -> None:
        """Let MAIL pass."""
        ...

    async def recipient(
        self,
        recipient: EnvelopeRecipient,
        *,
        reverse_path: Address | None,
        peer: Peer,
        login: str | None,
    ) -> None:
        """Let RCPT pass."""
        ...

    async def login(self, username: str, password: str, *, peer: Peer) -> str:
        """Return the address of the account; raises Unauthenticated."""
        ...

    async def scram_verifier(
        self, username: str, *, peer: Peer
    ) -> ScramVerifier | None:
        """Return what the account keeps for SCRAM-SHA-256, None without one."""
        ...

    async def scram_succeeded(self, username: str, *, peer: Peer) -> str:
        """Return the address of the account whose password was proven."""
        ...

    async def login_failed(self, username: str, *, peer: Peer) -> None:
        """Hear of a SCRAM exchange that failed; `login` knows of its own."""
        ...

    def content(self) -> Content:
        """Return a fresh place for one message; the session closes it."""
        ...

    async def accept(self, envelope: Envelope, content: Content) -> Accepted:
        """Make the mail durable, then return; raises MailError for all of it."""
        ...
