"""Found mails on their way into the store: read, made durable, filed.

While one batch is being filed, the next one is read and scanned.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from postwarden.adapters.mailfiles import Item
from postwarden.cli.output import Output, Progress
from postwarden.model.errors import Invalid, MailError
from postwarden.services.found_mail import (
    Arrival,
    BadItem,
    FoundMail,
    arrival,
    content_of,
)
from postwarden.services.importing import Duplicate, Identity, Outcome, Tally
from postwarden.services.ingest import new_message

BATCH = 64  # mails per transaction: what one commit of content takes, too
BATCH_OCTETS = 8 << 20

Put = Callable[[bytes], Awaitable[bytes]]
File = Callable[[Sequence[Arrival]], Awaitable[list[Outcome]]]
Present = Callable[[Sequence[Identity]], Awaitable[set[Identity]]]
Batch = list[tuple[FoundMail, bytes]]


async def digest_only(content: bytes) -> bytes:
    """Stand in for a store of content in a dry run."""
    return hashlib.sha256(content).digest()


async def nothing_present(_: Sequence[Identity]) -> set[Identity]:
    """Leave it to `file` to tell what is there already."""
    return set()


class Intake:
    """One import: `put` stores content, `file` files what is durable.

    What is `present` already is neither stored nor scanned again, so that an
    import which was cut off soon is where it was.
    """

    def __init__(
        self,
        output: Output,
        *,
        put: Put,
        file: File,
        present: Present = nothing_present,
    ) -> None:
        self._output = output
        self._put = put
        self._file = file
        self._present = present
        self.tally = Tally()

    async def take(self, items: Iterable[Item], progress: Progress) -> None:
        """Import everything; what is bad is told on stderr and counted."""
        filing: asyncio.Task[None] | None = None
        try:
            for batch in self._batches(items):
                arrivals = await self._make_durable(batch)
                if filing is not None:
                    # Not ended with us: what the store does is counted.
                    await asyncio.shield(filing)
                filing = None
                if arrivals:
                    filing = asyncio.create_task(self._file_batch(arrivals))
                progress.advance(len(batch))
        finally:
            if filing is not None:
                await filing

    def _batches(self, items: Iterable[Item]) -> Iterator[Batch]:
        batch: Batch = []
        size = 0
        for item in items:
            content = self._content(item)
            if content is None or isinstance(item, BadItem):
                continue
            batch.append((item, content))
            size += len(content)
            if len(batch) == BATCH or size >= BATCH_OCTETS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _content(self, item: Item) -> bytes | None:
        if isinstance(item, BadItem):
            self._tell(item)
            return None
        try:
            return content_of(item)
        except Invalid as error:
            self._fail(item.place, error)
            return None

    async def _make_durable(self, batch: Batch) -> list[Arrival]:
        new = await self._new(batch)
        digests = await asyncio.gather(*(self._put(content) for _, content in new))
        return [
            arrival(found, new_message(digest, content))
            for (found, content), digest in zip(new, digests, strict=True)
        ]

    async def _new(self, batch: Batch) -> Batch:
        identities = [
            (found.mailbox, hashlib.sha256(content).digest())
            for found, content in batch
        ]
        present = await self._present(identities)
        new = [
            each
            for each, identity in zip(batch, identities, strict=True)
            if identity not in present
        ]
        self.tally.duplicates += len(batch) - len(new)
        return new

    async def _file_batch(self, arrivals: Sequence[Arrival]) -> None:
        for each, outcome in zip(arrivals, await self._file(arrivals), strict=True):
            self._count(each, outcome)

    def _count(self, each: Arrival, outcome: Outcome) -> None:
        if outcome is None:
            self.tally.imported += 1
            self.tally.size += each.message.size
        elif isinstance(outcome, Duplicate):
            self.tally.duplicates += 1
        else:
            self._fail(each.place, outcome)

    def _tell(self, item: BadItem) -> None:
        if item.skipped:
            self._output.problem("skipped", item.reason, path=item.place)
        else:
            self._fail(item.place, Invalid(item.reason))

    def _fail(self, place: str, error: MailError) -> None:
        self.tally.failed += 1
        self._output.problem(error.code, str(error), path=place)
