"""Full text, filled behind the acknowledgement."""

from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.messages import SearchText
from postwarden.services.ingest import (
    SCANNED_INLINE,
    Texts,
    search_text,
    texts_of,
)
from postwarden.services.ports import Aside, Blobs, SearchIndex
from postwarden.services.recent_texts import RecentTexts

CHUNK = 200  # messages per commit of the index
EXACT_UP_TO = 20_000  # messages that a search indexes itself rather than leave out


async def index_next(
    index: SearchIndex,
    blobs: Blobs,
    limit: int = CHUNK,
    *,
    recent: RecentTexts | None = None,
    aside: Aside | None = None,
) -> int:
    """Index the next messages; return how many there were.

    A message whose content is damaged is indexed empty: it is found by
    everything but its words, and `doctor` reports it. Those whose texts are
    `recent` are not read again; large ones are scanned `aside` if that is given.
    """
    pending = await index.pending(limit)
    if not pending:
        if recent is not None:
            recent.forget_unclaimed()
        return 0
    words: list[SearchText] = []
    for message, sha256 in pending:
        texts = recent.take(sha256) if recent is not None else None
        try:
            texts = texts or await _read(blobs, sha256, aside)
        except (NotFound, Unavailable):
            continue
        words.append(search_text(message, texts))
    await index.add(words, pending[-1][0])
    return len(pending)


async def _read(blobs: Blobs, sha256: bytes, aside: Aside | None) -> Texts:
    content = await blobs.get(sha256)
    if aside is not None and len(content) > SCANNED_INLINE:
        return await aside(texts_of, content)
    return texts_of(content)


async def catch_up(index: SearchIndex, blobs: Blobs) -> int:
    """Index what is missing if it is not too much; return how much is left out."""
    lag = await index.lag()
    if lag > EXACT_UP_TO:
        return lag
    while await index_next(index, blobs):
        pass
    return 0
