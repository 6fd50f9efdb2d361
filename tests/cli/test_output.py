"""What is printed: JSON that scripts rely on, text that people read."""

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.cli import text
from postwarden.cli.output import Output, json_line
from postwarden.model.addresses import Address
from tests.support.factories import ADA


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Colour(StrEnum):
    RED = "red"


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_values_of_ours_have_their_json(capsys: pytest.CaptureFixture[str]) -> None:
    zone = timezone(timedelta(hours=2))
    Output(as_json=True).one(
        {
            "time": datetime(2026, 11, 21, 12, 30, tzinfo=zone),
            "exact": datetime(2026, 11, 21, 12, 30, 1, 500, tzinfo=UTC),
            "sha256": bytes([0, 255]),
            "address": ADA,
            "colour": Colour.RED,
            "addresses": (ADA,),
            "nothing": None,
        }
    )
    assert json.loads(printed(capsys)) == {
        "time": "2026-11-21T10:30:00Z",
        "exact": "2026-11-21T12:30:01.000500Z",
        "sha256": "00ff",
        "address": "ada@example.org",
        "colour": "red",
        "addresses": ["ada@example.org"],
        "nothing": None,
    }


def test_a_list_is_json_lines_written_batch_by_batch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = Output(as_json=True).rows("n")
    rows.write([{"n": 1}, {"n": 2}])
    assert printed(capsys) == '{"n": 1}\n{"n": 2}\n'
    rows.write([])
    assert printed(capsys) == ""
    rows.write([{"n": 3}])
    assert printed(capsys) == '{"n": 3}\n'


def test_a_list_for_people_has_one_head(capsys: pytest.CaptureFixture[str]) -> None:
    rows = Output().rows("address", "used_octets")
    rows.write([{"address": "a@b.c", "used_octets": 2048, "other": 1}])
    rows.write([{"address": "a.long.one@b.c", "used_octets": 0}])
    assert printed(capsys).splitlines() == [
        "address  used octets",
        "a@b.c    2 KiB",
        "a.long.one@b.c  0 B",
    ]


def test_a_list_without_rows_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Output().rows("address").write([])
    assert printed(capsys) == ""


def test_a_list_within_a_thing_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    Output().one({"name": "Ada", "boxes": [{"box": "INBOX", "messages": 3}], "to": []})
    assert printed(capsys).splitlines() == [
        "name   Ada",
        "to     -",
        "",
        "box    messages",
        "INBOX  3",
    ]


def test_an_error_about_an_item_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    Output().problem("invalid", "not\nan address", row=3)
    Output(as_json=True).problem("invalid", "bad", field="address", row=3)
    text_line, json_object = capsys.readouterr().err.splitlines()
    assert text_line == "row 3: not\\nan address"
    assert json.loads(json_object) == {
        "row": 3,
        "error": {"code": "invalid", "message": "bad", "field": "address"},
    }


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 * 1000, "1000 MiB"),
        (3 * 1024**3, "3 GiB"),
        (1024**5, "1024.0 TiB"),
        (-2048, "-2 KiB"),
    ],
)
def test_sizes_are_short(octets: int, shown: str) -> None:
    assert text.size(octets) == shown


@given(st.text())
def test_what_people_see_obeys_no_control(string: str) -> None:
    assert text.visible(string).isprintable()


@given(st.text())
def test_json_reads_back_whatever_the_terminal(string: str) -> None:
    for stream in (Terminal(), io.StringIO()):
        line = json_line({"value": string}, stream)
        assert "\n" not in line
        assert json.loads(line) == {"value": string}


@given(st.text(alphabet=st.characters(min_codepoint=0x7F, max_codepoint=0x9F)))
def test_json_on_a_terminal_carries_no_c1_controls(string: str) -> None:
    assert json_line({"value": string}, Terminal()).isprintable()


def test_progress_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Output().progress("accounts", 2) as bar:
        bar.advance()
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Output(quiet=True).progress("accounts", 2) as bar:
        bar.advance()
    assert terminal.getvalue() == ""
    with Output().progress("accounts", 2) as bar:
        bar.advance()
    assert "accounts" in terminal.getvalue()


def test_an_address_is_shown_as_written() -> None:
    assert text.cell(Address("Ada L", "example.org")) == '"Ada L"@example.org'
