"""Content-Type and Content-Disposition, as written and as meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime import parameters
from postwarden.wire.mime.limits import MAX_PARAMETERS, Budget
from postwarden.wire.mime.parameters import Parameterised
from tests.unit.wire.mime.strategies import RUBBLE


def media(raw: bytes) -> Parameterised:
    value = parameters.media_type(raw, Budget())
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("raw", "value", "pairs"),
    [
        (b"text/plain", "text/plain", ()),
        (b"TEXT / Plain", "text/plain", ()),
        (b"text/plain; charset=UTF-8", "text/plain", ((b"charset", b"UTF-8"),)),
        (b"text/plain charset=x", "text/plain", ((b"charset", b"x"),)),
        (b'a/b; c="d;e=f"; g=h', "a/b", ((b"c", b"d;e=f"), (b"g", b"h"))),
        (b'a/b; c="d\\"e" g=h', "a/b", ((b"c", b'd"e'), (b"g", b"h"))),
        (
            b"a/b; name=my file.pdf; x=1",
            "a/b",
            ((b"name", b"my file.pdf"), (b"x", b"1")),
        ),
        (b"text/plain; charset=us-ascii (Plain text)", "text/plain", None),
        (b'a/b; name="C:\\temp\\x.txt"', "a/b", ((b"name", b"C:\\temp\\x.txt"),)),
        (b"a/b;;; ;c = d", "a/b", ((b"c", b"d"),)),
        (b"a/b; nonsense; c=d", "a/b", ((b"c", b"d"),)),
        (b'a/b; c="unterminated', "a/b", ((b"c", b"unterminated"),)),
        (b"a/b; c=", "a/b", ((b"c", b""),)),
    ],
)
def test_values_are_read(
    raw: bytes, value: str, pairs: tuple[tuple[bytes, bytes], ...] | None
) -> None:
    if pairs is None:
        pairs = ((b"charset", b"us-ascii"),)

    assert media(raw) == Parameterised(value, pairs)


@pytest.mark.parametrize(
    "raw", [b"", b"text", b"/plain", b"text/", b"; a=b", b"\xff/x"]
)
def test_what_is_no_media_type_is_none(raw: bytes) -> None:
    assert parameters.media_type(raw, Budget()) is None


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"a/b; name=x.txt", "x.txt"),
        (b'a/b; name="=?utf-8?q?=C3=A9.txt?="', "é.txt"),
        (b"a/b; name*=utf-8'en'%C3%A9.txt", "é.txt"),
        (b"a/b; name=plain; name*=utf-8''%C3%A9", "é"),
        (b"a/b; name*0=ab; name*1=cd", "abcd"),
        (b"a/b; name*1=cd; name*0=ab", "abcd"),
        (b"a/b; name*0*=utf-8''%C3; name*1*=%A9; name*2=%20", "é%20"),
        (b"a/b; name*0=ab; name*2=ef", "ab"),
        (b"a/b; name*1=cd; name=x", "x"),
        (b'a/b; name*0="=?utf-8?q?=C3"; name*1="=A9?="', "é"),
        (b'a/b; name*0="=?utf-8?b?w6k=?="; name*7*=x; name*x=y', "é"),
        (b"a/b; name*=no quotes", "no quotes"),
        (b"a/b; name*=nonsense''%E9", "é"),
        (b"a/b; name*=utf-8''%0A%00x", "x"),
        (b"a/b; nametag=x", None),
    ],
)
def test_names_are_decoded(raw: bytes, name: str | None) -> None:
    assert media(raw).text(b"name") == name


def test_a_hundred_parameters_are_read() -> None:
    budget = Budget()
    raw = b"a/b" + b"".join(b"; p%d=x" % number for number in range(500))

    value = parameters.media_type(raw, budget)

    assert value is not None
    assert len(value.parameters) == MAX_PARAMETERS
    assert list(budget.defects) == ["too-many-parameters"]


@given(RUBBLE | st.binary(max_size=200))
def test_no_octets_are_refused(raw: bytes) -> None:
    for value in (
        parameters.media_type(b"a/b;" + raw, Budget()),
        parameters.disposition(raw, Budget()),
    ):
        if value is not None:
            value.text(b"name")
