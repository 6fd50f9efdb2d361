"""Rows of other systems' logs: found again, told by the ledger, gone with it."""

import pytest

from postwarden.adapters.sql.search import LedgerSearch
from postwarden.model.ledger import Event
from postwarden.model.queries import Query, Words, parse
from postwarden.model.queries.terms import All, TextField
from postwarden.model.tracking import MAX_WORDS
from postwarden.services.ports import LoggedEvents, Store, UnitOfWork
from tests.support.factories import (
    ADA,
    BOB,
    NOW,
    digest,
    ledger_event,
    log_row,
    message,
)

EVERYTHING = Query(All())


def tell(uow: UnitOfWork, *rows: int) -> list[int]:
    uow.ledger.record(ledger_event(Event.SEND, log_row=each) for each in rows)
    return list(uow.ledger.search(EVERYTHING, similar={}))


def found(uow: UnitOfWork, *words: str) -> list[int]:
    query = Query(Words(TextField.SUBJECT, words))
    return list(uow.ledger.search(query, similar={}))


async def test_a_row_is_known_by_its_digest(store: Store) -> None:
    await store.transact(lambda uow: uow.log_rows.add([log_row("a"), log_row("b")]))

    asked = [digest("a"), digest("c")]
    assert await store.read(lambda uow: uow.log_rows.known(asked)) == {digest("a")}


async def test_an_event_shows_what_its_row_says(store: Store) -> None:
    row = log_row(message_id="1@example.net", subject="Büro; now", size=7, sender="x")

    def work(uow: UnitOfWork) -> int:
        (number,) = uow.log_rows.add([row])
        tell(uow, number)
        return number

    number = await store.transact(work)
    (event,) = await store.read(lambda uow: uow.ledger.rows([1]))

    shown = (event.message_id, event.subject, event.size, event.sha256, event.log_row)
    assert shown == ("1@example.net", "Büro; now", 7, None, number)


async def test_a_row_comes_back_whole_with_its_events_in_order(store: Store) -> None:
    rows = [log_row("a", fields={"x": "ü\n"}), log_row("b")]

    def work(uow: UnitOfWork) -> None:
        one, two = uow.log_rows.add(rows)
        tell(uow, one, two, one)

    await store.transact(work)

    assert await store.read(lambda uow: uow.log_rows.logged([1, 2, 9])) == {
        1: LoggedEvents(fields={"x": "ü\n"}, events=[1, 3]),
        2: LoggedEvents(fields={"source": "b"}, events=[2]),
    }


async def test_a_row_and_its_words_go_with_its_last_event(store: Store) -> None:
    def add(uow: UnitOfWork) -> list[int]:
        rows = [
            log_row("a", subject="secret plan", sender="plan"),
            log_row("b", subject="plan"),
        ]
        one, two = uow.log_rows.add(rows)
        return tell(uow, one, one, two)

    def left(uow: UnitOfWork) -> set[bytes]:
        return uow.log_rows.known([digest("a"), digest("b")])

    first, second, third = await store.transact(add)
    await store.transact(lambda uow: uow.ledger.remove([first]))
    assert len(await store.read(left)) == 2
    await store.transact(lambda uow: uow.ledger.remove([second]))
    assert await store.read(left) == {digest("b")}
    assert await store.read(found, "plan") == [third]

    def again(uow: UnitOfWork) -> None:
        tell(uow, *uow.log_rows.add([log_row("a", subject="secret plan")]))

    await store.transact(again)
    assert len(await store.read(found, "secret", "plan")) == 1


async def test_mail_is_counted_by_its_trace_however_many_rows_tell_of_it(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> tuple[int, int, int]:
        number = uow.messages.add(message()).id
        one, two = uow.log_rows.add([log_row("a"), log_row("b")])
        uow.ledger.record(
            [
                ledger_event(message=number),
                ledger_event(log_row=one, forward_path=ADA),
                ledger_event(log_row=two, forward_path=BOB),
                ledger_event(log_row=two, trace_id="other"),
            ]
        )
        return uow.ledger.count(uow.ledger.search(EVERYTHING, similar={}))

    assert await store.transact(work) == (3, 0, 0)


async def test_no_message_stands_behind_a_row(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        tell(uow, *uow.log_rows.add([log_row()]))
        assert [each.message for each in uow.ledger.page(limit=9)] == [None]
        assert uow.messages.known_in([1], ["example.org"]) == set()

    await store.transact(work)


@pytest.mark.parametrize("count", [MAX_WORDS, MAX_WORDS + 1])
async def test_only_so_many_words_of_a_text_find_it(store: Store, count: int) -> None:
    def work(uow: UnitOfWork) -> None:
        subject = "a " * (count - 1) + "last"
        tell(uow, *uow.log_rows.add([log_row(subject=subject)]))

    await store.transact(work)

    assert len(await store.read(found, "last")) == (1 if count == MAX_WORDS else 0)


@pytest.mark.parametrize("few", [0, 20_000])
async def test_a_size_is_asked_the_same_way_of_few_events_and_of_many(
    store: Store, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LedgerSearch, "FEW", few)
    rows = [log_row(name, size=size) for name, size in (("a", 5), ("b", 50))]

    def work(uow: UnitOfWork) -> list[list[int]]:
        mail = uow.messages.add(message("m", size=60))
        tell(uow, *uow.log_rows.add(rows))
        uow.ledger.record([ledger_event(Event.SEND, message=mail.id)])
        uow.ledger.record([ledger_event(Event.SEND)])  # of no message at all
        return [
            list(uow.ledger.search(parse(text, now=NOW), similar={}))
            for text in (
                *("newer:9d larger:9", "newer:9d -larger:9", "newer:9d smaller:9"),
                "rcpt:nobody@example.org larger:9",
            )
        ]

    assert await store.transact(work) == [[2, 3], [1, 4], [1], []]
