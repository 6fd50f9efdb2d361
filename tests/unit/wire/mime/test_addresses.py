"""Address lists, as RFC 5322 has them and as mailers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime.addresses import (
    GROUP_END,
    HeaderAddress,
    author_key,
    parse_addresses,
)
from postwarden.wire.mime.limits import MAX_ADDRESSES, Budget
from tests.unit.wire.mime.strategies import ADDRESSES, RUBBLE


def entries(raw: bytes) -> list[HeaderAddress]:
    return parse_addresses(raw, Budget())


def one(name: bytes | None, local: bytes, domain: bytes) -> list[HeaderAddress]:
    return [HeaderAddress(name, None, local, domain)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@b.c", one(None, b"a", b"b.c")),
        (b"<a@b.c>", one(None, b"a", b"b.c")),
        (b"Ada <a@b.c>", one(b"Ada", b"a", b"b.c")),
        (b"Ada<a@b.c>", one(b"Ada", b"a", b"b.c")),
        (b'"Ada \\"L\\", x" <a@b.c>', one(b'Ada "L", x', b"a", b"b.c")),
        (b"a@b.c (Ada)", one(b"Ada", b"a", b"b.c")),
        (b"(x(y)z)a@b.c", one(b"x(y)z", b"a", b"b.c")),
        (b"Ada (the first) L. <a@b.c>", one(b"Ada L.", b"a", b"b.c")),
        (b'"a b"@c.d', one(None, b'"a b"', b"c.d")),
        (b'<"a@b"@c.d>', one(None, b'"a@b"', b"c.d")),
        (b"a@[192.0.2.1]", one(None, b"a", b"[192.0.2.1]")),
        (b"a . b @ c . d", one(None, b"a.b", b"c.d")),
        (b"Ada a@b.c", one(b"Ada", b"a", b"b.c")),
        (b"a@b@c.d <e@f>", one(b"a@b@c.d", b"e", b"f")),
        (b"bob", one(None, b"bob", b"")),
        (b"Ada <bob>", one(b"Ada", b"bob", b"")),
        (b"<>", one(None, b"", b"")),
        (b"<@x,@y:a@b>", [HeaderAddress(None, b"@x,@y", b"a", b"b")]),
        (b"a@b,, c@d", one(None, b"a", b"b") + one(None, b"c", b"d")),
        (b"a@b: c", one(None, b"a", b"b")),
        (b"a@b;c@d", one(None, b"a", b"b") + one(None, b"c", b"d")),
        (b'"unterminated <a@b>', one(None, b"unterminated <a@b>", b"")),
        (b"a@b (unterminated, c@d", one(b"unterminated, c@d", b"a", b"b")),
        (b"Ada <a@b", one(b"Ada", b"a", b"b")),
        (b"", []),
        (b",;, ;", []),
    ],
)
def test_lists_are_read(raw: bytes, expected: list[HeaderAddress]) -> None:
    assert entries(raw) == expected


def test_a_group_has_a_beginning_and_an_end() -> None:
    start = HeaderAddress(None, None, b"The Team", None)
    empty = HeaderAddress(None, None, b"undisclosed-recipients", None)

    assert entries(b"The Team: a@b, C <c@d>;, e@f") == [
        start,
        *one(None, b"a", b"b"),
        *one(b"C", b"c", b"d"),
        GROUP_END,
        *one(None, b"e", b"f"),
    ]
    assert entries(b"undisclosed-recipients:;") == [empty, GROUP_END]
    assert entries(b"The Team: a@b") == [start, *one(None, b"a", b"b"), GROUP_END]


def test_an_address_is_told_as_written() -> None:
    addresses = [
        entry.address for entry in entries(b'x: "A b"@C.D, \xc3\xa9@\xc3\xbc.de;')
    ]

    assert addresses == [None, '"A b"@C.D', "é@ü.de", None]


def test_ten_thousand_addresses_are_read() -> None:
    budget = Budget()
    raw = b"t: " + b"a@b," * 20_000

    found = parse_addresses(raw, budget)

    assert len(found) == MAX_ADDRESSES + 1
    assert found[-1] == GROUP_END
    assert parse_addresses(b"one@more", budget) == []
    assert list(budget.defects) == ["too-many-addresses"]


def test_spellings_of_one_author_have_one_key() -> None:
    spellings = [
        b"Ad\xc3\xa9la  L <a@B.C>",
        b'"Ad\xc3\xa9la L" <a@b.c>',
        b"=?iso-8859-1?q?Ad=E9la?= L <a@b.C>",
        b"a@b.c (Ad\xe9la L)",
    ]

    assert len({author_key(entries(raw)[0]) for raw in spellings}) == 1
    assert author_key(entries(b"Ada <a@b>")[0]) != author_key(entries(b"Ada <A@b>")[0])


@given(st.lists(ADDRESSES, max_size=20))
def test_well_formed_addresses_come_back(addresses: list[str]) -> None:
    raw = ", ".join(addresses).encode()

    assert [entry.address for entry in entries(raw)] == addresses


@given(RUBBLE | st.text('a@<>(),:;."\\[] ', max_size=60).map(str.encode))
def test_groups_are_always_closed(raw: bytes) -> None:
    is_open = False
    for entry in entries(raw):
        if entry == GROUP_END:
            assert is_open
            is_open = False
        elif entry.domain is None:
            assert entry.local is not None
            assert not is_open
            is_open = True
    assert not is_open
