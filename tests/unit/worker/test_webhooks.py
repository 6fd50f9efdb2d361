"""Telling webhooks: at least once, with patience, and nobody waits for it."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.tasks import Task, TaskState
from postwarden.model.webhooks import (
    Delivery,
    DeliveryState,
    NoticeName,
    Webhook,
    WebhookState,
)
from postwarden.services import deliveries, delivery, notices, webhooks
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.webhooks import Answer
from postwarden.worker import runner
from postwarden.worker.context import Lease, WorkerContext
from postwarden.worker.tasks import LANES
from tests.support.factories import NOW, Clock

KEY = b"k" * 32
URL = "https://hooks.example/a"


class PlainSealer:
    """Seals nothing, but keeps purposes apart."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        return purpose.encode() + b":" + secret

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        before, _, secret = sealed.partition(b":")
        assert before == purpose.encode()
        return secret


@dataclass(slots=True)
class Elsewhere:
    """A receiver: what it answers, in turn (the last one again), and what it heard."""

    answers: list[Answer] = field(default_factory=lambda: [Answer(status=200)])
    heard: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.heard.append((url, headers, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.heard]


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def telling(context: WorkerContext, elsewhere: Elsewhere) -> WorkerContext:
    return replace(context, sealer=PlainSealer(), webhook_client=elsewhere)


async def listening(context: WorkerContext, *events: NoticeName) -> Webhook:
    secret = PlainSealer().seal(KEY, webhooks.SECRET)
    return await context.store.transact(
        webhooks.create, OPERATOR, URL, events=events, secret=secret
    )


async def happen(context: WorkerContext, *objects: str) -> None:
    def tell(uow: UnitOfWork) -> None:
        for each in objects:
            notices.tell(uow, NoticeName.CASE_DONE, each)

    await context.store.transact(tell)


async def work(context: WorkerContext) -> None:
    """Do what is due once."""
    while await runner.take_task(context):
        pass


async def queued(context: WorkerContext) -> list[Delivery]:
    page = await context.store.read(deliveries.page, OPERATOR, limit=99)
    return page[::-1]


async def the_task(context: WorkerContext) -> Task:
    def read(uow: UnitOfWork) -> Task | None:
        return uow.tasks.newest(notices.DELIVER, "1")

    task = await context.store.read(read)
    assert task is not None
    return task


async def the_webhook(context: WorkerContext) -> Webhook:
    return await context.store.read(webhooks.get, OPERATOR, 1)


async def test_what_happens_is_told_signed_and_once(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    await listening(telling)
    await happen(telling, "case 7")
    await work(telling)

    ((url, headers, body),) = elsewhere.heard
    told = json.loads(body)
    assert url == URL
    assert (told["type"], told["object"]) == ("case.done", "case 7")
    assert told["timestamp"] == "2026-11-21T12:00:00Z"
    assert headers["webhook-id"] == told["id"]
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    content = f"{told['id']}.{int(NOW.timestamp())}.".encode() + body
    digest = hmac.new(KEY, content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    (done,) = await queued(telling)
    assert (done.state, done.attempts) == (DeliveryState.DELIVERED, 1)
    assert (done.last_status, done.ended_at) == (200, NOW)
    assert (await the_task(telling)).state is TaskState.COMPLETED


async def signed_by(
    context: WorkerContext, elsewhere: Elsewhere, *keys: bytes
) -> list[bytes]:
    """Return by which of some keys the next request is signed, in its order."""
    await happen(context, "case 7")
    await work(context)
    _, headers, body = elsewhere.heard[-1]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    by = {
        "v1,"
        + base64.b64encode(hmac.new(k, content, hashlib.sha256).digest()).decode(): k
        for k in keys
    }
    return [by[signature] for signature in headers["webhook-signature"].split()]


async def test_both_secrets_sign_while_one_is_changed(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    await listening(telling)
    newer, newest = b"n" * 32, b"m" * 32

    async def change(key: bytes | None, overlap: timedelta | None) -> Webhook:
        secret = None if key is None else PlainSealer().seal(key, webhooks.SECRET)
        return await telling.store.transact(
            webhooks.change, OPERATOR, 1, secret=secret, overlap=overlap
        )

    keys = (KEY, newer, newest)
    assert await signed_by(telling, elsewhere, *keys) == [KEY]
    await change(newer, timedelta(hours=2))
    assert await signed_by(telling, elsewhere, *keys) == [newer, KEY]
    clock.forward(hours=2)
    assert await signed_by(telling, elsewhere, *keys) == [newer]
    await change(newest, None)
    assert await signed_by(telling, elsewhere, *keys) == [newest, newer]
    await change(None, timedelta(0))
    assert await signed_by(telling, elsewhere, *keys) == [newest]
    await change(KEY, timedelta(0))
    assert await signed_by(telling, elsewhere, *keys) == [KEY]


async def test_a_secret_that_signs_no_more_is_forgotten(
    telling: WorkerContext, clock: Clock
) -> None:
    await listening(telling)
    await telling.store.transact(
        webhooks.change, OPERATOR, 1, secret=b"newer", overlap=timedelta(hours=1)
    )
    assert await telling.store.transact(webhooks.forget_old_secrets) == 0
    clock.forward(hours=1)
    assert await telling.store.transact(webhooks.forget_old_secrets) == 1
    assert (await the_webhook(telling)).old_secret is None


@pytest.mark.parametrize("overlap", [timedelta(days=31), timedelta(seconds=-1)])
async def test_an_overlap_is_of_some_length(
    telling: WorkerContext, overlap: timedelta
) -> None:
    await listening(telling)
    with pytest.raises(Invalid) as refused:
        await telling.store.transact(
            webhooks.change, OPERATOR, 1, secret=b"newer", overlap=overlap
        )
    assert refused.value.field == "overlap"


async def test_only_who_listens_is_told(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    await listening(telling, NoticeName.HOLD_CREATED)
    await happen(telling, "case 7")
    await work(telling)
    assert elsewhere.heard == []
    assert await queued(telling) == []


async def test_what_is_taken_back_is_not_told(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    def fail(uow: UnitOfWork) -> None:
        notices.tell(uow, NoticeName.CASE_DONE, "case 7")
        raise NotFound("case", "7")

    await listening(telling)
    with pytest.raises(NotFound):
        await telling.store.transact(fail)
    await work(telling)
    assert elsewhere.heard == []


async def test_a_failure_is_tried_again_later_under_the_same_id(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    elsewhere.answers = [
        Answer(status=500, excerpt="oops"),
        Answer(status=None, error="no answer within 10 s"),
        Answer(status=200),
    ]
    await listening(telling)
    await happen(telling, "case 7")
    await work(telling)
    (failed,) = await queued(telling)
    assert (failed.last_status, failed.last_error) == (500, "oops")
    waiting = await the_task(telling)
    assert (waiting.state, waiting.run_at) == (TaskState.WAITING, failed.next_at)
    await work(telling)
    assert len(elsewhere.heard) == 1

    clock.now = failed.next_at
    await work(telling)
    (failed,) = await queued(telling)
    assert failed.last_error == "no answer within 10 s"
    clock.now = failed.next_at
    await work(telling)

    (done,) = await queued(telling)
    assert (done.state, done.attempts) == (DeliveryState.DELIVERED, 3)
    assert len(set(elsewhere.ids)) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in elsewhere.heard}) == 3
    assert (await the_webhook(telling)).failing_since is None


async def test_after_eight_attempts_within_half_a_day_a_delivery_has_failed(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    elsewhere.answers = [Answer(status=500)]
    await listening(telling)
    await happen(telling, "case 7")
    while (pending := (await queued(telling))[0]).state is DeliveryState.PENDING:
        clock.now = max(clock.now, pending.next_at)
        await work(telling)
    assert (pending.state, pending.attempts) == (DeliveryState.FAILED, 8)
    assert len(elsewhere.heard) == 8
    assert timedelta(hours=9) < clock.now - NOW < timedelta(hours=12)
    assert (await the_task(telling)).state is TaskState.COMPLETED


async def test_a_delivery_that_alone_fails_holds_up_no_other(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    elsewhere.answers = [Answer(status=400), Answer(status=200)]
    await listening(telling)
    await happen(telling, "case 1", "case 2", "case 3")
    await work(telling)
    assert [each.state.value for each in await queued(telling)] == [
        *("pending", "delivered", "delivered")
    ]


async def test_while_nobody_answers_one_delivery_tries_for_all(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    elsewhere.answers = [Answer(status=None, error="Connection refused")]
    await listening(telling)
    await happen(telling, "case 1", "case 2")
    await work(telling)
    await happen(telling, "case 3")
    await work(telling)
    assert [each.attempts for each in await queued(telling)] == [1, 0, 0]
    paused = await the_webhook(telling)
    assert (paused.failing_since, len(elsewhere.heard)) == (NOW, 1)
    assert paused.retry_at is not None

    elsewhere.answers = [Answer(status=200)]
    clock.now = paused.retry_at
    await work(telling)
    assert {each.state for each in await queued(telling)} == {DeliveryState.DELIVERED}
    healthy = await the_webhook(telling)
    assert (healthy.failing_since, healthy.retry_at) == (None, None)


async def test_who_fails_for_long_is_disabled_audited_and_can_come_back(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    elsewhere.answers = [Answer(status=None, error="Connection refused")]
    await listening(telling)
    await happen(telling, *(f"case {number}" for number in range(12)))
    while (await the_webhook(telling)).state is WebhookState.ACTIVE:
        clock.now = max(clock.now, (await the_task(telling)).run_at)
        await work(telling)
    assert clock.now - NOW >= telling.webhook_patience
    entry = (await telling.store.read(lambda uow: uow.audit.page(limit=99)))[-1]
    assert (entry.action, entry.object) == ("webhook.disable", "webhook 1")
    assert (entry.actor, entry.dialect) == ("postwarden", "worker")
    assert (await the_task(telling)).state is TaskState.COMPLETED
    left = [d for d in await queued(telling) if d.state is DeliveryState.PENDING]
    assert left
    await happen(telling, "too late")
    assert len(await queued(telling)) == 12

    elsewhere.answers = [Answer(status=200)]
    await telling.store.transact(
        webhooks.change, OPERATOR, 1, state=WebhookState.ACTIVE
    )
    clock.forward(hours=7)
    await work(telling)
    assert (await queued(telling))[-1].state is DeliveryState.DELIVERED


async def test_who_is_gone_is_disabled_at_once(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    elsewhere.answers = [Answer(status=410)]
    await listening(telling)
    await happen(telling, "case 1")
    await work(telling)
    assert (await the_webhook(telling)).state is WebhookState.DISABLED


async def test_what_was_sent_and_not_written_down_is_sent_again_under_its_id(
    telling: WorkerContext, elsewhere: Elsewhere, clock: Clock
) -> None:
    class Killed(BaseException):
        pass

    class Dying(Elsewhere):
        async def post(
            self, url: str, headers: Mapping[str, str], body: bytes
        ) -> Answer:
            await elsewhere.post(url, headers, body)
            raise Killed

    await listening(telling)
    await happen(telling, "case 7")
    with pytest.raises(Killed):
        await runner.take_task(replace(telling, webhook_client=Dying()))
    clock.forward(seconds=telling.lease_seconds)
    await work(replace(telling, owner="second"))

    assert len(elsewhere.heard) == 2
    assert len(set(elsewhere.ids)) == 1
    assert elsewhere.heard[0][2] == elsewhere.heard[1][2]
    (done,) = await queued(telling)
    assert (done.state, done.attempts) == (DeliveryState.DELIVERED, 1)


async def test_what_happens_while_a_delivery_is_under_way_is_told_too(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    class Busy(Elsewhere):
        async def post(
            self, url: str, headers: Mapping[str, str], body: bytes
        ) -> Answer:
            if not elsewhere.heard:
                await happen(telling, "case 8")
            return await elsewhere.post(url, headers, body)

    await listening(telling)
    await happen(telling, "case 7")
    await work(replace(telling, webhook_client=Busy()))
    assert [json.loads(body)["object"] for *_, body in elsewhere.heard] == [
        *("case 7", "case 8")
    ]


async def test_a_delivery_canceled_while_under_way_stays_canceled(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    class Late(Elsewhere):
        async def post(
            self, url: str, headers: Mapping[str, str], body: bytes
        ) -> Answer:
            await telling.store.transact(deliveries.cancel, OPERATOR, 1)
            return await elsewhere.post(url, headers, body)

    await listening(telling)
    await happen(telling, "case 7")
    await work(replace(telling, webhook_client=Late()))
    (ended,) = await queued(telling)
    assert (ended.state, ended.last_status) == (DeliveryState.CANCELED, 200)


async def test_a_webhook_that_is_removed_is_told_nothing_more(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    await listening(telling)
    await happen(telling, "case 7")
    await telling.store.transact(webhooks.remove, OPERATOR, 1)
    await work(telling)
    assert elsewhere.heard == []
    assert (await the_task(telling)).state is TaskState.COMPLETED


async def test_what_has_ended_is_replayed_under_its_id(
    telling: WorkerContext, elsewhere: Elsewhere
) -> None:
    await listening(telling)
    await happen(telling, "case 7")
    await work(telling)
    await telling.store.transact(deliveries.replay, OPERATOR, 1)
    await work(telling)
    assert len(elsewhere.ids) == 2
    assert len(set(elsewhere.ids)) == 1


async def test_old_deliveries_are_forgotten(
    telling: WorkerContext, clock: Clock
) -> None:
    await listening(telling)
    await happen(telling, "case 7")
    await work(telling)
    clock.now += telling.keep_deliveries + timedelta(seconds=1)
    purge = await telling.store.transact(
        lambda uow: uow.tasks.add(deliveries.PURGE, "store", {}, uow.now)
    )
    ended = await runner.run_task(telling, purge.id)
    assert ended.result == {"removed": 1}
    assert await queued(telling) == []


async def test_a_receiver_that_is_slow_keeps_no_mail_waiting(
    telling: WorkerContext,
) -> None:
    delivered, let_go = asyncio.Event(), asyncio.Event()

    async def wait(lease: Lease) -> None:
        await let_go.wait()

    async def deliver(lease: Lease) -> None:
        delivered.set()

    def submit(uow: UnitOfWork) -> None:
        for number in range(9):
            uow.tasks.add(notices.DELIVER, str(number), {}, uow.now)
        uow.tasks.add(delivery.EXPAND, "1", {}, uow.now + timedelta(seconds=1))

    await telling.store.transact(submit)
    handlers = {notices.DELIVER: wait, delivery.EXPAND: deliver}
    serving = asyncio.create_task(runner.serve_tasks(telling, handlers, LANES))
    async with asyncio.timeout(10):
        await delivered.wait()
    let_go.set()
    with telling.store.watch() as watch:
        while any(not task.has_ended for task in await all_tasks(telling)):
            await watch.wait(1)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def all_tasks(context: WorkerContext) -> list[Task]:
    return await context.store.read(lambda uow: uow.tasks.page(before=99, limit=99))
