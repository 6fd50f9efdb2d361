"""Texts kept for the indexer: a shortcut that nothing depends on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.model.messages import SearchText
from postwarden.services.indexing import index_next
from postwarden.services.ingest import Texts, texts_of
from postwarden.services.recent_texts import RecentTexts
from tests.support.factories import digest

ONE, OTHER = digest("one"), digest("other")


@dataclass
class Index:
    """An index of which everything is still to be made."""

    waiting: list[tuple[int, bytes]]
    added: list[SearchText] = field(default_factory=list)

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        return self.waiting[:limit]

    async def lag(self) -> int:
        return len(self.waiting)

    async def add(self, texts: Sequence[SearchText], up_to: int) -> None:
        self.added += texts
        self.waiting = [each for each in self.waiting if each[0] > up_to]

    async def remove(self, messages: Sequence[int]) -> None:
        self.added = [text for text in self.added if text.message not in messages]


def texts(subject: str) -> Texts:
    return Texts(subject, "", "", "", "", ())


def test_texts_are_taken_once() -> None:
    recent = RecentTexts()
    recent.keep(ONE, texts("one"))

    assert recent.take(ONE) == texts("one")
    assert recent.take(ONE) is None
    assert recent.take(OTHER) is None


def test_memory_is_bounded_and_comes_back() -> None:
    recent = RecentTexts(most=2_000)
    recent.keep(ONE, texts("x" * 1_000))
    recent.keep(OTHER, texts("y" * 1_000))

    assert recent.take(OTHER) is None
    assert recent.take(ONE) is not None
    recent.keep(OTHER, texts("y" * 1_000))
    assert recent.take(OTHER) is not None


async def test_an_index_with_nothing_to_do_forgets_only_what_nobody_came_for() -> None:
    """Mail that is being committed meanwhile is not read a second time."""
    recent = RecentTexts(most=3_500)
    recent.keep(ONE, texts("x" * 1_000))
    await index_next(Index([]), MemoryBlobs(), recent=recent)
    recent.keep(OTHER, texts("y" * 1_000))
    await index_next(Index([]), MemoryBlobs(), recent=recent)

    assert recent.take(ONE) is None
    assert recent.take(OTHER) == texts("y" * 1_000)
    recent.keep(ONE, texts("x" * 2_500))
    assert recent.take(ONE) is not None, "what was forgotten gave its room back"


async def test_mail_is_indexed_alike_with_and_without_its_recent_texts() -> None:
    blobs = MemoryBlobs()
    mails = [b"Subject: Hello\r\n\r\nGood day", b"Subject: Bye\r\n\r\nfarewell"]
    waiting = [(n, await blobs.put(mail)) for n, mail in enumerate(mails, 1)]
    recent = RecentTexts()
    recent.keep(waiting[0][1], texts_of(mails[0]))
    with_recent, without = Index(waiting), Index(waiting)

    assert await index_next(with_recent, blobs, recent=recent) == 2
    assert await index_next(without, blobs) == 2
    assert with_recent.added == without.added


async def test_recent_texts_need_no_content() -> None:
    recent = RecentTexts()
    recent.keep(ONE, texts("kept"))
    index = Index([(1, ONE), (2, OTHER)])

    await index_next(index, MemoryBlobs(), recent=recent)
    assert [(each.message, each.subject) for each in index.added] == [(1, "kept")]
