"""Where the parts of a multipart lie (RFC 2046 §5.1.1), in linear time."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from postwarden.wire.mime.limits import Budget, Buffer

_TAIL: Final = rb"(--)?[ \t]*+\r?(?:\n|\Z)"
_AFTER_BOUNDARY: Final = re.compile(_TAIL)
_FALSE_STARTS: Final = 64  # then a compiled pattern is the cheaper way


class _Delimiter(NamedTuple):
    start: int  # of its first dash
    end: int  # after its line
    is_close: bool


def split(
    lined: Buffer, boundary: bytes, start: int, end: int, budget: Budget
) -> Iterator[tuple[int, int]]:
    """Yield start and end of each part, without the line end of the delimiter.

    A line is a delimiter if it is the whole boundary, be it followed by "--"
    and white space; a longer boundary with the same beginning is none. Parts
    after the closing delimiter are yielded too: some clients show them.
    """
    part: int | None = None
    is_closed = False
    for delimiter in _delimiters(lined, boundary, start, end):
        # A delimiter right after another one encloses no part, not even an
        # empty one: that has an empty line.
        if part is not None and part < delimiter.start:
            yield part, _before_line_end(lined, part, delimiter.start)
        if is_closed and not delimiter.is_close:
            budget.note("parts-after-close")
        is_closed = is_closed or delimiter.is_close
        part = None if delimiter.is_close else delimiter.end
    if part is not None:
        budget.note("boundary-unclosed")
        yield part, end


def _before_line_end(lined: Buffer, start: int, position: int) -> int:
    """Return where the line before `position` ends, its line end left out."""
    has_cr = lined[max(position - 2, start) : position] == b"\r\n"
    return position - (2 if has_cr else 1)


def _delimiters(
    lined: Buffer, boundary: bytes, start: int, end: int
) -> Iterator[_Delimiter]:
    dashes = b"--" + boundary
    needle = b"\n" + dashes
    position = start
    misses = 0
    if lined[start : start + len(dashes)] == dashes:
        tail = _AFTER_BOUNDARY.match(lined, start + len(dashes), end)
        if tail:
            yield _Delimiter(start, tail.end(), bool(tail[1]))
            position = tail.end() - 1
    while misses < _FALSE_STARTS:
        hit = lined.find(needle, position, end)
        if hit == -1:
            return
        tail = _AFTER_BOUNDARY.match(lined, hit + len(needle), end)
        if tail:
            yield _Delimiter(hit + 1, tail.end(), bool(tail[1]))
            position = tail.end() - 1  # its line end may begin the next delimiter
        else:
            misses += 1
            position = hit + 1
    pattern = re.compile(re.escape(needle) + _TAIL)
    tail = pattern.search(lined, position, end)
    while tail:
        yield _Delimiter(tail.start() + 1, tail.end(), bool(tail[1]))
        tail = pattern.search(lined, tail.end() - 1, end)
