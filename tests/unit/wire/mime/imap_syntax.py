"""A reader for what IMAP servers send: proves that it is what the grammar says."""

import re
from typing import Final, TypeAlias

Value: TypeAlias = "bytes | int | list[Value] | None"

_QUOTED: Final = re.compile(rb'"((?:[\x01-\x09\x0b\x0c\x0e-!#-\[\]-\x7f]|\\["\\])*)"')
_LITERAL: Final = re.compile(rb"\{(\d+)\}\r\n")
_NUMBER: Final = re.compile(rb"\d+")


class SyntaxFault(AssertionError):
    """The octets are no IMAP data."""


def read(data: bytes) -> Value:
    """Return the one value that `data` is; raises SyntaxFault."""
    value, end = _value(data, 0)
    if end != len(data):
        raise SyntaxFault(f"left over: {data[end : end + 40]!r}")
    return value


def _value(data: bytes, position: int) -> tuple[Value, int]:
    if data[position : position + 1] == b"(":
        return _list(data, position + 1)
    if data.startswith(b"NIL", position):
        return None, position + 3
    quoted = _QUOTED.match(data, position)
    if quoted:
        return re.sub(rb"\\(.)", rb"\1", quoted[1]), quoted.end()
    literal = _LITERAL.match(data, position)
    if literal:
        end = literal.end() + int(literal[1])
        octets = data[literal.end() : end]
        if len(octets) != int(literal[1]) or b"\0" in octets:
            raise SyntaxFault("bad literal")
        return octets, end
    number = _NUMBER.match(data, position)
    if number:
        return int(number[0]), number.end()
    raise SyntaxFault(f"no value: {data[position : position + 40]!r}")


def _list(data: bytes, position: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    while True:
        value, position = _value(data, position)
        items.append(value)
        following = data[position : position + 1]
        if following == b")":
            return items, position + 1
        if following == b" ":
            position += 1
        elif following != b"(" or data[position - 1 : position] != b")":
            raise SyntaxFault(f"no separator: {data[position : position + 40]!r}")


def check_envelope(value: Value) -> None:
    """Check the shape of RFC 9051 §9 `envelope`."""
    assert isinstance(value, list)
    assert len(value) == 10
    for index in (0, 1, 8, 9):
        assert value[index] is None or isinstance(value[index], bytes)
    for entries in value[2:8]:
        if entries is None:
            continue
        assert isinstance(entries, list)
        assert entries
        for entry in entries:
            assert isinstance(entry, list)
            assert len(entry) == 4
            assert all(item is None or isinstance(item, bytes) for item in entry)


def check_body(value: Value) -> None:
    """Check the shape of RFC 9051 §9 `body`, extension data included."""
    assert isinstance(value, list)
    if isinstance(value[0], list):
        children = [item for item in value if isinstance(item, list)]
        count = next(i for i, item in enumerate(value) if not isinstance(item, list))
        for child in children[:count]:
            check_body(child)
        subtype, parameters, *extension = value[count:]
        assert isinstance(subtype, bytes)
        _check_parameters(parameters)
        _check_extension(extension)
        return
    main, subtype, parameters, identifier, description, encoding, size = value[:7]
    assert isinstance(main, bytes)
    assert isinstance(subtype, bytes)
    _check_parameters(parameters)
    assert identifier is None or isinstance(identifier, bytes)
    assert description is None or isinstance(description, bytes)
    assert isinstance(encoding, bytes)
    assert isinstance(size, int)
    rest = value[7:]
    if main == b"text":
        assert isinstance(rest.pop(0), int)
    elif main == b"message" and subtype in {b"rfc822", b"global"}:
        check_envelope(rest.pop(0))
        check_body(rest.pop(0))
        assert isinstance(rest.pop(0), int)
    assert rest.pop(0) is None  # MD5
    _check_extension(rest)


def _check_parameters(value: Value) -> None:
    if value is None:
        return
    assert isinstance(value, list)
    assert value
    assert len(value) % 2 == 0
    assert all(isinstance(item, bytes) for item in value)


def _check_extension(rest: list[Value]) -> None:
    disposition, language, location = rest
    if disposition is not None:
        assert isinstance(disposition, list)
        kind, parameters = disposition
        assert isinstance(kind, bytes)
        _check_parameters(parameters)
    if language is not None:
        assert isinstance(language, list)
        assert all(isinstance(item, bytes) for item in language)
    assert location is None or isinstance(location, bytes)
