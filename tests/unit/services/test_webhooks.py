"""Webhooks as administrators see them, and what audit entries tell."""

from dataclasses import replace
from typing import Any

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Forbidden, LimitExceeded, NotFound, Refused
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.model.webhooks import DeliveryState, NoticeName, Webhook, WebhookState
from postwarden.services import accounts, deliveries, domains, notices, webhooks
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA

URL = "https://hooks.example/a"
NARROW = Actor(name="nora", permissions=EVERYTHING, domains=frozenset({"example.org"}))


async def listening(
    store: Store, actor: Actor = OPERATOR, *domains: str, **options: Any
) -> Webhook:
    return await store.transact(
        webhooks.create,
        actor,
        URL,
        **{"events": (), "secret": b"sealed", "domains": domains, **options},
    )


async def told(store: Store) -> list[tuple[int, str, str]]:
    page = await store.read(deliveries.page, OPERATOR, limit=99)
    return [(d.webhook, d.notice.name.value, d.notice.object) for d in page[::-1]]


@pytest.fixture(autouse=True)
async def hosted(store: Store) -> None:
    for name in ("example.org", "example.net"):
        await store.transact(domains.create, OPERATOR, name)


async def test_administrative_writes_are_told_as_they_are_audited(
    store: Store,
) -> None:
    await listening(store)
    await store.transact(accounts.create, OPERATOR, NewAccount(address=ADA, name="Ada"))
    await store.transact(accounts.change, OPERATOR, ADA, name="Ada L.")
    await store.transact(accounts.change, OPERATOR, ADA, password_hash="$x$")
    await store.transact(
        accounts.change,
        OPERATOR,
        ADA,
        password_hash="$y$",
        state=AccountState.DISABLED,
    )
    assert [name for _, name, _ in await told(store)] == [
        *("account.created", "account.changed", "account.password-changed"),
        *("account.password-changed", "account.changed"),
    ]


async def test_a_body_holds_what_the_audit_entry_says(store: Store) -> None:
    await listening(store)
    actor = replace(OPERATOR, name="carol", request_id="r1")
    await store.transact(accounts.create, actor, NewAccount(address=ADA, name="Ada"))
    (delivery,) = await store.read(deliveries.page, OPERATOR, limit=9)
    assert '"request_id": "r1"' in delivery.notice.body
    assert '"actor": "carol"' in delivery.notice.body
    assert delivery.notice.domain == "example.org"


async def test_what_makes_a_body_too_large_is_left_out(store: Store) -> None:
    await listening(store)
    large = {"actor": "carol", "before": None, "after": "x" * notices.LARGEST}

    def tell(uow: UnitOfWork) -> None:
        notices.tell(uow, NoticeName.CASE_DONE, "case 1", data=large)

    await store.transact(tell)
    (delivery,) = await store.read(deliveries.page, OPERATOR, limit=9)
    assert '"data": {"actor": "carol", "omitted": true}' in delivery.notice.body


async def test_an_administrator_of_domains_hears_of_these_only(store: Store) -> None:
    narrow = await listening(store, NARROW)
    await listening(store, OPERATOR, "example.net")
    assert narrow.domains == ("example.org",)
    bob = Address.parse("bob@example.net")
    for address in (ADA, bob):
        await store.transact(accounts.create, OPERATOR, NewAccount(address=address))
    await store.transact(lambda uow: notices.tell(uow, NoticeName.CASE_DONE, "case 1"))
    assert [(number, thing) for number, _, thing in await told(store)] == [
        (1, "account ada@example.org"),
        (2, "account bob@example.net"),
    ]
    with pytest.raises(NotFound):
        await listening(store, NARROW, "example.net")


async def test_what_concerns_a_foreign_domain_too_is_not_told(store: Store) -> None:
    await listening(store, NARROW)
    await listening(store, OPERATOR, "example.org", "example.net")

    def tell(uow: UnitOfWork, *names: str) -> None:
        notices.tell(uow, NoticeName.CASE_DONE, f"case {len(names)}", domains=names)

    for names in ((), ("example.org",), ("example.org", "example.net")):
        await store.transact(tell, *names)
    assert [(number, thing) for number, _, thing in await told(store)] == [
        *((1, "case 1"), (2, "case 1"), (2, "case 2")),
    ]
    both, *_ = await store.read(deliveries.page, OPERATOR, limit=9)
    assert '"domains": ["example.net", "example.org"]' in both.notice.body


async def test_foreign_webhooks_and_deliveries_look_absent(store: Store) -> None:
    own = await listening(store, NARROW)
    everything = await listening(store)
    foreign = await listening(store, OPERATOR, "example.net")
    await store.transact(
        accounts.create, OPERATOR, NewAccount(address=Address.parse("b@example.net"))
    )
    page = await store.read(deliveries.page, OPERATOR, limit=9)

    assert await store.read(webhooks.all_of, NARROW) == [own]
    assert await store.read(deliveries.page, NARROW, limit=9) == []
    for hidden in (everything.id, foreign.id, 99):
        with pytest.raises(NotFound, match=f"webhook {hidden} does not exist"):
            await store.read(webhooks.get, NARROW, hidden)
        with pytest.raises(NotFound):
            await store.transact(webhooks.change, NARROW, hidden, url=URL)
        with pytest.raises(NotFound):
            await store.transact(webhooks.remove, NARROW, hidden)
        with pytest.raises(NotFound):
            await store.transact(webhooks.begin_test, NARROW, hidden)
        with pytest.raises(NotFound):
            await store.read(deliveries.page, NARROW, limit=9, webhook=hidden)
    for number in (page[0].id, 99):
        with pytest.raises(NotFound, match=f"delivery {number} does not exist"):
            await store.transact(deliveries.cancel, NARROW, number)
        with pytest.raises(NotFound):
            await store.transact(deliveries.replay, NARROW, number)


async def test_permissions_are_asked(store: Store) -> None:
    reader = Actor(name="eve", permissions=frozenset({Permission.WEBHOOK_READ}))
    nobody = Actor(name="eve", permissions=EVERYTHING - {Permission.WEBHOOK_READ})
    for writing in (webhooks.remove, webhooks.begin_test, deliveries.replay):
        with pytest.raises(Forbidden):
            await store.transact(writing, reader, 99)
    with pytest.raises(Forbidden):
        await store.read(webhooks.get, nobody, 99)
    with pytest.raises(Forbidden):
        await store.read(deliveries.page, nobody, limit=1)


async def test_webhooks_are_few(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
    await listening(store)
    with pytest.raises(LimitExceeded):
        await listening(store)


async def test_a_disabled_webhook_is_told_nothing_and_replays_nothing(
    store: Store,
) -> None:
    await listening(store)
    await store.transact(accounts.create, OPERATOR, NewAccount(address=ADA))
    (first,) = await store.read(deliveries.page, OPERATOR, limit=9)
    await store.transact(deliveries.cancel, OPERATOR, first.id)
    await store.transact(webhooks.change, OPERATOR, 1, state=WebhookState.DISABLED)
    await store.transact(accounts.change, OPERATOR, ADA, name="Ada")
    assert len(await told(store)) == 1
    with pytest.raises(Refused, match="disabled"):
        await store.transact(deliveries.replay, OPERATOR, first.id)
    await store.transact(webhooks.change, OPERATOR, 1, state=WebhookState.ACTIVE)
    again = await store.transact(deliveries.replay, OPERATOR, first.id)
    assert (again.state, again.attempts) == (DeliveryState.PENDING, 0)
