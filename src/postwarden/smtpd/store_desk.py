"""The desk on a store: what sessions ask, answered by the services."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Content, Envelope, EnvelopeRecipient, Peer
from postwarden.model.logins import GuardRules, Origin
from postwarden.services import delivery, reception, submission
from postwarden.services.delivery import Delivered
from postwarden.services.logins import authentication
from postwarden.services.ports import Blobs, Passwords, Store
from postwarden.services.recent_texts import RecentTexts
from postwarden.services.resolution import Rules
from postwarden.services.traceids import new_trace_id
from postwarden.smtpd.content import SpooledContent
from postwarden.smtpd.desk import Accepted
from postwarden.smtpd.options import ContentOptions, Service
from postwarden.wire.scram import ScramVerifier, parse_verifier

LARGE = 2 << 20  # octets from which mail is read in turn
LARGE_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDesk:
    """See `desk.Desk`; one per listener, since what is allowed depends on it."""

    service: Service
    store: Store
    blobs: Blobs
    passwords: Passwords
    rules: Rules
    spool: ContentOptions
    clock: Callable[[], datetime]
    recent: RecentTexts
    large: asyncio.Semaphore  # taken by each large mail while it is read
    guard: GuardRules

    async def sender(
        self, reverse_path: Address | None, *, peer: Peer, login: str | None
    ) -> None:
        """Refuse while the disk is low, and a login that uses others' addresses."""
        self.blobs.check_room()
        if self.service is Service.SUBMISSION:
            await self.store.peek(submission.check_sender, login or "", reverse_path)

    async def recipient(
        self,
        recipient: EnvelopeRecipient,
        *,
        reverse_path: Address | None,
        peer: Peer,
        login: str | None,
    ) -> None:
        """Take mail for our own addresses; from our own accounts for any."""
        await self.store.peek(
            delivery.check_recipient,
            self.rules,
            recipient.forward_path,
            may_relay=self.service is Service.SUBMISSION and login is not None,
        )

    async def login(self, username: str, password: str, *, peer: Peer) -> str:
        """See `authentication.login`."""
        account = await authentication.login(
            self.store,
            self.passwords,
            username,
            password,
            origin=self._origin(peer),
            rules=self.guard,
        )
        return str(account.address)

    async def scram_verifier(
        self, username: str, *, peer: Peer
    ) -> ScramVerifier | None:
        """Return what the account keeps; only where SCRAM is switched on."""
        kept = await authentication.scram_verifier(
            self.store, username, origin=self._origin(peer), rules=self.guard
        )
        return None if kept is None else parse_verifier(kept)

    async def scram_succeeded(self, username: str, *, peer: Peer) -> str:
        """See `authentication.proven`."""
        account = await authentication.proven(
            self.store, username, origin=self._origin(peer), rules=self.guard
        )
        return str(account.address)

    async def login_failed(self, username: str, *, peer: Peer) -> None:
        """See `authentication.unproven`."""
        await authentication.unproven(
            self.store, username, origin=self._origin(peer), rules=self.guard
        )

    def _origin(self, peer: Peer) -> Origin:
        return Origin(client_ip=peer.ip or None, protocol=self.service.value)

    def content(self) -> Content:
        return SpooledContent(self.spool)

    async def accept(self, envelope: Envelope, content: Content) -> Accepted:
        """Make the mail durable and deliver it, few large ones at a time."""
        if content.size <= LARGE:
            delivered = await self._deliver(envelope, content)
        else:
            async with self.large:
                delivered = await self._deliver(envelope, content)
        return Accepted(trace_id=delivered.trace_id, outcomes=delivered.errors)

    async def _deliver(self, envelope: Envelope, content: Content) -> Delivered:
        return await reception.accept(
            self.store,
            self.blobs,
            self.recent,
            asyncio.to_thread,
            self.rules,
            trace_id=new_trace_id(self.clock()),
            envelope=envelope,
            content=content,
            source=self.service.value,
            per_recipient=self.service is Service.LMTP,
        )
