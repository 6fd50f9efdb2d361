"""The mail queue: what we still have to send (RFC 5321 §4.5.4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.addresses import Address


class QueueState(StrEnum):
    PARKED = "parked"  # accepted for a foreign address; waits for a relay


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One recipient outside, and the message that goes there.

    `via` is the address of ours that sent it out: alias, group or forward.
    """

    id: int = 0
    trace_id: str
    reception: int
    recipient: int
    message: int
    reverse_path: Address | None
    forward_path: Address
    via: Address
    state: QueueState
    created_at: datetime
