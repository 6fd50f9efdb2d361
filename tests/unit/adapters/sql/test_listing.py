"""A page of a large mailbox, and one mail in it, are found by index."""

from pathlib import Path

import pytest

from postwarden.adapters.sql import listing
from postwarden.adapters.sql.search import LedgerSearch, MailboxSearch
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.adapters.sql.statements import SQLITE, Prepared
from postwarden.model.mailboxes import Order, SortField
from postwarden.model.queries import parse
from tests.support.factories import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "postwarden.db"
    SqliteStore(path).close()
    return path


def plan(path: Path, statement: Prepared, **values: object) -> str:
    connection = SqliteConnection(path, None)
    try:
        text, fixed = statement.compiled(SQLITE)
        rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", {**fixed, **values})
        return "\n".join(row[3] for row in rows)
    finally:
        connection.close()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("field", "index"),
    [
        (SortField.UID, "copies_by_uid (mailbox_id=?)"),
        (SortField.RECEIVED, "copies_by_arrival (mailbox_id=?)"),
    ],
)
def test_a_page_is_a_walk_along_an_index(
    path: Path, field: SortField, index: str, *, descending: bool
) -> None:
    statement = listing.in_mailbox(Order(field=field, descending=descending))
    said = plan(path, statement, mailbox=1, offset=0, count=50)
    assert said == f"SEARCH copies USING COVERING INDEX {index}"


def test_one_mail_of_a_mailbox_is_found_from_its_message(path: Path) -> None:
    query = parse("message-id:x@example.org -is:read", now=NOW)
    said = plan(path, MailboxSearch({}).statement_in(query, [1]))
    assert "SEARCH copies USING INDEX copies_by_message (message=?)" in said
    assert "INDEX messages_by_message_id (message_id=?)" in said


def test_what_many_mails_are_is_asked_of_those_in_the_mailbox(path: Path) -> None:
    query = parse("is:read larger:5M", now=NOW)
    said = plan(path, MailboxSearch({}).statement_in(query, [1]))
    assert "SEARCH copies USING INDEX copies_by_" in said
    assert "(mailbox_id=?)" in said
    assert "USING INTEGER PRIMARY KEY" in said
    assert "SCAN copies" not in said
    assert "SCAN messages" not in said


def test_few_events_are_asked_for_their_message_and_many_are_found_from_it(
    path: Path,
) -> None:
    query = parse("event:RECEIVE newer:2h larger:5M", now=NOW)
    search = LedgerSearch({})
    beside = search.events_beside(query)
    assert beside is not None
    assert "ledger_by_time (time>?)" in plan(path, beside)
    few = plan(path, search.statement(query, from_events=True))
    assert "SEARCH ledger USING INDEX ledger_by_time (time>?)" in few
    assert "log_rows USING INTEGER PRIMARY KEY (rowid=?)" in few
    many = plan(path, search.statement(query))
    assert "log_rows USING COVERING INDEX log_rows_by_size (size>?)" in many


@pytest.mark.parametrize(
    "text", ["larger:5M", "newer:2h", "newer:2h message-id:a@b", "event:SEND larger:5M"]
)
def test_what_names_few_messages_or_no_events_is_not_asked_twice(text: str) -> None:
    assert LedgerSearch({}).events_beside(parse(text, now=NOW)) is None
