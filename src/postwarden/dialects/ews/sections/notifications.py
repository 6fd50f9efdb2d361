"""Notifications: Subscribe, Unsubscribe, GetEvents, GetStreamingEvents."""

from collections.abc import Sequence
from datetime import timedelta

from postwarden.dialects.ews import acting, events
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.events import States
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.operations import Operations, Streamed
from postwarden.dialects.ews.reading import boolean, child, children, number_of
from postwarden.dialects.ews.responses import failure, messages, success
from postwarden.dialects.ews.states import known_by, watermark
from postwarden.dialects.ews.streaming import news_of, told
from postwarden.dialects.ews.subscriptions import EVENTS, Subscription
from postwarden.wire.xml import Element, Xml, tag

notifications = Operations()

MAX_SUBSCRIPTIONS = 200  # that one stream tells of
_UNHEARD = timedelta(minutes=30)  # of a streaming subscription without a connection
_LONGEST_PULL, _LONGEST_STREAM = 1440, 30  # minutes

_KINDS = {
    "m:PullSubscriptionRequest": True,
    "m:StreamingSubscriptionRequest": False,
}


@notifications("Subscribe")
async def subscribe(call: Call, asked: Element) -> Xml:
    """Begin to hear of what happens in some folders of a mailbox, or in all."""
    request = asked.only
    if request is not None and request.name == "m:PushSubscriptionRequest":
        message = "No server is called from here: subscribe to pull or to streaming."
        raise Failed(Code.INVALID_OPERATION, message)
    if request is None or request.name not in _KINDS:
        raise Violation("a subscription is pull, streaming or push", asked)
    is_pull = _KINDS[request.name]
    account, mailboxes = await _folders(call, request)
    owner = await call.owner(account)
    states = await call.read(events.beginning, owner, account, mailboxes)
    lifetime = _UNHEARD
    if is_pull:
        minutes = number_of(child(request, "t:Timeout"), low=1, high=_LONGEST_PULL)
        lifetime = timedelta(minutes=minutes)
        # Some clients have the element in the other namespace.
        given = request.value("t:Watermark") or request.value("m:Watermark")
        if given:
            states = {**states, **_wanted(known_by(given, account), mailboxes)}
    subscription = Subscription(
        holder=call.actor.name,
        account=account,
        mailboxes=mailboxes,
        events=_event_types(request),
        is_pull=is_pull,
        lifetime=lifetime,
        watermark=watermark(account, states.values()),
    )
    call.house.subscriptions.add(subscription)
    begun = tag("m:Watermark", subscription.watermark) if is_pull else None
    shown = tag("m:SubscriptionId", subscription.id)
    return messages([success("Subscribe", shown, begun)])


async def _folders(call: Call, request: Element) -> tuple[int, frozenset[int] | None]:
    """Return the account and the mailboxes that a request names, None for all."""
    if boolean(request, "SubscribeToAllFolders"):
        owner = await acting.owner_at(call.house.store, call.actor, None)
        return owner.account or 0, None
    accounts, mailboxes = set[int](), set[int]()
    for element in children(request, "t:FolderIds"):
        folder, tree = await call.folder(element)
        if folder.mailbox is None:
            message = f"{folder.name} has no events: ask for all folders instead."
            raise Failed(Code.INVALID_OPERATION, message)
        accounts.add(tree.account)
        mailboxes.add(folder.mailbox.id)
    if len(accounts) != 1:
        message = "A subscription is for folders of one mailbox."
        raise Failed(Code.INVALID_OPERATION, message)
    return accounts.pop(), frozenset(mailboxes)


def _event_types(request: Element) -> frozenset[str]:
    found = set[str]()
    for element in children(request, "t:EventTypes"):
        name = element.text.strip()
        if element.name != "t:EventType" or name not in EVENTS:
            raise Violation(f"there is no event {name[:40]!r}", element)
        found.add(name)
    return frozenset(found)


def _wanted(known: States, mailboxes: frozenset[int] | None) -> States:
    return {
        number: state
        for number, state in known.items()
        if mailboxes is None or number in mailboxes
    }


@notifications("Unsubscribe")
async def unsubscribe(call: Call, asked: Element) -> Xml:
    """End a subscription."""
    identifier = child(asked, "m:SubscriptionId").text.strip()
    call.house.subscriptions.end(identifier, call.actor)
    return messages([success("Unsubscribe")])


@notifications("GetEvents")
async def get_events(call: Call, asked: Element) -> Xml:
    """Tell what happened since a watermark; a status event when that was nothing."""
    identifier = child(asked, "m:SubscriptionId").text.strip()
    before = child(asked, "m:Watermark").text.strip()
    subscription = call.house.subscriptions.get(identifier, call.actor)
    if not subscription.is_pull:
        message = "This subscription is streaming: ask for GetStreamingEvents."
        raise Failed(Code.INVALID_PULL_SUBSCRIPTION_ID, message)
    account = subscription.account
    known = _wanted(known_by(before, account), subscription.mailboxes)
    found = await news_of(call, subscription, known)
    now = call.house.clock()
    shown = [each.written(now, watermark=each.watermark) for each in found.events]
    if not shown:
        after = watermark(account, found.states.values())
        shown = [tag("t:StatusEvent", tag("t:Watermark", after))]
    notification = tag(
        "m:Notification",
        tag("t:SubscriptionId", subscription.id),
        tag("t:PreviousWatermark", before),
        tag("t:MoreEvents", found.has_more),
        *shown,
    )
    return messages([success("GetEvents", notification)])


@notifications("GetStreamingEvents")
async def get_streaming_events(call: Call, asked: Element) -> Xml | Streamed:
    """Tell what happens as it happens, in document after document."""
    elements = children(asked, "m:SubscriptionIds")
    minutes = number_of(
        child(asked, "m:ConnectionTimeout"), low=1, high=_LONGEST_STREAM
    )
    if len(elements) > MAX_SUBSCRIPTIONS:
        message = f"A stream tells of {MAX_SUBSCRIPTIONS} subscriptions at most."
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, message)
    found: list[Subscription] = []
    unknown: list[str] = []
    for identifier in dict.fromkeys(each.text.strip() for each in elements):
        try:
            found.append(call.house.subscriptions.get(identifier, call.actor))
        except Failed:
            unknown.append(identifier)
    unknown += [each.id for each in found if each.is_pull]
    if unknown:
        return messages([_unknown(unknown)])
    return Streamed(told(call, found, timedelta(minutes=minutes)))


def _unknown(identifiers: Sequence[str]) -> Xml:
    message = "There is no streaming subscription of this name: it ended, or never was."
    names = (tag("t:SubscriptionId", each[:200]) for each in identifiers)
    return failure(
        "GetStreamingEvents",
        Failed(Code.SUBSCRIPTION_NOT_FOUND, message),
        tag("m:ErrorSubscriptionIds", *names),
    )
