"""Lines out of a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.smtp.lines import MAX_AUTH_LINE, Lines
from postwarden.wire.smtp.problems import Malformed, Problem


def lines_of(octets: bytes) -> Lines:
    return Lines(bytearray(octets))


def take_all(lines: Lines) -> list[bytes | Problem]:
    taken: list[bytes | Problem] = []
    while True:
        try:
            line = lines.take()
        except Malformed as malformed:
            taken.append(malformed.problem)
            continue
        if line is None:
            return taken
        taken.append(line)


def test_crlf_ends_a_line() -> None:
    assert take_all(lines_of(b"NOOP\r\n\r\nQUI")) == [b"NOOP", b""]


def test_a_bare_lf_ends_a_line_that_is_refused() -> None:
    assert take_all(lines_of(b"NOOP\nQUIT\r\n\n")) == [
        Problem.LINE,
        b"QUIT",
        Problem.LINE,
    ]


def test_a_line_at_its_bound_passes() -> None:
    line = b"x" * (MAX_AUTH_LINE - 2)

    assert take_all(lines_of(line + b"\r\n")) == [line]


def test_a_longer_line_is_refused_once() -> None:
    sent = b"x" * (MAX_AUTH_LINE - 1) + b"\r\nNOOP\r\n"

    assert take_all(lines_of(sent)) == [Problem.LINE_TOO_LONG, b"NOOP"]


def test_an_endless_line_costs_no_memory() -> None:
    lines = lines_of(b"")
    for _ in range(1000):
        lines.pending += b"x" * 1000
        assert lines.take() is None
        assert len(lines.pending) <= MAX_AUTH_LINE + 1000

    lines.pending += b"\r\nNOOP\r\n"

    assert take_all(lines) == [Problem.LINE_TOO_LONG, b"NOOP"]


def test_all_can_be_taken_as_it_is() -> None:
    lines = lines_of(b"a\r\nb")

    assert lines.take_all() == b"a\r\nb"
    assert lines.take() is None


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_pieces_never_matter(pieces: list[bytes]) -> None:
    lines = lines_of(b"")
    taken: list[bytes | Problem] = []
    for piece in pieces:
        lines.pending += piece
        taken += take_all(lines)

    assert taken == take_all(lines_of(b"".join(pieces)))


@pytest.mark.parametrize("line", [b"\r", b"a\rb", b"\0"])
def test_what_is_inside_a_line_is_not_judged_here(line: bytes) -> None:
    assert take_all(lines_of(line + b"\r\n")) == [line]
