"""Message bytes and full text in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256 as digest_of

from postwarden.adapters.clocks import utc_now
from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.errors import NotFound, StorageFull
from postwarden.model.messages import SearchText
from postwarden.services.ports.content import Octets


class MemoryBlobs:
    """See `services.ports.Blobs`; with `room`, in octets, it can run full."""

    def __init__(
        self, room: int | None = None, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._blobs: dict[bytes, bytes] = {}
        self._put_at: dict[bytes, datetime] = {}
        self.clock = clock
        self._room = room

    async def put(self, content: Octets) -> bytes:
        """See `services.ports.Blobs.put`."""
        self.check_room()
        octets = bytes(content)
        sha256 = digest_of(octets).digest()
        self._blobs[sha256] = octets
        self._put_at[sha256] = self.clock()
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

    async def remove(self, sha256s: Sequence[bytes], *, before: datetime) -> set[bytes]:
        """See `services.ports.Blobs.remove`."""
        for sha256 in sha256s:
            if sha256 in self._blobs and self._put_at[sha256] < before:
                del self._blobs[sha256], self._put_at[sha256]
        return {sha256 for sha256 in sha256s if sha256 in self._blobs}

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
        known = await self._store.peek(
            lambda uow: uow.messages.many([text.message for text in texts])
        )
        new = {
            text.message: text
            for text in texts
            if text.message > done
            and (text.message not in known or not known[text.message].is_emptied)
        }
        self._store.texts.by_message.update(new)
        self._store.texts.up_to = max(done, up_to)

    async def remove(self, messages: Sequence[int]) -> None:
        """See `services.ports.SearchIndex.remove`."""
        for number in messages:
            self._store.texts.by_message.pop(number, None)
