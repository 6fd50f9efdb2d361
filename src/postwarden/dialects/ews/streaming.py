"""Streams of events: documents that come for as long as a client listens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from time import monotonic
from typing import Final

from postwarden.dialects.ews import acting, events
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.events import News, States
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.responses import failure, messages, success
from postwarden.dialects.ews.states import known_by, watermark
from postwarden.dialects.ews.subscriptions import Subscription
from postwarden.model.errors import MailError
from postwarden.wire.xml import Xml, tag

QUIET: Final = 30.0  # seconds after which a stream says that it is there
_LOOK: Final = 1.0  # seconds until closing listeners are noticed
_PAUSE: Final = 0.1  # seconds between two looks, however much is committed
_OPERATION: Final = "GetStreamingEvents"
_OPEN, _CLOSED = (tag("m:ConnectionStatus", each) for each in ("OK", "Closed"))


async def news_of(call: Call, subscription: Subscription, known: States) -> News:
    """Return what a subscription hears next, of who knows so much."""
    account = subscription.account
    return await call.read(
        events.news,
        await call.owner(account),
        account,
        known,
        mailboxes=subscription.mailboxes,
        wanted=subscription.events,
    )


async def told(
    call: Call, subscriptions: Sequence[Subscription], lasting: timedelta
) -> AsyncGenerator[Xml, None]:
    """Yield answers until the time is over, or something ends it."""
    try:
        with call.house.streams.taken_by(call.actor):
            async for each in _Stream(call, subscriptions, lasting).answers():
                yield messages([each])
    except (Failed, MailError) as error:
        yield messages([failure(_OPERATION, error, _CLOSED)])
    else:
        yield messages([success(_OPERATION, _CLOSED)])


class _Stream:
    def __init__(
        self, call: Call, subscriptions: Sequence[Subscription], lasting: timedelta
    ) -> None:
        self._call, self._house = call, call.house
        self._until = monotonic() + lasting.total_seconds()
        for each in subscriptions:
            each.connections += 1
        self._subscriptions = [(each, each.connections) for each in subscriptions]

    async def answers(self) -> AsyncGenerator[Xml, None]:
        with self._house.store.watch() as watch:
            yield success(_OPERATION, _OPEN)
            spoken, has_news = monotonic(), True
            while True:
                if has_news:
                    has_news, notifications, heard = await self._look()
                    if notifications:
                        yield success(
                            _OPERATION, tag("m:Notifications", *notifications)
                        )
                        spoken = monotonic()
                    for subscription, state in heard:  # the client has it now
                        subscription.watermark = state
                elif monotonic() - spoken >= QUIET:
                    await self._recognise()
                    yield success(_OPERATION, _OPEN)
                    spoken = monotonic()
                if monotonic() >= self._until or self._house.closing.is_set():
                    return
                if not has_news and await watch.wait(_LOOK):
                    has_news = True
                    await asyncio.sleep(_PAUSE)
                self._check()

    async def _look(self) -> tuple[bool, list[Xml], list[tuple[Subscription, str]]]:
        """Return whether there is more, what to tell, and what is known then."""
        has_more, notifications, heard = False, list[Xml](), []
        now = self._house.clock()
        for each, _ in self._subscriptions:
            known = known_by(each.watermark, each.account)
            found = await news_of(self._call, each, known)
            has_more = has_more or found.has_more
            heard.append((each, watermark(each.account, found.states.values())))
            if found.events:
                notifications.append(
                    tag(
                        "m:Notification",
                        tag("t:SubscriptionId", each.id),
                        *(event.written(now) for event in found.events),
                    )
                )
        return has_more, notifications, heard

    def _check(self) -> None:
        """Let subscriptions live on; raises Failed when one is not ours any more."""
        for each, connection in self._subscriptions:
            self._house.subscriptions.get(each.id, self._call.actor)
            if each.connections != connection:
                message = "Another connection asks for these events now."
                raise Failed(Code.NEW_EVENT_STREAM_CONNECTION, message)

    async def _recognise(self) -> None:
        """Ask again whether the client may listen; raises MailError, Failed."""
        actor = await self._house.authenticate(self._call.request)
        for account in {each.account for each, _ in self._subscriptions}:
            await acting.owner_of(self._house.store, actor, account)
