"""Messages that no copy has any more, until their content is gone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from postwarden.model.messages import Message


class Disposal(Protocol):
    """The list of messages whose content may go, each with when to look at it.

    A message on it is first emptied, in one transaction with the last look at who
    needs it; then its text and its octets are removed; then it leaves the list.
    """

    def offer(self, messages: Iterable[int], time: datetime) -> None:
        """Put those of some messages on the list that have no copy."""
        ...

    def due(self, now: datetime, limit: int) -> list[Message]:
        """Return messages to look at, the longest due first; none is emptied yet."""
        ...

    def with_copies(self, messages: Sequence[int]) -> set[int]:
        """Return which of some messages have a copy, in whatever state."""
        ...

    def needed(self, messages: Sequence[int]) -> set[int]:
        """Return which are needed without a copy.

        By the queue, by deliveries that are still pending, or as evidence in a
        plan of a case that is not closed, unless that case shredded it.
        """
        ...

    def postpone(self, messages: Sequence[int], time: datetime) -> None:
        """Look at messages again at a time."""
        ...

    def empty(self, messages: Sequence[int]) -> None:
        """Remove all that is stored of messages but what the ledger shows.

        From then on the same octets make a new message.
        """
        ...

    def emptied(self, *, after: int = 0, limit: int) -> list[Message]:
        """Return emptied messages on the list behind the id `after`, ascending."""
        ...

    def settle(self, messages: Sequence[int]) -> None:
        """Take messages off the list."""
        ...
