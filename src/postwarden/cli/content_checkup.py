"""The checks of `store fsck`: messages and content, compared from both sides."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from postwarden.adapters.blobs.checking import ContentInspection
from postwarden.adapters.sql.integrity import StoreInspection
from postwarden.bootstrap import utc_now
from postwarden.cli.invocation import PAGE, Invocation
from postwarden.cli.output import Output, Progress
from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.messages import Message
from postwarden.services import audit, contents
from postwarden.services.contents import GRACE
from postwarden.services.ports import UnitOfWork

T = TypeVar("T")

SAMPLE = 200  # messages whose content is read without --full


class Problem(StrEnum):
    """What `store fsck` finds."""

    DAMAGED = "damaged"  # a database file has broken pages or indexes
    MISSING = "missing"  # a message has no content
    ALTERED = "altered"  # a message's content is not what its hash says
    ORPHAN = "orphan"  # content that is no message's
    FILE_WITHOUT_ROW = "file-without-row"  # a message's large content is not filed
    ROW_WITHOUT_FILE = "row-without-file"  # large content is filed and not there
    DRAFT = "draft"  # left behind by a crash
    STOPPED = "stopped"  # the check could not go on


class Report:
    """Prints findings as they come, and counts them."""

    def __init__(self, output: Output) -> None:
        self._rows = output.rows("finding", "sha256", "path", "detail", "repaired")
        self._found: Counter[Problem] = Counter()
        self.messages = 0
        self.blobs = 0
        self.verified = 0

    def add(
        self,
        problem: Problem,
        *,
        sha256: bytes | None = None,
        path: Path | None = None,
        size: int | None = None,
        detail: str = "",
        repaired: bool = False,
    ) -> None:
        self._found[problem] += 1
        self._rows.write(
            [
                {
                    "finding": problem.value,
                    "sha256": sha256 and sha256.hex(),
                    "path": path and str(path),
                    "size": size,
                    "detail": detail,
                    "repaired": repaired,
                }
            ]
        )

    def count(self, problem: Problem) -> int:
        return self._found[problem]

    @property
    def ok(self) -> bool:
        bad = (Problem.DAMAGED, Problem.MISSING, Problem.ALTERED, Problem.STOPPED)
        return not any(self._found[problem] for problem in bad)

    def summary(self) -> dict[str, object]:
        return {
            "messages": self.messages,
            "blobs": self.blobs,
            "verified": self.verified,
            "missing": self.count(Problem.MISSING),
            "altered": self.count(Problem.ALTERED),
            "orphans": self.count(Problem.ORPHAN),
            "drafts": self.count(Problem.DRAFT),
            "ok": self.ok,
        }


class ContentCheckup:
    """One look at messages and content, chunk by chunk."""

    def __init__(
        self,
        run: Invocation,
        content: ContentInspection,
        report: Report,
        *,
        full: bool,
        repair: bool,
    ) -> None:
        self._run = run
        self._content = content
        self._report = report
        self._full = full
        self._repair = repair
        self._now = utc_now().timestamp()
        self._before = self._now - GRACE.total_seconds()
        self._present = 0  # messages that have their content
        self._repaired = Counter(orphans=0, octets=0, refiled=0, drafts=0)
        self.kept = ""  # why what --repair removes was not removed

    async def check(self, progress: Progress) -> None:
        """Look at everything; raises Unavailable for what cannot be read."""
        try:
            await self._messages(progress)
            await self._blobs()
            await self._large_files()
            self._drafts()
        finally:
            if any(self._repaired.values()):
                await self._run.transact(
                    audit.record,
                    self._run.actor,
                    "store.fsck",
                    "store",
                    after=dict(self._repaired),
                )

    async def _messages(self, progress: Progress) -> None:
        sample = self._sample()
        async for page in self._run.pages(_messages, lambda each: each.id, after=0):
            digests = [message.sha256 for message in page]
            there = await self._there(digests)
            self._report.messages += len(page)
            for message, is_there in zip(page, there, strict=True):
                if not is_there and not self._refiled(message):
                    self._add(Problem.MISSING, message)
                    continue
                self._present += 1
                if self._full or message.sha256 in sample:
                    await self._verify(message)
            progress.advance(len(page))

    def _sample(self) -> set[bytes]:
        if self._full:
            return set()
        rows = self._run.options.places.rows
        with closing(StoreInspection(rows, None)) as inspection:
            return set(inspection.some_digests(SAMPLE))

    async def _there(self, digests: Sequence[bytes]) -> list[bool]:
        if not self._content.is_made:
            return [False] * len(digests)
        return await self._run.platform.blobs.has(digests)

    def _refiled(self, message: Message) -> bool:
        """Look for large content without a row, as a partial restore leaves it."""
        digest = message.sha256
        if not self._content.has_file(digest) or self._content.known([digest]):
            return False
        refiled = self._may_write and self._content.refile(digest, self._now)
        self._repaired["refiled"] += refiled
        self._add(Problem.FILE_WITHOUT_ROW, message, repaired=refiled)
        return refiled

    async def _verify(self, message: Message) -> None:
        self._report.verified += 1
        try:
            await self._run.platform.blobs.get(message.sha256)
        except (NotFound, Unavailable) as error:
            self._add(Problem.ALTERED, message, detail=str(error))

    def _add(
        self,
        problem: Problem,
        message: Message,
        *,
        detail: str = "",
        repaired: bool = False,
    ) -> None:
        self._report.add(
            problem,
            sha256=message.sha256,
            size=message.size,
            detail=detail,
            repaired=repaired,
        )

    async def _blobs(self) -> None:
        after = 0
        while page := self._content.page(after, PAGE):
            after = page[-1].id
            self._report.blobs += len(page)
            old = [blob.digest for blob in page if blob.stored_at < self._before]
            orphans = await self._unnamed(old)
            removed: dict[bytes, int] = {}
            if orphans and self._may_remove():
                removed = self._content.remove(orphans, self._before)
            for blob in page:
                if blob.digest in orphans:
                    problem = Problem.ORPHAN
                elif blob.is_large and not self._content.has_file(blob.digest):
                    problem = Problem.ROW_WITHOUT_FILE
                else:
                    continue
                self._report.add(
                    problem,
                    sha256=blob.digest,
                    size=blob.size,
                    repaired=blob.digest in removed,
                )
            self._count(removed)

    async def _large_files(self) -> None:
        for files in _chunks(self._content.large_files()):
            by_digest = {file.digest: file for file in files if file.digest}
            known = self._content.known(list(by_digest))
            unfiled = [
                digest
                for digest, file in by_digest.items()
                if digest not in known and file.modified < self._before
            ]
            orphans = await self._unnamed(unfiled)
            removed: dict[bytes, int] = {}
            if orphans and self._may_remove():
                removed = self._content.remove_files(
                    [by_digest[digest] for digest in orphans], self._before
                )
            for digest in orphans:
                self._report.add(
                    Problem.ORPHAN,
                    sha256=digest,
                    path=by_digest[digest].path,
                    size=by_digest[digest].size,
                    repaired=digest in removed,
                )
            self._count(removed)

    async def _unnamed(self, digests: Sequence[bytes]) -> list[bytes]:
        """Return those that are no message's."""
        named = await self._run.read(_named, digests) if digests else set()
        return [digest for digest in digests if digest not in named]

    @property
    def _may_write(self) -> bool:
        # A damaged index hides rows, and their content would look like nobody's.
        is_sound = not self._report.count(Problem.DAMAGED)
        return self._repair and self._content.is_made and is_sound

    def _may_remove(self) -> bool:
        """Whether orphans may go; never where rows and content do not belong."""
        if self._repair and self._report.count(Problem.DAMAGED):
            self.kept = "nothing is removed while a database file is damaged"
        elif self._repair and not self._present:
            self.kept = (
                "no message has its content here, so nothing is removed: do these "
                "rows and this content belong together?"
            )
        return self._repair and not self.kept

    def _count(self, removed: dict[bytes, int]) -> None:
        self._repaired["orphans"] += len(removed)
        self._repaired["octets"] += sum(removed.values())

    def _drafts(self) -> None:
        for draft in self._content.drafts(self._before):
            if self._repair:
                draft.path.unlink(missing_ok=True)
            self._repaired["drafts"] += self._repair
            self._report.add(
                Problem.DRAFT, path=draft.path, size=draft.size, repaired=self._repair
            )


def _messages(uow: UnitOfWork, after: int, count: int) -> Sequence[Message]:
    return uow.messages.page(after=after, limit=count)


def _named(uow: UnitOfWork, digests: Sequence[bytes]) -> set[bytes]:
    """Return those that are the content of a message."""
    return set(digests).difference(contents.unnamed(uow, digests))


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, PAGE)):
        yield chunk
