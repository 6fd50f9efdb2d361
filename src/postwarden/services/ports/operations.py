"""Receptions and the queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.queue import QueueEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """An envelope as it was accepted, and the message that came in it.

    It is what Return-Path and Received are composed from when somebody reads
    (RFC 5321 §4.4): the message itself is stored as it came.
    """

    id: int
    trace_id: str
    message: int
    received_at: datetime
    reverse_path: Address | None
    client_ip: str | None
    helo: str
    protocol: str
    login: str | None
    host: str | None = None  # our name, as it was then
    tls: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDelivery:
    """One resolved destination of a reception that is still being expanded.

    `account` for a local delivery, else `foreign`; `recipient` counts the
    envelope's recipients from 0.
    """

    position: int
    recipient: int
    via: Address
    account: int | None = None
    foreign: Address | None = None


class Receptions(Protocol):
    """Envelopes as accepted, and what is left to deliver of them."""

    def add(
        self,
        trace_id: str,
        message: int,
        time: datetime,
        envelope: Envelope,
        *,
        host: str | None = None,
    ) -> Reception: ...

    def get(self, reception: int) -> Reception:
        """Raise NotFound for an unknown id."""
        ...

    def trace_ids(self, receptions: Iterable[int | None]) -> dict[int | None, str]:
        """Return the trace ids of some receptions; unknown ones are left out."""
        ...

    def recipients(self, reception: int) -> list[EnvelopeRecipient]: ...

    def add_pending(
        self, reception: int, deliveries: Sequence[PendingDelivery]
    ) -> None: ...

    def pending(self, reception: int, limit: int) -> list[PendingDelivery]: ...

    def remove_pending(self, reception: int, up_to_position: int) -> None: ...


class Queue(Protocol):
    """What we still have to send."""

    def add(self, entries: Iterable[QueueEntry]) -> None: ...

    def page(self, *, after: int = 0, limit: int) -> list[QueueEntry]: ...
