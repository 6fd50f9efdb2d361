"""Subscriptions: their bounds, their ends, and what is told to whom."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR
from tests.support.ews import EwsClient, Said
from tests.support.factories import Clock
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_writing import found_in, named

MAIL = b"From: eve@example.net\r\nSubject: one\r\n\r\nHello\r\n"
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
EVERYTHING = "".join(
    f"<t:EventType>{each}Event</t:EventType>"
    for each in ("Created", "NewMail", "Modified", "Moved", "Deleted")
)


def pull(
    folders: str = INBOX, *, events: str = EVERYTHING, timeout: int = 10, mark: str = ""
) -> str:
    given = f"<t:Watermark>{mark}</t:Watermark>" if mark else ""
    return (
        "<m:Subscribe><m:PullSubscriptionRequest>"
        f"<t:FolderIds>{folders}</t:FolderIds><t:EventTypes>{events}</t:EventTypes>"
        f"{given}<t:Timeout>{timeout}</t:Timeout>"
        "</m:PullSubscriptionRequest></m:Subscribe>"
    )


STREAMING = (
    '<m:Subscribe><m:StreamingSubscriptionRequest SubscribeToAllFolders="true">'
    f"<t:EventTypes>{EVERYTHING}</t:EventTypes>"
    "</m:StreamingSubscriptionRequest></m:Subscribe>"
)


def get_events(identifier: str, watermark: str) -> str:
    return (
        f"<m:GetEvents><m:SubscriptionId>{identifier}</m:SubscriptionId>"
        f"<m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )


def stream(*identifiers: str, minutes: int = 1) -> str:
    inside = "".join(
        f"<t:SubscriptionId>{each}</t:SubscriptionId>" for each in identifiers
    )
    return (
        f"<m:GetStreamingEvents><m:SubscriptionIds>{inside}</m:SubscriptionIds>"
        f"<m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
    )


def unsubscribe(identifier: str) -> str:
    return (
        f"<m:Unsubscribe><m:SubscriptionId>{identifier}</m:SubscriptionId>"
        "</m:Unsubscribe>"
    )


async def subscribed(client: EwsClient, body: str) -> tuple[str, str]:
    said = await client(body)
    assert said.codes == ["NoError"], said.answered.body
    [identifier] = said.texts("m:SubscriptionId")
    return identifier, "".join(said.texts("m:Watermark"))


def event_names(said: Said) -> list[str]:
    [notification] = said.every("m:Notification")
    return [
        name
        for each in notification
        if (name := each.tag.rpartition("}")[2]).endswith("Event")
    ]


async def test_nothing_happened(own: EwsClient) -> None:
    identifier, watermark = await subscribed(own, pull())
    said = await own(get_events(identifier, watermark))
    assert event_names(said) == ["StatusEvent"]
    assert said.texts("t:PreviousWatermark") == [watermark]
    assert said.texts("t:MoreEvents") == ["false"]


async def test_only_what_was_asked_for_is_told(own: EwsClient, put: Put) -> None:
    events = "<t:EventType>DeletedEvent</t:EventType>"
    identifier, watermark = await subscribed(own, pull(events=events))
    await put(MAIL)
    said = await own(get_events(identifier, watermark))
    assert event_names(said) == ["StatusEvent"]
    [watermark] = said.texts("t:Watermark")
    [item] = await found_in(own)
    await own(f'<m:DeleteItem DeleteType="HardDelete">{named(item)}</m:DeleteItem>')
    said = await own(get_events(identifier, watermark))
    assert event_names(said) == ["DeletedEvent"]
    assert [each.attrib["Id"] for each in said.every("t:ItemId")] == [item]


async def test_who_comes_back_with_a_watermark_misses_nothing(
    house: House, own: EwsClient, put: Put
) -> None:
    _, watermark = await subscribed(own, pull())
    await put(MAIL)
    restarted = EwsClient(app.build(replace(house)), own.authorization)
    assert (await restarted(get_events("gone", watermark))).fault == (
        "ErrorSubscriptionNotFound"
    )
    identifier, begun = await subscribed(restarted, pull(mark=watermark))
    assert begun == watermark
    assert event_names(await restarted(get_events(identifier, begun))) == [
        "CreatedEvent"
    ]


async def test_a_subscription_ends_when_nobody_asks(
    own: EwsClient, clock: Clock
) -> None:
    identifier, watermark = await subscribed(own, pull(timeout=10))
    clock.now += timedelta(minutes=9)
    assert (await own(get_events(identifier, watermark))).codes == ["NoError"]
    clock.now += timedelta(minutes=9)
    assert (await own(get_events(identifier, watermark))).codes == ["NoError"]
    clock.now += timedelta(minutes=11)
    said = await own(get_events(identifier, watermark))
    assert said.fault == "ErrorSubscriptionNotFound"


async def test_a_subscription_that_was_ended_is_gone(own: EwsClient) -> None:
    identifier, watermark = await subscribed(own, pull())
    assert (await own(unsubscribe(identifier))).codes == ["NoError"]
    for body in (unsubscribe(identifier), get_events(identifier, watermark)):
        assert (await own(body)).fault == "ErrorSubscriptionNotFound"
    said = await own(stream(identifier))
    assert said.codes == ["ErrorSubscriptionNotFound"]
    assert said.texts("t:SubscriptionId") == [identifier]


async def test_a_subscription_of_another_is_none(own: EwsClient, house: House) -> None:
    identifier, watermark = await subscribed(own, pull())
    operator = EwsClient(own.app)
    for body in (get_events(identifier, watermark), unsubscribe(identifier)):
        assert (await operator(body)).fault == "ErrorSubscriptionNotFound"


async def test_an_account_has_so_many_and_old_ones_make_room(
    own: EwsClient, clock: Clock
) -> None:
    for _ in range(20):
        await subscribed(own, pull(timeout=1))
    assert (await own(pull())).fault == "ErrorExceededSubscriptionCount"
    clock.now += timedelta(minutes=2)
    await subscribed(own, pull())


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<m:Subscribe/>", "ErrorSchemaValidation"),
        (
            "<m:Subscribe><m:PushSubscriptionRequest/></m:Subscribe>",
            "ErrorInvalidOperation",
        ),
        (pull(timeout=0), "ErrorSchemaValidation"),
        (pull(timeout=1441), "ErrorSchemaValidation"),
        (pull(mark="AAAA"), "ErrorInvalidWatermark"),
        (pull(events=""), "ErrorSchemaValidation"),
        (
            pull(events="<t:EventType>RainEvent</t:EventType>"),
            "ErrorSchemaValidation",
        ),
        (pull('<t:DistinguishedFolderId Id="calendar"/>'), "ErrorFolderNotFound"),
        (pull('<t:DistinguishedFolderId Id="root"/>'), "ErrorInvalidOperation"),
        (stream(), "ErrorSchemaValidation"),
        (stream("a", minutes=31), "ErrorSchemaValidation"),
        (get_events("a", "b"), "ErrorSubscriptionNotFound"),
    ],
)
async def test_what_cannot_be_heard(own: EwsClient, body: str, fault: str) -> None:
    said = await own(body)
    assert (said.answered.status, said.fault) == (500, fault)


async def test_each_kind_is_asked_in_its_way(own: EwsClient) -> None:
    streaming, _ = await subscribed(own, STREAMING)
    pulled, watermark = await subscribed(own, pull())
    said = await own(get_events(streaming, watermark))
    assert said.fault == "ErrorInvalidPullSubscriptionId"
    said = await own(stream(pulled, streaming))
    assert said.texts("t:SubscriptionId") == [pulled]
    said = await own(get_events(pulled, "AAAA"))
    assert said.fault == "ErrorInvalidWatermark"


def documents(said: Said) -> list[Said]:
    """Return the answers of a stream, each a document."""
    parts = said.answered.body.split(b"<?xml")[1:]
    return [Said(replace(said.answered, body=b"<?xml" + part)) for part in parts]


async def test_a_stream_tells_what_happened_before_it_and_ends_with_the_listener(
    own: EwsClient, house: House, put: Put
) -> None:
    identifier, _ = await subscribed(own, STREAMING)
    await put(MAIL)
    house.closing.set()
    opened, told, closed = documents(await own(stream(identifier)))
    assert opened.texts("m:ConnectionStatus") == ["OK"]
    assert event_names(told) == ["CreatedEvent"]
    assert told.texts("t:SubscriptionId") == [identifier]
    assert closed.texts("m:ConnectionStatus") == ["Closed"]
    opened, closed = documents(await own(stream(identifier)))  # it was told


async def test_a_stream_tells_what_happens_while_it_is_open(
    own: EwsClient, house: House, put: Put
) -> None:
    identifier, _ = await subscribed(own, STREAMING)
    listening = asyncio.ensure_future(own(stream(identifier)))
    with house.store.watch() as watch:
        await put(MAIL)
        await watch.wait(10)
    [item] = await found_in(own)
    await own(f'<m:DeleteItem DeleteType="SoftDelete">{named(item)}</m:DeleteItem>')
    await own(unsubscribe(identifier))
    *told, end = documents(await listening)
    assert end.codes == ["ErrorSubscriptionNotFound"]
    assert end.texts("m:ConnectionStatus") == ["Closed"]
    assert told


async def test_the_last_connection_has_the_stream(own: EwsClient, house: House) -> None:
    identifier, _ = await subscribed(own, STREAMING)
    first = asyncio.ensure_future(own(stream(identifier)))
    second = asyncio.ensure_future(own(stream(identifier)))
    assert documents(await first)[-1].codes == ["ErrorNewEventStreamConnectionOpened"]
    house.closing.set()
    assert documents(await second)[-1].codes == ["NoError"]


async def test_an_actor_has_so_many_streams(own: EwsClient, house: House) -> None:
    identifier, _ = await subscribed(own, STREAMING)
    name = own.authorization.removeprefix("Bearer ")
    taken = [house.streams.taken_by(replace(OPERATOR, name=name)) for _ in range(10)]
    for each in taken:
        each.__enter__()
    [refused] = documents(await own(stream(identifier)))
    assert refused.codes == ["ErrorExceededConnectionCount"]
    for each in taken:
        each.__exit__(None, None, None)
