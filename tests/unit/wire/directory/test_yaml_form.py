"""The directory as YAML: what is written comes back, and bombs are refused."""

import io
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.directory import BadRow, Row, RowKind, UnreadableFile, yaml_form
from tests.unit.wire.directory.rows import rows


def read(text: str | bytes) -> list[Row | BadRow]:
    octets = text.encode() if isinstance(text, str) else text
    return list(yaml_form.read(io.BytesIO(octets)))


@given(st.lists(rows(), max_size=8))
def test_rows_come_back(wanted: list[Row]) -> None:
    wanted = sorted(wanted, key=lambda row: list(RowKind).index(row.kind))
    text = yaml_form.head()
    for kind in RowKind:
        lines = [yaml_form.format_row(row) for row in wanted if row.kind is kind]
        text += yaml_form.section(kind) + "".join(lines) if lines else ""

    found = read(text)
    assert [(row.kind, row.fields) for row in found if isinstance(row, Row)] == [
        (row.kind, row.fields) for row in wanted
    ]
    assert len(found) == len(wanted)


def test_values_are_the_text_they_are() -> None:
    [row] = read("accounts:\n- {address: no, name: 12:30, quota_octets: 0o17}\n")

    assert row == Row(
        2,
        RowKind.ACCOUNT,
        {"address": "no", "name": "12:30", "quota_octets": "0o17"},
    )


def test_a_list_of_one_need_not_be_a_list() -> None:
    [row] = read("aliases:\n- address: s@x.example\n  to: a@x.example\n  state:\n")

    assert isinstance(row, Row)
    assert row.fields == {"address": "s@x.example", "to": ("a@x.example",), "state": ""}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("{address: a@x.example, uid: 7}", "account has no 'uid'"),
        ("{address: a@x.example, address: b@x.example}", "twice"),
        ("{address: [a@x.example]}", "address is a text"),
        ("{address: {a: {b: c}}, name: x}", "address is a text"),
        ("{[a, b]: c}", "account has no"),
        ("just words", "is a mapping"),
        ("[a, [b, {c: d}]]", "is a mapping"),
    ],
)
def test_bad_rows_are_told_by_line_and_others_read(item: str, reason: str) -> None:
    bad, good = read(f"accounts:\n- {item}\n- {{address: good@x.example}}\n")

    assert isinstance(bad, BadRow)
    assert bad.number == 2
    assert reason in bad.reason
    assert good == Row(3, RowKind.ACCOUNT, {"address": "good@x.example"})


BOMB = "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\naccounts: *c\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "'a' is none of"),
        ("accounts: &x []\n", "anchors and aliases"),
        ("accounts:\n- &x {address: a}\n- *x\n", "anchors and aliases"),
        ("accounts:\n- {address: !!python/object:os.system a}\n", "tags are not read"),
        ("accounts: !!set {}\n", "tags are not read"),
        ("accounts: " + "[" * 100_000, "levels|nesting"),
        ("accounts:\n- " + "{a: " * 100_000, "levels|nesting"),
        ("- accounts\n", "mapping of kinds"),
        ("accounts: 7\n", "accounts is a list"),
        ("accounts: []\naccounts: []\n", "twice"),
        ("version: 2\n", "the version is 1"),
        ("accounts: []\n---\naccounts: []\n", "one document"),
        ("accounts: [\n", "line"),
        (b"accounts:\n- address: \xff\n", "invalid"),
        (b"accounts:\n- address: \x00\n", "control|characters"),
    ],
)
def test_what_is_no_directory_is_refused_soon(text: str | bytes, reason: str) -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match=reason):
        read(text)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "~", "version: 1\naccounts:\n"])
def test_an_empty_file_has_no_rows(text: str) -> None:
    assert read(text) == []


@given(st.binary(max_size=60) | st.text("[]{}:-*&!'\" \n?|>,ab#%", max_size=60))
def test_anything_is_read_or_refused(text: str | bytes) -> None:
    with suppress(UnreadableFile):
        read(text)
