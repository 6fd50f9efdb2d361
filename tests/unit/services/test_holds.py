"""Invariant 5: what a hold marks, and that it marks it in time."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import (
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    Refused,
    Unavailable,
)
from postwarden.model.holds import Hold, HoldState
from postwarden.model.messages import NewMessage
from postwarden.model.queries import Query, parse
from postwarden.services import accounts, holds, ingest, placement, removals
from postwarden.services.holds import NewHold
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.factories import NOW
from tests.unit.services.registry import CAROL, MALLORY, last_audited
from tests.unit.services.world import add_account, add_domain, at, deliver, people

ADA, BOB, EVE = at("ada"), at("bob"), at("eve")


def query(text: str) -> Query:
    return parse(text, now=NOW)


def mail(subject: str, author: str = "Mallory <m@evil.example>") -> NewMessage:
    content = (
        f"From: {author}\r\nTo: Staff <staff@example.org>\r\nSubject: {subject}\r\n"
        "\r\nSome words.\r\n"
    ).encode()
    return ingest.new_message(hashlib.sha256(content).digest(), content)


async def hold(
    store: Store,
    text: str | None = None,
    *,
    actor: Actor = OPERATOR,
    account: Address | None = None,
    case: int | None = None,
    reason: str = "litigation",
    finish: bool = True,
) -> Hold:
    """Make a hold, and place it as its task would."""
    new = NewHold(
        query=None if text is None else query(text),
        account=account,
        case=case,
        reason=reason,
    )
    made, _ = await store.transact(holds.create, actor, new)
    return await finished(store, made) if finish else made


async def finished(store: Store, made: Hold) -> Hold:
    found = await store.read(holds.matching, made.id)
    await store.transact(holds.place, made.id, found)
    for plan in await store.read(holds.plans, made.id):
        last = await store.transact(holds.place_items, made.id, plan, 0)
        assert await store.transact(holds.place_items, made.id, plan, last or 0) is None
    return await store.transact(holds.placed, made.id)


async def held(store: Store, *numbers: int) -> list[tuple[int, ...]]:
    """Return the holds of copies, which are numbered as they were filed."""
    found = await store.read(holds.holds_of, numbers)
    return [found.get(number, ()) for number in numbers]


def hold_events(uow: UnitOfWork) -> Sequence[tuple[str | None, str | None, str]]:
    found = uow.ledger.search(query("event:HOLD"), similar={})
    return [(row.account, row.mailbox, row.detail) for row in uow.ledger.rows(found)]


async def test_what_is_there_and_what_arrives_is_held(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one", message_id="a@x"), ADA)
    await deliver(store, factories.message("two", message_id="b@x"), ADA, trace_id="t2")

    made = await hold(store, "message-id:<a@x>")
    await deliver(store, factories.message("one", message_id="a@x"), BOB, trace_id="t3")
    await deliver(store, factories.message("six", message_id="c@x"), BOB, trace_id="t4")

    assert made.state is HoldState.ACTIVE
    assert await held(store, 1, 2, 3, 4) == [(made.id,), (), (made.id,), ()]
    assert await store.read(hold_events) == [
        (str(ADA), "INBOX", f"hold {made.id} placed"),
        (str(BOB), "INBOX", f"hold {made.id} placed"),
    ]


async def test_arrivals_are_held_from_the_first_transaction_on(store: Store) -> None:
    await store.transact(people)
    made = await hold(store, "rcpt:ada@example.org", finish=False)

    await deliver(store, factories.message("one"), ADA, BOB)

    assert made.state is HoldState.PLACING
    assert await held(store, 1, 2) == [(made.id,), ()]


async def test_nothing_may_be_destroyed_while_a_hold_is_placed(store: Store) -> None:
    await store.transact(people)
    made = await hold(store, "from:eve@evil.example", finish=False)
    with pytest.raises(Unavailable, match="still being placed"):
        await store.read(holds.require_known)
    await finished(store, made)
    await store.read(holds.require_known)


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ('subject:"quarterly report"', True),
        ("subject:quart*", True),
        ("subject:report subject:figures", False),
        ("from:mallory", True),
        ("from:m@evil.example", True),
        ("to:staff", True),
        ("to:@example.org -from:@example.net", True),
        ("cc:staff", False),
        ("rcpt:ada@example.org envelope-from:<>", True),
        ("ip:192.0.2.0/24", True),
        ("trace:t1", True),
        ("larger:10 smaller:1K", True),
        ("before:2026-11-21T12:00:01Z after:2026-11-21", True),
        ("before:2026-11-21", False),
        ("domain:example.org", True),
        ("account:ad*", True),
        ("all", True),
        ("has:attachment", False),
    ],
)
async def test_each_term_is_asked_as_a_mail_is_filed(
    store: Store, text: str, is_held: bool
) -> None:
    await store.transact(people)
    made = await hold(store, text)

    await deliver(store, mail("Quarterly =?utf-8?q?r=65port?="), ADA)

    assert await held(store, 1) == [(made.id,) if is_held else ()]


async def test_what_is_like_a_message_is_held(store: Store) -> None:
    await store.transact(people)
    first = factories.message("first", message_id="a@x")
    same = factories.message("same", message_id="b@x", fingerprint=first.fingerprint)
    await deliver(store, first, ADA)

    made = await hold(store, "similar:a@x")
    await deliver(store, same, BOB, trace_id="t2")
    await deliver(store, factories.message("other"), BOB, trace_id="t3")

    assert made.query == f"similar:{first.sha256.hex()}"
    assert await held(store, 1, 2, 3) == [(made.id,), (made.id,), ()]


async def test_a_hold_follows_its_account_and_not_the_address(store: Store) -> None:
    await store.transact(people)
    made = await hold(store, account=ADA)
    await store.transact(accounts.rename, OPERATOR, ADA, at("ada.l"))
    await store.transact(lambda uow: add_account(uow, ADA))

    await deliver(store, factories.message("one"), at("ada.l"))
    await deliver(store, factories.message("two"), ADA, trace_id="t2")

    assert made.query == "account:ada@example.org"
    assert await held(store, 1, 2) == [(made.id,), ()]


async def test_a_rename_while_placing_loosens_nothing(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one"), ADA)
    made = await hold(store, account=ADA, finish=False)
    await store.transact(accounts.rename, OPERATOR, ADA, at("ada.l"))

    await finished(store, made)

    assert await held(store, 1) == [(made.id,)]


async def test_the_mail_of_a_removed_account_is_held(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one"), ADA)
    await store.transact(removals.start, OPERATOR, ADA)
    await store.transact(removals.vault_chunk, 1)
    await store.transact(lambda uow: add_account(uow, ADA))

    made = await hold(store, "account:ada@example.org")

    assert await held(store, 1) == [(made.id,)]
    assert dict(made.accounts) == {ADA.key: (1, 4)}


async def test_an_address_is_held_once_somebody_has_it(store: Store) -> None:
    await store.transact(people)
    made = await hold(store, "account:zoe@example.org")
    await store.transact(lambda uow: add_account(uow, at("zoe")))

    await deliver(store, factories.message("one"), at("zoe"))

    assert await held(store, 1) == [(made.id,)]


async def test_a_case_gives_its_query_and_the_copies_of_its_plan(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one"), ADA, BOB)

    def open_case(uow: UnitOfWork) -> int:
        case = uow.cases.add(factories.case(query="rcpt:ada@example.org"))
        plan = uow.cases.add_plan(factories.plan(case.id))
        uow.cases.add_items(plan.id, [factories.plan_item(1, copy=2)])
        uow.cases.replace(replace(case, plan=plan.id))
        return case.id

    case = await store.transact(open_case)
    made = await hold(store, case=case)
    await deliver(store, factories.message("two"), ADA, BOB, trace_id="t2")

    assert await held(store, 1, 2, 3, 4) == [(made.id,), (made.id,), (made.id,), ()]
    items = await store.read(
        lambda uow: holds.with_holds(uow, uow.cases.items(made.case or 0, limit=9))
    )
    assert [item.hold for item in items] == [(made.id,)]


async def test_a_case_holds_no_copy_of_a_foreign_domain(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> int:
        people(uow)
        add_domain(uow, "example.net")
        add_account(uow, at("zoe", "example.net"))
        case = uow.cases.add(
            factories.case(query="from:nobody", domains=("example.org",))
        )
        plan = uow.cases.add_plan(factories.plan(case.id))
        items = [
            factories.plan_item(1),
            factories.plan_item(2, account=4),
            factories.plan_item(3, account=99),
        ]
        uow.cases.add_items(plan.id, items)
        uow.cases.replace(replace(case, plan=plan.id))
        return case.id

    case = await store.transact(prepare)
    await deliver(store, factories.message("one"), ADA, at("zoe", "example.net"), EVE)

    made = await hold(store, case=case, actor=CAROL)

    assert await held(store, 1, 2, 3) == [(made.id,), (), ()]


async def test_the_query_of_a_case_may_be_none_for_a_hold(store: Store) -> None:
    case = await store.transact(
        lambda uow: uow.cases.add(factories.case(query="in:Junk from:@evil.example")).id
    )
    with pytest.raises(Invalid, match=r"case 1 \(in: at position 1 means.*of its own"):
        await hold(store, case=case)
    assert (await hold(store, "from:@evil.example", case=case)).case == case


@pytest.mark.parametrize(
    ("text", "field"),
    [("is:read", "is"), ("in:inbox", "in"), ("word", "body"), ("older:2d", "older")],
)
async def test_what_changes_is_refused(store: Store, text: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        await hold(store, text)
    assert caught.value.field == field


async def test_a_hold_needs_a_reason_and_something_to_hold(store: Store) -> None:
    with pytest.raises(Invalid, match="reason"):
        await hold(store, "all", reason=" ")
    with pytest.raises(Invalid, match="query, an account or a case"):
        await hold(store)
    with pytest.raises(NotFound):
        await hold(store, "similar:nothing@x")
    with pytest.raises(NotFound):
        await hold(store, account=ADA)


async def test_there_are_so_many_holds_and_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "MAX_IN_FORCE", 1)
    await hold(store, "from:a@x.example")
    with pytest.raises(LimitExceeded):
        await hold(store, "from:b@x.example")


async def test_a_release_takes_the_marks_off_in_chunks(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one"), ADA, BOB, EVE)
    made, other = await hold(store, "all"), await hold(store, account=BOB)

    released, task = await store.transact(
        holds.release, OPERATOR, made.id, reason="settled"
    )
    entry = await last_audited(store)
    counts = [
        await store.transact(holds.release_chunk, made.id, limit=2) for _ in range(3)
    ]

    assert (task.name, task.payload) == (holds.RELEASE, {"hold": made.id})
    assert released.state is HoldState.RELEASING
    assert counts == [2, 1, 0]
    assert await held(store, 1, 2, 3) == [(), (other.id,), ()]
    ended = await store.read(lambda uow: uow.holds.get(made.id))
    assert (ended.state, ended.released_by, ended.release_reason) == (
        HoldState.RELEASED,
        "operator",
        "settled",
    )
    assert (entry.action, entry.object, entry.reason) == (
        "hold.release",
        f"hold {made.id}",
        "settled",
    )
    await deliver(store, factories.message("two"), ADA, trace_id="t2")
    assert await held(store, 4) == [()]


async def test_only_an_active_hold_is_released_once(store: Store) -> None:
    made = await hold(store, "all", finish=False)
    with pytest.raises(Refused, match="placing"):
        await store.transact(holds.release, OPERATOR, made.id, reason="settled")
    await finished(store, made)
    await store.transact(holds.release, OPERATOR, made.id, reason="settled")
    with pytest.raises(Refused, match="releasing"):
        await store.transact(holds.release, OPERATOR, made.id, reason="settled")


async def test_a_hold_is_audited(store: Store) -> None:
    made, task = await store.transact(
        holds.create, OPERATOR, NewHold(query=query("all"), name=" m ", reason=" why ")
    )
    entry = await last_audited(store)
    assert (entry.action, entry.object, entry.reason) == (
        "hold.create",
        f"hold {made.id}",
        "why",
    )
    assert entry.after == {"name": "m", "query": "all", "case": None}
    assert (task.name, task.payload) == (holds.PLACE, {"hold": made.id})


async def test_a_domain_administrator_holds_in_his_domains_only(store: Store) -> None:
    def another_domain(uow: UnitOfWork) -> None:
        people(uow)
        add_domain(uow, "example.net")
        add_account(uow, at("zoe", "example.net"))

    await store.transact(another_domain)
    await deliver(store, factories.message("one"), ADA, at("zoe", "example.net"))

    made = await hold(store, "all", actor=CAROL)
    whole = await hold(store, "all")

    assert await held(store, 1, 2) == [(made.id, whole.id), (whole.id,)]
    assert [h.id for h in await store.read(holds.page, CAROL, limit=9)] == [made.id]
    for actor, number in ((MALLORY, made.id), (CAROL, whole.id), (CAROL, 99)):
        with pytest.raises(NotFound):
            await store.read(holds.get, actor, number)
    with pytest.raises(NotFound):
        await store.transact(holds.release, MALLORY, made.id, reason="mine")


async def test_holds_need_permissions_before_anything_is_looked_up(
    store: Store,
) -> None:
    nobody = replace(CAROL, permissions=frozenset())
    with pytest.raises(Forbidden, match=r"hold\.create"):
        await hold(store, "similar:nothing@x", actor=nobody)
    with pytest.raises(Forbidden, match=r"hold\.release"):
        await store.transact(holds.release, nobody, 99, reason="x")
    with pytest.raises(Forbidden, match=r"hold\.read"):
        await store.read(holds.get, nobody, 99)
    with pytest.raises(Forbidden, match=r"hold\.read"):
        await store.read(holds.page, nobody, limit=1)


class OneLook:
    """A unit of work in which holds can be asked one thing, once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self.looks = 0

    def __getattr__(self, name: str) -> object:
        return self if name == "holds" else getattr(self._uow, name)

    def in_force(self) -> list[Hold]:
        self.looks += 1
        return self._uow.holds.in_force()


async def test_a_delivery_without_holds_asks_once(store: Store) -> None:
    await store.transact(people)
    await hold(store, "all")
    await store.transact(holds.release, OPERATOR, 1, reason="settled")

    def file(uow: UnitOfWork) -> int:
        looked = OneLook(uow)
        box = placement.mailbox_named(uow, 1, "INBOX")
        new = placement.NewCopy(
            account=1,
            mailbox=box.id,
            message=uow.messages.add(factories.message()).id,
            size=1000,
            internal_date=NOW,
        )
        placement.file(looked, [new, new, new])  # type: ignore[arg-type]  # a stand-in
        return looked.looks

    assert await store.transact(file) == 1
