"""Accepting a message: content durable, rows committed, then the answer.

These functions alternate I/O and transactions, so they are async; they are here
because SMTP, LMTP and later the queue share them.
"""

from postwarden.model.envelopes import Content, Envelope
from postwarden.services import delivery
from postwarden.services.delivery import Delivered
from postwarden.services.ingest import SCANNED_INLINE, read_message
from postwarden.services.ports import Aside, Blobs, Store
from postwarden.services.recent_texts import RecentTexts
from postwarden.services.resolution import Rules


async def accept(
    store: Store,
    blobs: Blobs,
    recent: RecentTexts,
    aside: Aside,
    rules: Rules,
    *,
    trace_id: str,
    envelope: Envelope,
    content: Content,
    source: str,
    per_recipient: bool,
) -> Delivered:
    """Take a message durably; see `delivery.accept` for what it raises.

    What it is searched by is kept in `recent` for the indexer. A large one is
    scanned `aside`.
    """
    octets = content.buffer()
    sha256 = await blobs.put(octets)
    if len(octets) > SCANNED_INLINE:
        message, texts = await aside(read_message, sha256, octets)
    else:
        message, texts = read_message(sha256, octets)
    recent.keep(sha256, texts)
    return await store.transact(
        delivery.accept,
        rules,
        trace_id=trace_id,
        envelope=envelope,
        message=message,
        source=source,
        per_recipient=per_recipient,
    )
