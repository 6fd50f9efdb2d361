"""Importing a directory file: read it whole, then write it chunk by chunk.

The rows are read several times, in the order that what they name must come into
being. Nothing is written before the last row could be read, and what was written
before a run was cut off is found there by the next one.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, MailError, Refused
from postwarden.model.tasks import Task
from postwarden.services.directory import rows, surplus
from postwarden.services.directory.rows import Outcome, Result
from postwarden.services.directory.surplus import Surplus
from postwarden.services.ports import Store
from postwarden.wire.directory import FIELDS, BadRow, Row, RowKind

CHUNK = 250  # rows per transaction
MOST_BAD = 1000  # rows that cannot be read, after which no more are
_ADDRESSES = (RowKind.ACCOUNT, RowKind.ALIAS, RowKind.GROUP, RowKind.LIST)
_NAMES = {  # kinds that cannot have the same name
    **dict.fromkeys((RowKind.DOMAIN, RowKind.DOMAIN_ALIAS), "domain"),
    **dict.fromkeys(_ADDRESSES, "address"),
    RowKind.FORWARD: "forward",
}
_GUARDED = (RowKind.DOMAIN, RowKind.ACCOUNT)

Rows = Callable[[], Iterable[Row | BadRow]]
"""Begins to read the file once more."""


class Listener(Protocol):
    """Hears of an import while it goes on."""

    def failed(self, error: MailError, *, row: int) -> None:
        """Hear of a row that was not imported."""

    def kept(self, error: MailError, kind: RowKind, name: str) -> None:
        """Hear of what has no row and cannot be removed."""

    def done(self, rows: int) -> None:
        """Hear that so many more rows have been worked on."""


@dataclass(slots=True)
class Tally:
    """How many objects were created, changed, removed, and how many rows failed."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    kept: int = 0  # what has no row and could not be removed
    vaulting: list[Task] = field(default_factory=list)  # mail of removed accounts

    @property
    def is_failure(self) -> bool:
        """Whether there was something to do and nothing of it could be done."""
        done = self.created + self.changed + self.unchanged + self.removed
        return bool(self.failed and not done)


class DirectoryImport:
    """One import of one file; `run` does it all.

    `check_hash` raises Invalid for a password hash that nobody could log in with.
    """

    def __init__(
        self,
        store: Store,
        actor: Actor,
        rows: Rows,
        listener: Listener,
        *,
        check_hash: Callable[[str], None],
    ) -> None:
        self.tally = Tally()
        self._store = store
        self._actor = actor
        self._rows = rows
        self._listener = listener
        self._check_hash = check_hash
        self._seen: dict[tuple[str, str], tuple[int, RowKind]] = {}
        self._failed: set[int] = set()
        self._later: set[int] = set()
        self._counted: set[int] = set()  # domains that were created or changed

    async def run(self, *, replace: bool, allow_empty: bool = False) -> Tally:
        """Import everything; with `replace` remove what has no row.

        Where a row fails nothing is removed. Raises Refused when every domain or
        every account would go, unless that is allowed; UnreadableFile.
        """
        self._read_all()
        if replace and not allow_empty:
            await self._refuse_to_empty()
        for kinds in ((RowKind.DOMAIN,), (RowKind.DOMAIN_ALIAS,), _ADDRESSES):
            await self._apply(kinds, replacing=replace)
        if replace and not self._failed:
            await self._direct(is_last=False)  # away from what is to go
            await self._remove_surplus()
        await self._apply(_ADDRESSES, only=self._later)
        await self._apply((RowKind.FORWARD,))
        await self._direct(is_last=True)
        self.tally.failed = len(self._failed)
        return self.tally

    def _read_all(self) -> None:
        for row in self._rows():
            if len(self._failed) >= MOST_BAD:
                raise Invalid(
                    f"{MOST_BAD} rows cannot be read, so nothing was imported",
                    field="file",
                )
            if isinstance(row, BadRow):
                self._fail(row.number, Invalid(row.reason))
                continue
            try:
                self._register(row)
            except MailError as error:
                self._fail(row.number, error)

    def _register(self, row: Row) -> None:
        key = _NAMES[row.kind], rows.key_of(row)
        other = self._seen.setdefault(key, (row.number, row.kind))
        if other[0] != row.number:
            name = row.fields[FIELDS[row.kind][0]]
            raise Invalid(f"{name} has a row already: {other[0]}")
        if password_hash := row.fields.get("password_hash"):
            self._check_hash(str(password_hash))

    def _is_wanted(self, kind: RowKind, key: str) -> bool:
        known = self._seen.get((_NAMES[kind], key))
        return known is not None and known[1] is kind

    def _chunks(
        self, kinds: Collection[RowKind], only: Collection[int] | None = None
    ) -> Iterator[list[Row]]:
        wanted = (
            row
            for row in self._rows()
            if isinstance(row, Row)
            and row.kind in kinds
            and row.number not in self._failed
            and (only is None or row.number in only)
        )
        while chunk := list(islice(wanted, CHUNK)):
            yield chunk

    async def _apply(
        self,
        kinds: Collection[RowKind],
        *,
        replacing: bool = False,
        only: Collection[int] | None = None,
    ) -> None:
        if only is not None and not only:
            return
        for chunk in self._chunks(kinds, only):
            results = await self._store.transact(
                rows.apply, self._actor, chunk, replacing=replacing
            )
            for row, result in zip(chunk, results, strict=True):
                self._count(row, result)
            self._listener.done(len(chunk))

    def _count(self, row: Row, result: Result) -> None:
        if isinstance(result, MailError):
            self._fail(row.number, result)
        elif result is Outcome.LATER:
            self._later.add(row.number)
        elif result is Outcome.CREATED:
            self.tally.created += 1
            self._counted.add(row.number)
        elif result is Outcome.CHANGED:
            self.tally.changed += 1
            self._counted.add(row.number)
        elif row.kind is not RowKind.DOMAIN:
            self.tally.unchanged += 1

    async def _direct(self, *, is_last: bool) -> None:
        """Set who gets the mail of domains; only the last time must it succeed."""
        for chunk in self._chunks((RowKind.DOMAIN,)):
            results = await self._store.transact(rows.direct, self._actor, chunk)
            for row, result in zip(chunk, results, strict=True):
                if isinstance(result, MailError):
                    if is_last:
                        self._fail(row.number, result)
                elif row.number in self._counted:
                    continue
                elif result is Outcome.CHANGED:
                    self.tally.changed += 1
                    self._counted.add(row.number)
                elif is_last:
                    self.tally.unchanged += 1

    def _fail(self, row: int, error: MailError) -> None:
        self._failed.add(row)
        self._listener.failed(error, row=row)

    async def _refuse_to_empty(self) -> None:
        for kind in _GUARDED:
            seen = surplus = 0
            async for page in self._surplus(kind):
                seen += page.seen
                surplus += len(page.names)
            if seen and seen == surplus:
                raise Refused(
                    f"the file has none of the {seen} {kind}s there are, and all would "
                    "be removed; --allow-empty if that is meant"
                )

    async def _surplus(self, kind: RowKind) -> AsyncIterator[Surplus]:
        after: str | None = ""
        while after is not None:
            page = await self._store.read(
                surplus.page,
                self._actor,
                kind,
                self._is_wanted,
                after=after,
                limit=CHUNK,
            )
            yield page
            after = page.after

    async def _remove_surplus(self) -> None:
        async for page in self._surplus(RowKind.DOMAIN):
            released = await self._store.transact(
                surplus.release, self._actor, page.names
            )
            self._tell(RowKind.DOMAIN, page.names, released)
        for kind in surplus.ORDER:
            async for page in self._surplus(kind):
                removed = await self._store.transact(
                    surplus.remove, self._actor, kind, page.names
                )
                self._tell(kind, page.names, removed)
                gone = [each for each in removed if not isinstance(each, MailError)]
                self.tally.removed += len(gone)
                self.tally.vaulting += [each for each in gone if each is not None]

    def _tell(
        self,
        kind: RowKind,
        names: Iterable[str],
        results: Iterable[Task | MailError | None],
    ) -> None:
        for name, result in zip(names, results, strict=True):
            if isinstance(result, MailError):
                self.tally.kept += 1
                self._listener.kept(result, kind, name)
