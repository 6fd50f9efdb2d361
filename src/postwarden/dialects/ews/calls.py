"""One call of an operation: who makes it, in whose mailbox."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.dialects.ews.house import House
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Call:
    """What a handler works with.

    `actor` is whoever logged in, or as whom he asks to act.
    """

    house: House
    request: Request
    actor: Actor
    owners: dict[int, Actor] = field(default_factory=dict)

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a reading service on one snapshot."""
        return await self.house.store.read(fn, *args, **kwargs)

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a service in a transaction."""
        return await self.house.store.transact(fn, *args, **kwargs)
