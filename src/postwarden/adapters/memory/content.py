"""Message bytes and full text in memory."""

from collections.abc import Sequence
from hashlib import sha256 as digest_of

from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.errors import NotFound, StorageFull
from postwarden.model.messages import SearchText
from postwarden.services.ports.content import Octets


class MemoryBlobs:
    """See `services.ports.Blobs`; with `room`, in octets, it can run full."""

    def __init__(self, room: int | None = None) -> None:
        self._blobs: dict[bytes, bytes] = {}
        self._room = room

    async def put(self, content: Octets) -> bytes:
        """See `services.ports.Blobs.put`."""
        self.check_room()
        octets = bytes(content)
        sha256 = digest_of(octets).digest()
        self._blobs[sha256] = octets
        return sha256

    async def get(self, sha256: bytes) -> bytes:
        """See `services.ports.Blobs.get`."""
        try:
            return self._blobs[sha256]
        except KeyError:
            raise NotFound("content", sha256.hex()) from None

    async def has(self, sha256s: Sequence[bytes]) -> list[bool]:
        """See `services.ports.Blobs.has`."""
        return [sha256 in self._blobs for sha256 in sha256s]

    def check_room(self) -> None:
        """See `services.ports.Blobs.check_room`."""
        used = sum(map(len, self._blobs.values()))
        if self._room is not None and used >= self._room:
            raise StorageFull("no room left for message content")


class MemorySearchIndex:
    """See `services.ports.SearchIndex`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """See `services.ports.SearchIndex.pending`."""
        page = await self._store.peek(
            lambda uow: uow.messages.page(after=self._store.texts.up_to, limit=limit)
        )
        return [(message.id, message.sha256) for message in page]

    async def lag(self) -> int:
        """See `services.ports.SearchIndex.lag`."""
        return len(await self.pending(2**63))

    async def add(self, texts: Sequence[SearchText], up_to: int) -> None:
        """See `services.ports.SearchIndex.add`."""
        done = self._store.texts.up_to
        new = {text.message: text for text in texts if text.message > done}
        self._store.texts.by_message.update(new)
        self._store.texts.up_to = max(done, up_to)
