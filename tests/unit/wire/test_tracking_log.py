"""Message tracking logs: read row by row, written as they are read."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postwarden.wire.tracking_log import (
    EVENTS,
    FIELDS,
    MAX_LINE,
    BadRow,
    Row,
    header,
    is_log_name,
    join_values,
    line,
    read_rows,
    split_values,
    time_text,
)

BEGAN = datetime(2026, 11, 27, 8, tzinfo=UTC)
TIME = "2026-11-27T08:00:00.123Z"
SHORT = b"#Fields: date-time,event-id,message-subject\r\n"
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
ROWS = st.fixed_dictionaries(
    {
        "date-time": st.datetimes(timezones=st.just(UTC)).map(time_text),
        "event-id": st.sampled_from(sorted(EVENTS)),
    },
    optional={name: TEXTS for name in FIELDS if name not in {"date-time", "event-id"}},
)


def read(*lines: bytes) -> list[Row | BadRow]:
    return list(read_rows(lines))


def reasons(*lines: bytes) -> list[tuple[int, str]]:
    found = read(*lines)
    return [(each.number, each.reason) for each in found if isinstance(each, BadRow)]


def subjects(*lines: bytes) -> list[str]:
    return [each["message-subject"] for each in read(*lines) if isinstance(each, Row)]


def lines_of(content: bytes) -> list[bytes]:
    *whole, rest = content.split(b"\n")
    return [*(each + b"\n" for each in whole), *([rest] if rest else [])]


@given(rows=st.lists(ROWS, max_size=5))
@example(rows=[{"date-time": TIME, "event-id": "RECEIVE", "message-subject": '"\r\n#'}])
@example(rows=[{"date-time": TIME, "event-id": "DSN", "schema-version": "\ufeff \r"}])
def test_what_is_written_is_read_back(rows: list[dict[str, str]]) -> None:
    content = header(BEGAN) + b"".join(map(line, rows))
    found = read(*lines_of(content))

    assert [each.fields for each in found if isinstance(each, Row)] == [
        {name: value for name, value in row.items() if value} for row in rows
    ]
    assert len(found) == len(rows)


@given(content=st.binary(max_size=200), head=st.sampled_from([b"", SHORT]))
def test_no_octets_raise(content: bytes, head: bytes) -> None:
    found = read(*lines_of(head + content))
    assert all(each.number > 0 for each in found)


@given(values=st.lists(st.text(alphabet="ab ;'[]{}5.", max_size=8), min_size=1))
def test_values_are_split_where_they_were_joined(values: list[str]) -> None:
    plain = tuple(each for each in values if "';" not in each) or ("x",)
    assert split_values(join_values(plain)) == plain


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ("",)),
        ("250 2.1.5 OK;;550 5.1.1 no", ("250 2.1.5 OK", "", "550 5.1.1 no")),
        ("'550 5.1.1 no; not here';To", ("550 5.1.1 no; not here", "To")),
        (
            "[{LED=250 OK};{IP=::1}];[{LED=550}]",
            ("[{LED=250 OK};{IP=::1}]", "[{LED=550}]"),
        ),
        ("'it's;so';b", ("it's;so", "b")),
        ("]a;b", ("]a", "b")),
    ],
)
def test_a_semicolon_in_quotes_or_brackets_splits_nothing(
    text: str, values: tuple[str, ...]
) -> None:
    assert split_values(text) == values


def test_a_row_says_who_got_what_and_how_it_went() -> None:
    (row,) = read(
        b"\xef\xbb\xbf#Log-Type: Message Tracking Log\r\n",
        b"#Fields: date-time, EVENT-ID,recipient-address,recipient-status,"
        b"total-bytes,x-new\r\n",
        f"{TIME},deliver,a@x.example;;b@x.example ,ok;'no; never',5242881,7".encode(),
    )

    assert isinstance(row, Row)
    assert (row.number, row.event) == (3, "DELIVER")
    assert row.time == datetime(2026, 11, 27, 8, 0, 0, 123000, tzinfo=UTC)
    assert row.recipients == ("a@x.example", "b@x.example")
    assert row.statuses == ("ok", "no; never")
    assert (row.size, row["x-new"], row["reference"]) == (5242881, "7", "")


def test_one_recipient_has_the_whole_status_and_too_few_have_none() -> None:
    fields = b"#Fields: date-time,event-id,recipient-address,recipient-status\n"
    one, two = read(
        fields,
        f"{TIME},FAIL,a@x.example,550 no; never\n".encode(),
        f"{TIME},FAIL,a@x.example;b@x.example,550 no\n".encode(),
    )
    assert isinstance(one, Row)
    assert isinstance(two, Row)
    assert one.statuses == ("550 no; never",)
    assert two.statuses == ("", "")


def test_a_header_in_the_middle_changes_the_order_of_fields() -> None:
    found = subjects(
        SHORT,
        f"{TIME},SEND,first\r\n".encode(),
        b"#Software: Microsoft Exchange Server\r\n",
        b"#Fields: message-subject,date-time,event-id\r\n",
        f"second,{TIME},SEND\r\n".encode(),
    )
    assert found == ["first", "second"]


def test_a_bad_line_is_named_and_the_next_one_read() -> None:
    found = read(
        SHORT,
        f"{TIME},SEND\r\n".encode(),
        b"yesterday,SEND,x\r\n",
        f"{TIME},SENT,x\r\n".encode(),
        f'{TIME},SEND,"x"y\r\n'.encode(),
        f"{TIME},SEND,a\0b\r\n".encode(),
        b"\r\n",
        f"{TIME},SEND,good\r\n".encode(),
        f"{TIME},SE".encode(),
    )

    assert [each.number for each in found] == [2, 3, 4, 5, 6, 8, 9]
    assert [each.reason for each in found if isinstance(each, BadRow)] == [
        "2 fields where #Fields names 3",
        "date-time 'yesterday' is no time",
        "event-id 'SENT' is none of Exchange's",
        "something stands behind a closing quote",
        "it has a NUL, which no log has",
        "2 fields where #Fields names 3",
    ]


def test_a_quotation_that_does_not_end_costs_its_own_line_alone() -> None:
    rows = [f"{TIME},SEND,{n}\r\n".encode() for n in range(30)]
    lines = (SHORT, f'{TIME},SEND,"lost\r\n'.encode(), *rows)

    assert reasons(*lines) == [(2, "a quotation does not end")]
    assert subjects(*lines) == [str(n) for n in range(30)]


def test_a_line_that_is_too_long_is_passed_over_in_pieces() -> None:
    head = f"{TIME},SEND,".encode()
    long = [head, *[b"x" * 65536] * (MAX_LINE // 65536), b"\r\n"]
    lines = (SHORT, *long, f"{TIME},SEND,next\r\n".encode())

    assert reasons(*lines) == [(2, f"longer than {MAX_LINE} octets")]
    assert subjects(*lines) == ["next"]


def test_what_is_no_tracking_log_is_said_once() -> None:
    lines = (
        b"#Log-Type: SMTP Receive Protocol Log\r\n",
        b"#Fields: date-time,session-id\r\n",
        *[b"2026-11-27T08:00:00.000Z,1\r\n"] * 3,
    )
    assert reasons(*lines) == [
        (1, "a 'SMTP Receive Protocol Log' follows, which is no message tracking log")
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("date-time,source", "#Fields lacks event-id"),
        ("a,b", "#Fields lacks date-time and event-id"),
        ("date-time,event-id,event-id", "#Fields names a field twice"),
        (",".join(map(str, range(101))), "#Fields names more than 100"),
    ],
)
def test_a_header_that_makes_no_sense_is_named(fields: str, reason: str) -> None:
    assert reasons(f"#Fields: {fields}\n".encode()) == [(1, reason)]


def test_rows_before_any_header_are_named() -> None:
    (found,) = reasons(b"2026-11-27T08:00:00.000Z,SEND,x\r\n")
    assert found == (1, "no #Fields line before it says what it has")


def test_a_time_without_zone_is_utc() -> None:
    (row,) = read(SHORT, b"2026-11-27 08:00:00,SEND,x\n")
    assert isinstance(row, Row)
    assert row.time == BEGAN


def test_rows_that_say_the_same_are_the_same_wherever_they_stand() -> None:
    rows = read(
        SHORT,
        f"{TIME},SEND,x\n".encode(),
        b"#Fields: event-id,client-ip,message-subject,date-time\n",
        f"SEND,,x,{TIME}\n".encode(),
        f"SEND,,y,{TIME}\n".encode(),
    )
    first, same, other = (each.digest for each in rows if isinstance(each, Row))
    assert first == same != other


def test_times_are_written_as_fine_as_they_are() -> None:
    assert time_text(BEGAN) == "2026-11-27T08:00:00.000Z"
    assert time_text(BEGAN.replace(microsecond=1)) == "2026-11-27T08:00:00.000001Z"


@pytest.mark.parametrize("name", ["MSGTRK2026112708-1.LOG", "msgtrkmd20261127-1.log"])
def test_logs_are_known_by_their_names(name: str) -> None:
    assert is_log_name(name)
    assert not is_log_name(f"{name}.bak")
    assert not is_log_name("RECV20261127-1.LOG")
