"""mbox files: where mails begin, and that ours give back the very octets."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postwarden.wire.mbox import (
    MboxItem,
    MboxSplitter,
    NotAnMbox,
    format_item,
    separator_date,
    without_separator,
)

DATE = datetime(2002, 8, 22, 12, 36, 23, tzinfo=UTC)
LINE = b"From ada@example.org Thu Aug 22 12:36:23 2002\n"
MAIL = b"Subject: hello\n\nbody\n"

# Octets out of which separators, quotes and line ends of all kinds arise.
pieces_of_mail = st.sampled_from(
    [b"From ", b">From ", b">", b"\n", b"\r\n", b"\r", LINE, b"Subject: x\n", b"text"]
)
contents = st.lists(pieces_of_mail, max_size=12).map(b"".join)


def split(
    octets: bytes, *, piece: int = 1 << 16, max_size: int = 10**6
) -> list[MboxItem]:
    splitter = MboxSplitter(max_size)
    items: list[MboxItem] = []
    for start in range(0, len(octets), piece):
        items += splitter.feed(octets[start : start + piece])
    return [*items, *splitter.finish()]


def contents_of(octets: bytes, **how: int) -> list[bytes | None]:
    return [item.content for item in split(octets, **how)]


@pytest.mark.parametrize(
    "line",
    [
        b"From ada@example.org  Thu Aug 22 12:36:23 2002\n",
        b"From MAILER-DAEMON Thu Aug 22 12:36:23 2002\r\n",
        b"From - Thu Aug 22 12:36:23 2002\n",
        b"From ada@example.org Thu, 22 Aug 2002 12:36:23 +0000\n",
        b"From ada@example.org Thu Aug 22 12:36:23 GMT 2002\n",
        b"From Sun@example.org Thu Aug 22 12:36:23 2002 remote from host\n",
        b"From Sun Thu Aug 22 12:36:23 2002\n",
    ],
)
def test_full_separator_lines_have_a_date(line: bytes) -> None:
    assert separator_date(line) == DATE


@pytest.mark.parametrize(
    "line",
    [
        b"From the beginning we knew it\n",
        b"From Monday on\n",
        b">From ada@example.org Thu Aug 22 12:36:23 2002\n",
        b"from ada@example.org Thu Aug 22 12:36:23 2002\n",
        b"From " + b"x" * 2000 + b" Thu Aug 22 12:36:23 2002\n",
    ],
)
def test_other_lines_have_none(line: bytes) -> None:
    assert separator_date(line) is None


def test_mails_are_cut_and_the_empty_line_that_closes_them_is_not_theirs() -> None:
    second = b"Subject: second\n\n\nbody\n\n"
    octets = LINE + MAIL + b"\n" + LINE + second + b"\n"
    assert contents_of(octets) == [MAIL, second]
    assert [item.number for item in split(octets)] == [1, 2]
    assert [item.date for item in split(octets)] == [DATE, DATE]


def test_line_ends_of_the_file_may_be_crlf() -> None:
    octets = (LINE + MAIL + b"\n" + LINE + MAIL).replace(b"\n", b"\r\n")
    stored = MAIL.replace(b"\n", b"\r\n")
    assert contents_of(octets) == [stored, stored]


def test_text_that_begins_like_a_separator_stays_in_its_mail() -> None:
    body = b"Subject: x\n\nFrom here on\n\nFrom Monday on\n" + LINE + b"is what I got\n"
    assert contents_of(LINE + body) == [body]


def test_a_full_separator_behind_an_empty_line_separates_whatever_follows() -> None:
    assert contents_of(LINE + MAIL + b"\n" + LINE + b"no header\n") == [
        MAIL,
        b"no header\n",
    ]


def test_the_empty_line_may_lack_before_a_header() -> None:
    assert contents_of(LINE + MAIL + LINE + MAIL) == [MAIL, MAIL]


def test_the_first_line_needs_no_date_and_empty_lines_may_stand_before_it() -> None:
    [item] = split(b"\n\nFrom somebody\n" + MAIL)
    assert (item.content, item.date) == (MAIL, None)


@pytest.mark.parametrize("octets", [b"", b"\n\n"])
def test_an_empty_file_has_no_mail(octets: bytes) -> None:
    assert split(octets) == []


@pytest.mark.parametrize("octets", [MAIL, b"Fr", b"\nx", b"F" * 5000])
def test_a_file_that_begins_otherwise_is_no_mbox(octets: bytes) -> None:
    with pytest.raises(NotAnMbox):
        split(octets)


def test_a_mail_that_is_too_large_is_named_and_the_next_one_is_read() -> None:
    large = b"Subject: large\n\n" + b"x" * 70 * 1000 + b"\n"
    items = split(LINE + large + b"\n" + LINE + MAIL, piece=512, max_size=10_000)
    assert [item.content for item in items] == [None, MAIL]
    assert items[0].size == len(large)


def test_what_is_too_large_is_not_kept() -> None:
    splitter = MboxSplitter(1000)
    list(splitter.feed(LINE))
    for _ in range(100):
        list(splitter.feed(b"x" * 1000))
        assert len(splitter._buffer) < 10_000


def test_a_mail_that_just_fits_is_read() -> None:
    assert contents_of(LINE + MAIL + b"\n", max_size=len(MAIL)) == [MAIL]
    assert contents_of(LINE + MAIL + b"\n", max_size=len(MAIL) - 1) == [None]


@given(st.lists(contents, max_size=5), st.integers(1, 60))
def test_it_does_not_matter_in_which_pieces_a_file_comes(
    mails: list[bytes], piece: int
) -> None:
    octets = b"".join(LINE + mail + b"\n" for mail in mails)
    assert split(octets, piece=piece) == split(octets)


@given(st.lists(contents | st.binary(max_size=50), max_size=6))
@example([b""])
@example([b"From x"])
@example([b"no line end"])
@example([b"x\n\n\n", b"\n"])
@example([b">>From x\n\nFrom y\r\n"])
def test_our_own_files_give_back_the_very_octets(mails: list[bytes]) -> None:
    octets = b"".join(format_item(m, sha256(m).digest(), DATE) for m in mails)
    items = split(octets)
    assert [item.content for item in items] == mails
    assert all(item.is_exact and item.date == DATE for item in items)


def test_what_somebody_changed_in_our_file_is_taken_as_it_stands() -> None:
    octets = format_item(MAIL + b"From x\n", sha256(MAIL).digest(), DATE)
    [item] = split(octets)
    assert (item.content, item.is_exact) == (MAIL + b">From x\n", False)


def test_our_files_are_quoted_as_mboxrd_and_other_programs_can_cut_them() -> None:
    mail = b"Subject: x\r\n\r\nFrom a\r\n>From b\r\n"
    octets = format_item(mail, sha256(mail).digest(), DATE)
    assert octets.endswith(b"\r\n>From a\r\n>>From b\r\n\n")
    assert octets.startswith(b"From ")
    assert octets.partition(b"\n")[0].endswith(b" Thu Aug 22 12:36:23 2002")


@given(contents)
def test_only_a_leading_separator_line_is_taken_from_a_mail_file(mail: bytes) -> None:
    assert without_separator(LINE + mail) == mail
    if not mail.startswith(b"From "):
        assert without_separator(mail) == mail
