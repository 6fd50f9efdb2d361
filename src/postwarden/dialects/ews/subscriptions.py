"""Subscriptions: who hears of what, kept for as long as somebody asks for it.

What a subscriber knows is a watermark of marks in mailboxes, so that nothing waits
here for anybody: what happened is read when it is asked for. Subscriptions end with
this process, watermarks do not: who subscribes again with one misses nothing.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.model.actors import Actor

EVENTS: Final = (
    *("CreatedEvent", "NewMailEvent", "ModifiedEvent", "MovedEvent", "DeletedEvent"),
    *("CopiedEvent", "FreeBusyChangedEvent"),  # never happen here
)
MAX_OF_ACCOUNT: Final = 20
MAX_IN_ALL: Final = 10_000
_OCTETS: Final = 24  # of an identifier: nobody guesses one


@dataclass(slots=True, kw_only=True)
class Subscription:
    """What somebody wants to hear of an account; `mailboxes` of None are all.

    A streaming one remembers in `watermark` what it told; with a pull one the client
    does. `connections` counts those that asked for its stream: the last has it.
    """

    holder: str
    account: int
    mailboxes: frozenset[int] | None
    events: frozenset[str]
    is_pull: bool
    lifetime: timedelta  # without a question
    watermark: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(_OCTETS))
    asked_at: datetime | None = None
    connections: int = 0


class Subscriptions:
    """The subscriptions of one process, bounded for each account and in all."""

    def __init__(
        self, clock: Callable[[], datetime], *, of_account: int = MAX_OF_ACCOUNT
    ) -> None:
        self._clock, self._of_account = clock, of_account
        self._all: dict[str, Subscription] = {}

    def add(self, new: Subscription) -> None:
        """Take a subscription; raises Failed when its account has too many."""
        if len(self._all) >= MAX_IN_ALL or self._count(new.account) >= self._of_account:
            self._forget_old()
        if len(self._all) >= MAX_IN_ALL or self._count(new.account) >= self._of_account:
            raise Failed(
                Code.EXCEEDED_SUBSCRIPTION_COUNT,
                f"A mailbox has up to {self._of_account} subscriptions: end one.",
            )
        new.asked_at = self._clock()
        self._all[new.id] = new

    def get(self, identifier: str, actor: Actor) -> Subscription:
        """Return a subscription of an actor's and let it live on; raises Failed."""
        found = self._all.get(identifier)
        if found is None or found.holder != actor.name or self._is_old(found):
            raise Failed(
                Code.SUBSCRIPTION_NOT_FOUND,
                "The specified subscription was not found: it ended, or never was.",
            )
        found.asked_at = self._clock()
        return found

    def end(self, identifier: str, actor: Actor) -> None:
        """Forget a subscription; raises Failed."""
        del self._all[self.get(identifier, actor).id]

    def _count(self, account: int) -> int:
        return sum(each.account == account for each in self._all.values())

    def _is_old(self, each: Subscription) -> bool:
        return each.asked_at is None or self._clock() - each.asked_at > each.lifetime

    def _forget_old(self) -> None:
        for each in [each for each in self._all.values() if self._is_old(each)]:
            del self._all[each.id]
