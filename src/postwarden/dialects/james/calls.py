"""What a handler works with: whose a call is, and what it asks."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from postwarden.dialects.james.house import House
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
PAGE = 1000  # rows of a listing that one transaction reads


class Pages(Protocol[T_co]):
    """A service that gives the next rows behind a key."""

    def __call__(
        self, uow: UnitOfWork, actor: Actor, /, *, after: str, limit: int
    ) -> Sequence[T_co]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of somebody."""

    house: House
    request: Request
    actor: Actor

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a reading service for who calls."""
        return await self.house.store.read(fn, self.actor, *args, **kwargs)

    async def write(
        self,
        fn: Callable[Concatenate[UnitOfWork, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a writing service for who calls, in one transaction."""
        return await self.house.store.transact(fn, self.actor, *args, **kwargs)

    async def every(
        self,
        page: Pages[T],
        key: Callable[[T], str],
    ) -> AsyncIterator[T]:
        """Yield all rows of a service that gives them by pages, in order of `key`."""
        after = ""
        while True:
            rows = await self.read(page, after=after, limit=PAGE)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = key(rows[-1])

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter, None when it is not there."""
        values = self.request.query.get(name)
        return values[0] if values else None
