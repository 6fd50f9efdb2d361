"""A store whose process dies when a test says: in a transaction, or just behind it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from postwarden.services.ports import Store, UnitOfWork, Watch

P = ParamSpec("P")
T = TypeVar("T")


class Killed(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


@dataclass
class Deadline:
    """Dies when `left` more steps were taken; never while it is None."""

    left: int | None = None

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed


@dataclass
class MortalStore:
    """See `services.ports.Store`; counts calls of repositories, and commits."""

    store: Store
    call: Deadline
    commit: Deadline

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def watched(uow: UnitOfWork) -> T:
            return fn(cast(UnitOfWork, _Watched(uow, self.call)), *args, **kwargs)

        done = await self.store.transact(watched)
        self.commit.step()
        return done

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.store.read(fn, *args, **kwargs)

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.store.peek(fn, *args, **kwargs)

    def watch(self) -> AbstractContextManager[Watch]:
        return self.store.watch()


class _Watched:
    """A unit of work, or one of its repositories, that may die at each call."""

    def __init__(self, of: object, deadline: Deadline) -> None:
        self._of, self._deadline = of, deadline

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._of, name)
        if name == "now":
            return value
        if not callable(value):
            return _Watched(value, self._deadline)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._deadline.step()
            return value(*args, **kwargs)

        return call
