"""A page of a large mailbox, and one mail in it, are found by index."""

from pathlib import Path

import pytest

from postwarden.adapters.sql import listing
from postwarden.adapters.sql.search import MailboxSearch
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
