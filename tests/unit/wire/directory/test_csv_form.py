"""The directory as CSV: safe in a spreadsheet, and the same again when read."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.directory import BadRow, Row, RowKind, UnreadableFile, csv_form
from tests.unit.wire.directory.rows import rows

EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def read(text: str) -> list[Row | BadRow]:
    return list(csv_form.read(io.StringIO(text, newline="")))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_no_cell_begins_a_formula_and_each_comes_back(cell: str) -> None:
    written = csv_form.protected(cell)

    assert not written.lstrip().startswith(EXECUTED)
    assert csv_form.unprotected(written) == cell


@given(st.lists(rows(), max_size=8))
def test_rows_come_back(wanted: list[Row]) -> None:
    text = csv_form.head() + "".join(map(csv_form.format_row, wanted))

    found = read(text)
    assert all(isinstance(row, Row) for row in found)
    assert [(row.kind, row.fields) for row in found if isinstance(row, Row)] == [
        (row.kind, row.fields) for row in wanted
    ]
    for record in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(EXECUTED) for cell in record)


def test_columns_may_stand_in_any_order_and_be_left_out() -> None:
    assert read("Address , kind\r\nada@example.org,Account\r\n") == [
        Row(2, RowKind.ACCOUNT, {"address": "ada@example.org"})
    ]


def test_quoted_local_parts_with_commas_are_one_address() -> None:
    cell = '"""a, b \\"" c""@x.example d@x.example, e@x.example"'
    [row] = read(f"kind,address,to\r\nalias,s@x.example,{cell}\r\n")

    assert isinstance(row, Row)
    assert row.fields["to"] == (
        '"a, b \\" c"@x.example',
        "d@x.example",
        "e@x.example",
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("user,ada@example.org,", "kind is one of"),
        ("account,ada@example.org,x,y", "more cells"),
        ("alias,s@example.org,Sales", "alias has no name"),
        ("account,\udcff@example.org,", "not UTF-8"),
        ('account,"ada,', "not CSV"),
    ],
)
def test_bad_rows_are_told_by_number(line: str, reason: str) -> None:
    good, bad = read(f"kind,address,name\r\naccount,good@example.org,\r\n{line}\r\n")

    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert bad.number == 3
    assert reason in bad.reason


@pytest.mark.parametrize("head", ["", "address\r\n", "kind,kind\r\n", "kind,uid\r\n"])
def test_the_first_row_names_columns_that_there_are(head: str) -> None:
    with pytest.raises(UnreadableFile, match="line 1"):
        read(head)


def test_a_cell_of_any_sensible_length_is_read() -> None:
    members = " ".join(f"m{number}@example.org" for number in range(10_000))
    [row] = read(f"kind,address,members\r\ngroup,g@example.org,{members}\r\n")

    assert isinstance(row, Row)
    assert len(row.fields["members"]) == 10_000


def test_a_line_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_form, "MAX_LINE", 100)
    with pytest.raises(UnreadableFile, match="a line has 100 characters"):
        read("kind,address\r\n" + "x" * 100)
