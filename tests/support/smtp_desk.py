"""A desk in memory that does what a test has told it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Content, Envelope, EnvelopeRecipient, Peer
from postwarden.model.errors import MailError, NotFound, Unauthenticated
from postwarden.smtpd.content import SpooledContent
from postwarden.smtpd.desk import Accepted
from postwarden.smtpd.options import ContentOptions
from postwarden.wire.scram import ScramVerifier

ADA, PASSWORD = "ada@example.org", "correct horse"


@dataclass(frozen=True, slots=True)
class Mail:
    """An accepted mail, its content copied out."""

    envelope: Envelope
    content: bytes
    sha256: str


@dataclass
class ScriptedDesk:
    """Accepts everything but what `refuse` names.

    `refuse` maps the text of a path, or `content`, `accept`, `login`, to what is
    raised; `outcomes` maps a forward path to its outcome (LMTP). Domains other
    than `domains` do not exist; None means that all do.
    """

    refuse: Mapping[str, Exception] = field(default_factory=dict)
    outcomes: Mapping[str, MailError] = field(default_factory=dict)
    domains: frozenset[str] | None = None
    directory: Path = Path(tempfile.gettempdir())
    verifiers: Mapping[str, ScramVerifier] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    failed_logins: list[str] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    contents: list[SpooledContent] = field(default_factory=list)

    def _check(self, name: str) -> None:
        error = self.refuse.get(name)
        if error is not None:
            raise error

    async def sender(
        self, reverse_path: Address | None, *, peer: Peer, login: str | None
    ) -> None:
        self.peers.append(peer)
        self._check(str(reverse_path or ""))

    async def recipient(
        self,
        recipient: EnvelopeRecipient,
        *,
        reverse_path: Address | None,
        peer: Peer,
        login: str | None,
    ) -> None:
        forward_path = recipient.forward_path
        self._check(str(forward_path))
        if self.domains is not None and forward_path.domain not in self.domains:
            raise NotFound("address", str(forward_path))

    async def login(self, username: str, password: str, *, peer: Peer) -> str:
        self._check("login")
        if (username, password) != (ADA, PASSWORD):
            raise Unauthenticated
        return ADA

    async def scram_verifier(
        self, username: str, *, peer: Peer
    ) -> ScramVerifier | None:
        return self.verifiers.get(username)

    async def scram_succeeded(self, username: str, *, peer: Peer) -> str:
        return username

    async def login_failed(self, username: str, *, peer: Peer) -> None:
        self.failed_logins.append(username)

    def content(self) -> Content:
        self._check("content")
        content = SpooledContent(ContentOptions(directory=self.directory))
        self.contents.append(content)
        return content

    async def accept(self, envelope: Envelope, content: Content) -> Accepted:
        self._check("accept")
        self.mails.append(Mail(envelope, bytes(content.buffer()), content.sha256))
        return Accepted(
            trace_id=f"t{len(self.mails)}",
            outcomes=tuple(
                self.outcomes.get(str(recipient.forward_path))
                for recipient in envelope.recipients
            ),
        )
