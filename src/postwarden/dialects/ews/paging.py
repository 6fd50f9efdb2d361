"""Pages of what was found: the part that is wanted, and where the rest begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from postwarden.dialects.ews.failures import Violation
from postwarden.dialects.ews.reading import number, one_of
from postwarden.wire.xml import Element, Xml, tag

T = TypeVar("T")

MAX_PAGE: Final = 1000  # of what a client does not bound itself, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part: `offset` counts from the beginning or, with `is_from_end`, the end.

    With a `denominator` the offset is a fraction of all.
    """

    limit: int = MAX_PAGE
    offset: int = 0
    is_from_end: bool = False
    denominator: int | None = None

    def bounds(self, total: int) -> tuple[int, int]:
        """Return where the part begins, and how much of it there is."""
        if self.denominator is not None:
            begin = total * self.offset // self.denominator
        elif self.is_from_end:
            end = max(total - self.offset, 0)
            begin = max(end - self.limit, 0)
            return begin, end - begin
        else:
            begin = min(self.offset, total)
        return begin, min(self.limit, total - begin)

    def among(self, found: Sequence[T]) -> Sequence[T]:
        """Return the part of what was found."""
        begin, count = self.bounds(len(found))
        return found[begin : begin + count]

    def root(self, total: int, shown: int, content: Xml) -> Xml:
        """Return a part of `total` with where the next one begins."""
        begin, _ = self.bounds(total)
        following = begin if self.is_from_end else begin + shown
        is_last = begin == 0 if self.is_from_end else following >= total
        offset = total - begin if self.is_from_end else following
        return tag(
            "m:RootFolder",
            content,
            IndexedPagingOffset=None if is_last else offset,
            TotalItemsInView=total,
            IncludesLastItemInRange=is_last,
        )


def page_of(asked: Element, indexed: str, fractional: str) -> Page:
    """Read which part of what is found is wanted; without a word, the first."""
    view = asked.find(indexed)
    if view is not None:
        point = one_of(view, "BasePoint", "Beginning", "End")
        return Page(
            limit=_limit(view),
            offset=number(view, "Offset"),
            is_from_end=point == "End",
        )
    view = asked.find(fractional)
    if view is None:
        return Page()
    numerator, denominator = (
        number(view, "Numerator"),
        number(view, "Denominator", low=1),
    )
    if numerator > denominator:
        raise Violation("Numerator is greater than Denominator", view)
    return Page(limit=_limit(view), offset=numerator, denominator=denominator)


def _limit(view: Element) -> int:
    wanted = number(view, "MaxEntriesReturned", low=1, default=MAX_PAGE)
    return min(wanted, MAX_PAGE)
