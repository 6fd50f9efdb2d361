"""The end of data, dots and smuggling."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.smtp.data import DataDecoder

END = b"\r\n.\r\n"


def decode(*pieces: bytes) -> tuple[bytes, bytes | None, bool]:
    """Feed pieces until the end; return content, what follows, whether bare."""
    decoder = DataDecoder()
    content = b""
    for number, piece in enumerate(pieces):
        part, rest = decoder.feed(piece)
        content += part
        if rest is not None:
            return content, rest + b"".join(pieces[number + 1 :]), decoder.bare
    return content, None, decoder.bare


def stuff(content: bytes) -> bytes:
    """What a right client sends for lines that all end in CRLF."""
    lines = content.split(b"\r\n")
    stuffed = [b"." + line if line.startswith(b".") else line for line in lines]
    return b"\r\n".join(stuffed) + b".\r\n"


def cuts(octets: bytes, *places: int) -> list[bytes]:
    borders = [0, *sorted(places), len(octets)]
    return [octets[start:end] for start, end in pairwise(borders)]


def test_dots_are_unstuffed() -> None:
    sent = b"..one\r\n...\r\n.two\r\n a.b\r\n.\r\n"

    assert decode(sent) == (b".one\r\n..\r\ntwo\r\n a.b\r\n", b"", False)


def test_an_empty_message_ends_at_once() -> None:
    assert decode(b".\r\n") == (b"", b"", False)


def test_what_follows_the_end_is_given_back() -> None:
    assert decode(b"a\r\n.\r\nQUIT\r\n") == (b"a\r\n", b"QUIT\r\n", False)


SMUGGLING = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r",
    "CR.LF": b"\r.\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRCRLF.CRLF-without-its-end": b"\r\r\n.\r",
    "CR-NUL-LF.CRLF": b"\r\0\n.\r\n",
    "CRLF.CR-NUL-LF": b"\r\n.\r\0\n",
    "LFCR.LFCR": b"\n\r.\n\r",
}


@pytest.mark.parametrize("variant", SMUGGLING.values(), ids=SMUGGLING)
def test_another_end_of_data_ends_nothing_and_is_noticed(variant: bytes) -> None:
    sent = b"a" + variant + b"MAIL FROM:<x@y>\r\nb" + END + b"QUIT\r\n"

    content, rest, bare = decode(sent)

    assert bare
    assert rest == b"QUIT\r\n"
    assert content.endswith(b"MAIL FROM:<x@y>\r\nb\r\n")


NUL = {
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "NUL-CRLF": b"\0\r\n",
}


@pytest.mark.parametrize("variant", NUL.values(), ids=NUL)
def test_a_nul_is_data_and_ends_nothing(variant: bytes) -> None:
    content, rest, bare = decode(b"a" + variant + b"b" + END)

    assert (rest, bare) == (b"", False)
    assert content == (b"a" + variant + b"b\r\n").replace(b"\r\n.", b"\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"..a\r\n.\r\nQUIT\r\n",
        b".\r\nx",
        b"\r\n.\r\n",
        b"\r\n..\r\n.\r\n.\r\n",
        *(b"a" + variant + b"b" + END + b"c" for variant in SMUGGLING.values()),
        *(b"a" + variant + b"b" + END + b"c" for variant in NUL.values()),
    ],
)
def test_a_cut_at_any_two_octets_makes_no_difference(sent: bytes) -> None:
    whole = decode(sent)

    for first in range(len(sent) + 1):
        for second in range(first, len(sent) + 1):
            assert decode(*cuts(sent, first, second)) == whole
    assert decode(*(sent[i : i + 1] for i in range(len(sent)))) == whole


NASTY = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"\0", b"a", b"\r\n.\r\n", b".."])
).map(b"".join)


@given(NASTY, st.lists(st.integers(0, 60), max_size=6))
def test_pieces_never_matter(octets: bytes, places: list[int]) -> None:
    places = [min(place, len(octets)) for place in places]
    content, rest, bare = decode(*cuts(octets, *places))

    assert (rest, bare) == decode(octets)[1:]
    if rest is not None:
        assert content == decode(octets)[0]


@given(NASTY)
def test_only_the_line_of_one_dot_is_the_end(octets: bytes) -> None:
    _, rest, _ = decode(octets)

    end = (b"\r\n" + octets).find(END)
    assert rest == (None if end < 0 else octets[end + 3 :])


LINES = st.lists(
    st.binary(max_size=20).map(lambda line: line.translate(None, b"\r\n")), max_size=8
)


@given(LINES, st.binary(max_size=8))
def test_what_a_right_client_sends_arrives_as_it_was(
    lines: list[bytes], rest: bytes
) -> None:
    content = b"".join(line + b"\r\n" for line in lines)

    assert decode(stuff(content) + rest) == (content, rest, False)


@given(NASTY)
def test_every_lone_cr_or_lf_is_noticed(octets: bytes) -> None:
    content, rest, bare = decode(octets + END)

    if rest == b"":
        stripped = octets.replace(b"\r\n", b"")
        # A CR at the very end meets the CR of the end of data.
        assert bare == (b"\r" in stripped or b"\n" in stripped)
    assert len(content) <= len(octets) + 2
