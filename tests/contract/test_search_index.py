"""Full text: what waits for it, and what it finds."""

import pytest

from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import SearchText
from postwarden.model.queries.terms import Query, TextField, Words
from postwarden.services.ports import SearchIndex, Store, UnitOfWork
from tests.support.factories import account, copy_in, digest, message, search_text
from tests.support.stores import NO_FULL_TEXT


def fill(uow: UnitOfWork, count: int = 4) -> list[int]:
    """Add messages 1 to `count`, each with one copy."""
    inbox = uow.mailboxes.add(uow.accounts.add(account()).id, "INBOX", 1)
    numbers = [uow.messages.add(message(str(n))).id for n in range(1, count + 1)]
    uow.copies.add([copy_in(inbox, number, number) for number in numbers])
    return numbers


def about(*words: str) -> Query:
    return Query(Words(TextField.TEXT, words))


def text(number: int) -> SearchText:
    return search_text(number, subject=f"Subject {number}", body="some Text")


async def found(store: Store, query: Query) -> list[int]:
    def search(uow: UnitOfWork) -> list[int]:
        return list(uow.copies.search(query, states=[CopyState.LIVE], similar={}))

    return await store.read(search)


async def test_messages_wait_for_the_index_oldest_first(
    store: Store, index: SearchIndex
) -> None:
    assert await index.pending(9) == []
    assert await index.lag() == 0

    one, two, three, four = await store.transact(fill)
    assert await index.pending(2) == [(one, digest("1")), (two, digest("2"))]
    assert await index.lag() == 4

    await index.add([text(one), text(two)], two)
    assert await index.pending(9) == [(three, digest("3")), (four, digest("4"))]
    assert await index.lag() == 2


async def test_a_message_without_text_is_done_with_those_before_it(
    store: Store, index: SearchIndex
) -> None:
    one, two, three, _ = await store.transact(fill)

    await index.add([text(one)], three)
    assert await index.lag() == 1
    await index.add([], two)
    assert await index.lag() == 1
    assert await found(store, about("text")) == [one]


async def test_what_was_indexed_by_another_is_not_indexed_twice(
    store: Store, index: SearchIndex
) -> None:
    one, two, *_ = await store.transact(fill)
    await index.add([text(one)], one)

    await index.add([search_text(one, subject="changed"), text(two)], two)

    assert await found(store, about("text")) == [one, two]
    assert await found(store, about("changed")) == []


async def test_words_are_found_once_they_are_indexed(
    store: Store, index: SearchIndex
) -> None:
    one, *_ = await store.transact(fill)
    assert await found(store, about("subject")) == []

    await index.add([text(one)], one)

    assert await found(store, about("subject")) == [one]
    assert await found(store, about("subject", "1")) == [one]
    assert await found(store, about("1", "some")) == []


@pytest.mark.parametrize("adapter", ["memory", "sqlite"], indirect=True)
async def test_a_transaction_that_writes_has_no_full_text(store: Store) -> None:
    def search(uow: UnitOfWork) -> None:
        list(uow.copies.search(about("x"), states=[], similar={}))
        list(uow.ledger.search(about("x"), similar={}))

    with pytest.raises(NO_FULL_TEXT):
        await store.transact(search)
    with pytest.raises(NO_FULL_TEXT):
        await store.transact(
            lambda uow: list(uow.ledger.search(about("x"), similar={}))
        )


async def test_words_are_taken_out_again(store: Store, index: SearchIndex) -> None:
    one, two, three, four = await store.transact(fill)
    await index.add([text(n) for n in (one, two, three, four)], four)

    await index.remove([two, 99])
    await index.remove([two])

    assert await found(store, about("text")) == [one, three, four]
    assert await found(store, about("subject", str(two))) == []


async def test_what_was_emptied_is_not_indexed_any_more(
    store: Store, index: SearchIndex
) -> None:
    one, two, three, _ = await store.transact(fill)

    await store.transact(lambda uow: uow.disposal.empty([one, two]))

    assert [number for number, _ in await index.pending(9)] == [3, 4]
    assert await index.lag() == 2
    # Its text was read before, and comes too late.
    await index.add([text(one), text(three)], three)
    assert await found(store, about("text")) == [three]
