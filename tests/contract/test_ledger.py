"""The ledger: everything that happened, in the order of writing."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.addresses import Address
from postwarden.model.cases import CaseState, RemotePlace
from postwarden.model.ledger import Event, LedgerEvent, LedgerRow
from postwarden.model.queries.terms import All, Query
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import (
    ADA,
    BOB,
    NOW,
    account,
    case,
    digest,
    ledger_event,
    message,
    plan,
    plan_item,
)

EVERYTHING = Query(All())


def write(uow: UnitOfWork, *events: LedgerEvent) -> list[int]:
    uow.ledger.record(events)
    return list(uow.ledger.search(EVERYTHING, similar={}))


async def test_a_row_joins_message_and_account(store: Store) -> None:
    def work(uow: UnitOfWork) -> list[LedgerRow]:
        owner = uow.accounts.add(account()).id
        number = uow.messages.add(message("whole", size=77)).id
        whole = ledger_event(
            Event.DELIVER,
            message=number,
            has_envelope=True,
            reverse_path=BOB,
            forward_path=Address.parse("Ada+x@example.org"),
            account=owner,
            mailbox="INBOX",
            uid=5,
            copy=6,
            client_ip="192.0.2.7",
            source="smtp",
            detail="d",
        )
        return uow.ledger.rows(write(uow, whole))

    (row,) = await store.transact(work)

    assert row == LedgerRow(
        id=row.id,
        time=NOW,
        event=Event.DELIVER,
        trace_id="trace1",
        sha256=digest("whole"),
        message_id="whole@example.org",
        reverse_path="bob@example.org",
        forward_path="Ada+x@example.org",
        account="ada@example.org",
        mailbox="INBOX",
        uid=5,
        size=77,
        subject="whole",
        client_ip="192.0.2.7",
        source="smtp",
        detail="d",
    )


async def test_a_null_reverse_path_differs_from_an_unknown_one(store: Store) -> None:
    def work(uow: UnitOfWork) -> list[str | None]:
        null = ledger_event(has_envelope=True)
        return [
            row.reverse_path
            for row in uow.ledger.rows(write(uow, null, ledger_event()))
        ]

    assert await store.transact(work) == ["", None]


async def test_what_is_not_known_is_none(store: Store) -> None:
    bare = ledger_event(message=99, account=98)
    await store.transact(write, bare)

    (row,) = await store.read(lambda uow: uow.ledger.rows([1]))
    unknown = (row.sha256, row.message_id, row.size, row.subject, row.account)
    assert unknown == (None,) * 5
    assert (row.source, row.detail, row.mailbox) == ("", "", None)


async def test_rows_come_in_the_order_asked_and_unknown_ones_not_at_all(
    store: Store,
) -> None:
    events = [ledger_event(detail=d, time=NOW - timedelta(int(d))) for d in "123"]
    one, two, three = await store.transact(write, *events)

    assert one < two < three
    rows = await store.read(lambda uow: uow.ledger.rows([three, 99, one]))
    assert [(row.id, row.detail) for row in rows] == [(three, "3"), (one, "1")]
    assert await store.read(lambda uow: uow.ledger.rows([])) == []
    asked = [one, 99, two, three]
    by_time = await store.read(lambda uow: list(uow.ledger.by_time(asked)))
    assert by_time == [three, two, one]


async def test_counts_are_of_messages_copies_and_accounts_named(store: Store) -> None:
    events = [
        ledger_event(message=1, forward_path=ADA),
        ledger_event(Event.DELIVER, message=1, copy=1, account=1),
        ledger_event(Event.DELIVER, message=1, copy=2, account=2),
        ledger_event(Event.MOVE, message=1, copy=2, account=2),
        ledger_event(Event.DELIVER, message=2, copy=3, account=2),
        ledger_event(Event.AGENTINFO),
    ]
    ids = await store.transact(write, *events)

    async def count(chosen: list[int]) -> tuple[int, int, int]:
        return await store.read(lambda uow: uow.ledger.count(chosen))

    assert await count(ids) == (2, 3, 2)
    assert await count(ids[:2]) == (1, 1, 1)
    assert await count(ids[-1:]) == (0, 0, 0)
    assert await count([]) == (0, 0, 0)


async def test_pages_keep_the_order_and_what_is_removed_is_gone(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        number = uow.messages.add(message()).id
        kinds = (Event.RECEIVE, Event.DELIVER, Event.READ)
        numbers = write(uow, *(ledger_event(each, message=number) for each in kinds))
        page = uow.ledger.page(limit=9)
        assert [each.id for each in page] == numbers
        assert [each.event for each in page] == list(kinds)
        assert {each.message for each in page} == {number}
        assert uow.ledger.page(after=numbers[0], limit=1) == page[1:2]
        assert uow.ledger.needed([number]) == uow.ledger.needed([]) == set()
        uow.ledger.remove(numbers[:2])
        uow.ledger.remove([])
        assert uow.ledger.page(limit=9) == page[2:]

    await store.transact(work)


async def test_mail_that_a_case_found_elsewhere_is_needed_until_it_is_closed(
    store: Store,
) -> None:
    place = RemotePlace(reference="r1")

    def work(uow: UnitOfWork) -> None:
        mail, other = (uow.messages.add(message(name)) for name in ("a", "b"))
        opened = uow.cases.add(case())
        made = uow.cases.add_plan(plan(opened.id))
        item = plan_item(1, copy=0, sha256=mail.sha256, remote=place)
        uow.cases.add_items(made.id, [item])
        asked = [mail.id, other.id]
        assert uow.ledger.needed(asked) == {mail.id}
        uow.cases.replace(replace(opened, state=CaseState.CLOSED))
        assert uow.ledger.needed(asked) == set()

    await store.transact(work)
