"""Full text, filled behind the acknowledgement."""

from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.messages import SearchText
from postwarden.services.ingest import search_text
from postwarden.services.ports import Blobs, SearchIndex

CHUNK = 200  # messages per commit of the index
EXACT_UP_TO = 20_000  # messages that a search indexes itself rather than leave out


async def index_next(index: SearchIndex, blobs: Blobs, limit: int = CHUNK) -> int:
    """Index the next messages; return how many there were.

    A message whose content is damaged is indexed empty: it is found by
    everything but its words, and `doctor` reports it.
    """
    pending = await index.pending(limit)
    if not pending:
        return 0
    texts: list[SearchText] = []
    for message, sha256 in pending:
        try:
            texts.append(search_text(message, await blobs.get(sha256)))
        except (NotFound, Unavailable):
            continue
    await index.add(texts, pending[-1][0])
    return len(pending)


async def catch_up(index: SearchIndex, blobs: Blobs) -> int:
    """Index what is missing if it is not too much; return how much is left out."""
    lag = await index.lag()
    if lag > EXACT_UP_TO:
        return lag
    while await index_next(index, blobs):
        pass
    return 0
