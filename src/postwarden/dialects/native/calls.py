"""One call of an operation: who makes it, and its way to the store and back."""

from bisect import bisect_right
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

from msgspec import UnsetType

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.refusals import PreconditionFailed, PreconditionRequired
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.native.answers import (
    Listed,
    One,
    PageShape,
    Streamed,
    Written,
)
from postwarden.dialects.native.cursors import cursor_of, key_of
from postwarden.dialects.native.encoding import answer_with, encode, etag_of
from postwarden.dialects.native.house import House
from postwarden.dialects.native.operations import PREFIX, Operation
from postwarden.dialects.native.progress import EVENT_STREAM, told
from postwarden.dialects.native.replaying import replaying
from postwarden.dialects.native.schemas.fields import Paging
from postwarden.dialects.native.shapes.mail import CountShape
from postwarden.dialects.native.shapes.mail import count as shape_of_count
from postwarden.model.actors import Actor
from postwarden.services import rehearsal
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
V = TypeVar("V")
S = TypeVar("S", bound=Mapping[str, object])
K = TypeVar("K", str, int)

JSON_LINES = "application/jsonl"
_LINES_TYPES = frozenset({JSON_LINES, "application/x-ndjson"})
MOST_COUNTED = 2000  # rows of a list without a cheap total
_STREAMED = 500  # rows that a stream reads at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler works with."""

    house: House
    request: Request
    operation: Operation
    actor: Actor
    dry_run: bool = False

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a reading service on one snapshot."""
        return await self.house.store.read(fn, *args, **kwargs)

    async def hash(self, password: str | UnsetType) -> str | None:
        """Return the hash of a password if one is given."""
        if isinstance(password, UnsetType):
            return None
        return await self.house.passwords.hash(password)

    async def one(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], S],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> One[S]:
        """Return the shape that a reading service gives."""
        return One(await self.house.store.read(fn, *args, **kwargs))

    async def write(
        self,
        change: Callable[[UnitOfWork], S],
        *,
        current: Callable[[UnitOfWork], Mapping[str, object]] | None = None,
        at: Callable[[S], tuple[str, object] | None] | None = None,
    ) -> Written[S]:
        """Make a change in one transaction and return what it left.

        `current` is the shape before, for who says what the change is to change;
        `at` tells where what was made is found: kind and name. With `dry_run` all
        of it is taken back and told.
        """

        def guarded(uow: UnitOfWork) -> S:
            self._check_match(uow, current)
            return change(uow)

        again = await replaying(self.request, self.actor, self.house.sealer)
        if self.dry_run:
            return await self.rehearse(guarded)

        def once(uow: UnitOfWork) -> Answer:
            if again is not None and (known := again.before(uow)) is not None:
                return known
            answer = self._made(guarded(uow), at)
            if again is not None:
                again.keep(uow, answer)
            return answer

        return Written(await self.house.store.transact(once))

    async def write_after(
        self,
        prepare: Callable[[], Awaitable[V]],
        change: Callable[[UnitOfWork, V], S],
        *,
        current: Callable[[UnitOfWork], Mapping[str, object]] | None = None,
        at: Callable[[S], tuple[str, object] | None] | None = None,
    ) -> Written[S]:
        """Make a change that takes more to prepare than one transaction, as `write`.

        What was done before under the same key is not prepared again.
        """
        again = await replaying(self.request, self.actor, self.house.sealer)
        if again is not None and not self.dry_run:
            known = await self.house.store.read(again.before)
            if known is not None:
                return Written(known)
        await self.read(self._check_match, current)
        prepared = await prepare()
        return await self.write(
            lambda uow: change(uow, prepared), current=current, at=at
        )

    def _made(
        self, shape: S, at: Callable[[S], tuple[str, object] | None] | None
    ) -> Answer:
        answer = answer_with(shape, status=self.operation.status)
        place = at(shape) if at is not None else None
        if place is not None:
            answer.headers["location"] = location(*place)
        return answer

    async def counted(
        self,
        count: Callable[[UnitOfWork, Sequence[int]], tuple[int, int, int]],
        ids: Sequence[int],
    ) -> One[CountShape]:
        """Return how many messages, copies and accounts these are."""
        return One(shape_of_count(await self.read(count, ids)), is_versioned=False)

    async def events(
        self, read: Callable[[UnitOfWork], S], *, is_over: Callable[[S], bool]
    ) -> Streamed[S]:
        """Tell of something as it changes, until it is over."""
        first = await self.read(read)
        pieces = told(self.house, first, read, is_over)
        return Streamed(Answer(body=pieces, media_type=EVENT_STREAM))

    async def rehearse(self, change: Callable[[UnitOfWork], Any]) -> Written[Any]:
        """Tell what a change would do, and take it back."""
        made: list[Any] = []

        def heard(uow: UnitOfWork) -> None:
            made[:] = [change(uow)]

        entries = await rehearsal.rehearse(self.house.store, heard)
        changes = [rehearsal.change(entry) for entry in entries]
        told: dict[str, object] = {"dry_run": True, "changes": changes}
        if self.operation.status == HTTPStatus.MULTI_STATUS:
            told["items"] = made[0]["items"]
        return Written(Answer(body=encode(told)))

    def _check_match(
        self,
        uow: UnitOfWork,
        current: Callable[[UnitOfWork], Mapping[str, object]] | None,
    ) -> None:
        wanted = self.request.headers.get("if-match", "").strip()
        if not wanted:
            if current is not None and self.house.options.require_if_match:
                raise PreconditionRequired(
                    "a change must say what it changes",
                    field="if-match",
                    hint="give If-Match with the ETag of what you have read",
                )
            return
        if current is None and wanted != "*":
            raise PreconditionFailed(
                "this has no versions",
                field="if-match",
                hint="ask again without If-Match",
            )
        tag = "" if current is None else etag_of(current(uow))
        if wanted != "*" and tag not in [each.strip() for each in wanted.split(",")]:
            raise PreconditionFailed(
                "it has changed since you read it",
                field="if-match",
                hint="read it again and decide anew",
            )

    async def page(
        self,
        query: Paging,
        read: Callable[[UnitOfWork, K, int], Sequence[R]],
        *,
        first: K,
        key: Callable[[R], K],
        shape: Callable[[R], S],
        total: Callable[[UnitOfWork], int] | None = None,
    ) -> Listed[S]:
        """Return a page, or the whole list as JSON Lines to whom accepts these.

        Where there is no cheap `total`, rows are counted up to `MOST_COUNTED`.
        """
        question = self._question()
        after = first if not query.cursor else key_of(question, query.cursor, first)
        if self.accepts_lines:
            await self.read(read, after, 1)  # whatever is wrong shows before the status
            return Listed(self.lines(self._rows(read, after, key, shape)))

        def look(uow: UnitOfWork) -> tuple[Sequence[R], int]:
            rows = read(uow, after, query.limit + 1)
            if not query.total:
                return rows, 0
            if total is not None:
                return rows, total(uow)
            return rows, len(read(uow, first, MOST_COUNTED + 1))

        rows, counted = await self.read(look)
        shown = rows[: query.limit]
        following = key(shown[-1]) if len(rows) > query.limit else None
        page: PageShape[S] = {
            "items": [shape(each) for each in shown],
            "next": None if following is None else cursor_of(question, following),
        }
        if query.total:
            page["is_exact"] = total is not None or counted <= MOST_COUNTED
            page["total"] = counted if page["is_exact"] else MOST_COUNTED
        return Listed(Answer(body=encode(page), headers=self._link(page["next"])))

    async def found(
        self,
        query: Paging,
        ids: Sequence[int],
        describe: Callable[[UnitOfWork, Sequence[int]], Sequence[R]],
        *,
        shape: Callable[[R], S],
    ) -> Listed[S]:
        """Return a page of what a search found, whose ids ascend."""
        question = self._question()
        after = 0 if not query.cursor else key_of(question, query.cursor, 0)
        start = bisect_right(ids, after)
        if self.accepts_lines:
            return Listed(self.lines(self._described(ids[start:], describe, shape)))
        wanted = ids[start : start + query.limit]
        rows = await self.read(describe, wanted)
        is_last = start + len(wanted) >= len(ids)
        page: PageShape[S] = {
            "items": [shape(row) for row in rows],
            "next": None if is_last else cursor_of(question, wanted[-1]),
        }
        if query.total:
            page["total"], page["is_exact"] = len(ids), True
        return Listed(Answer(body=encode(page), headers=self._link(page["next"])))

    async def _described(
        self,
        ids: Sequence[int],
        describe: Callable[[UnitOfWork, Sequence[int]], Sequence[R]],
        shape: Callable[[R], S],
    ) -> AsyncGenerator[S, None]:
        for start in range(0, len(ids), _STREAMED):
            for row in await self.read(describe, ids[start : start + _STREAMED]):
                yield shape(row)

    async def _rows(
        self,
        read: Callable[[UnitOfWork, K, int], Sequence[R]],
        after: K,
        key: Callable[[R], K],
        shape: Callable[[R], S],
    ) -> AsyncGenerator[S, None]:
        while rows := await self.read(read, after, _STREAMED):
            for row in rows:
                yield shape(row)
            after = key(rows[-1])

    def lines(self, shapes: AsyncIterator[Mapping[str, object]]) -> Answer:
        """Return shapes as JSON Lines, sent as they are found."""
        return Answer(body=_lines(shapes), media_type=JSON_LINES)

    @property
    def accepts_lines(self) -> bool:
        accepted = self.request.headers.get("accept", "").lower()
        types = {each.partition(";")[0].strip() for each in accepted.split(",")}
        return bool(types & _LINES_TYPES)

    def _question(self) -> str:
        """What a cursor belongs to: the path and all parameters but the page's."""
        asked = {
            name: values
            for name, values in sorted(self.request.query.items())
            if name not in {"cursor", "limit", "total"}
        }
        return f"{self.request.path}?{urlencode(asked, doseq=True)}"

    def _link(self, cursor: str | None) -> dict[str, str]:
        if cursor is None:
            return {}
        asked: dict[str, Any] = {**self.request.query, "cursor": cursor}
        # RFC 8288 §3.3
        return {
            "link": f'<{self.request.path}?{urlencode(asked, doseq=True)}>; rel="next"'
        }


def location(kind: str, name: object) -> str:
    """Return the path of a thing."""
    return f"{PREFIX}/{kind}/{quote(str(name), safe='@')}"


async def _lines(
    shapes: AsyncIterator[Mapping[str, object]],
) -> AsyncGenerator[bytes, None]:
    buffer, size = bytearray(), 0
    async for shape in shapes:
        buffer += encode(shape) + b"\n"
        size += 1
        if size == _STREAMED:
            yield bytes(buffer)
            buffer.clear()
            size = 0
    if buffer:
        yield bytes(buffer)
