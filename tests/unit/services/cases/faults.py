"""Ports that fail when a test says: at the n-th call of any of them, or all of some."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from postwarden.model.errors import StorageFull, Unavailable
from postwarden.services.ports import Store, UnitOfWork, Watch
from tests.support.factories import Clock

P = ParamSpec("P")
T = TypeVar("T")

ERRORS: dict[str, Callable[[], Exception]] = {
    "unavailable": lambda: Unavailable("the store does not answer"),
    "disk-full": lambda: StorageFull("no room left for the store"),
}


@dataclass(kw_only=True)
class Faults:
    """Fails once, after `left` more calls, and always at the ports that are `broken`.

    `calls` counts them all.
    """

    error: Callable[[], Exception]
    left: int | None = None
    broken: Collection[str] = ()
    calls: int = 0
    struck: int = 0

    def step(self, port: str) -> None:
        self.calls += 1
        if port in self.broken:
            self._strike()
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                self._strike()

    def _strike(self) -> None:
        self.struck += 1
        raise self.error()


@dataclass
class FaultyStore:
    """See `services.ports.Store`; who waits for a commit lets a minute pass."""

    store: Store
    faults: Faults
    clock: Clock

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def watched(uow: UnitOfWork) -> T:
            done = fn(self._watched(uow), *args, **kwargs)
            self.faults.step("commit")
            return done

        return await self.store.transact(watched)

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.store.read(
            lambda uow: fn(self._watched(uow), *args, **kwargs)
        )

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.read(fn, *args, **kwargs)

    def _watched(self, uow: UnitOfWork) -> UnitOfWork:
        return cast("UnitOfWork", _Faulty(uow, self.faults))

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        yield cast("Watch", self)

    async def wait(self, _seconds: float | None = None) -> bool:
        self.clock.forward(minutes=1)
        return True


class FaultyPort:
    """A port whose methods are coroutines, under the name that faults know it by."""

    def __init__(self, of: object, name: str, faults: Faults) -> None:
        self._of, self._name, self._faults = of, name, faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._of, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._faults.step(self._name)
            return await method(*args, **kwargs)

        return call


class _Faulty:
    """A unit of work, or one of its repositories."""

    def __init__(self, of: object, faults: Faults, port: str = "") -> None:
        self._of, self._faults, self._port = of, faults, port

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._of, name)
        if not self._port:
            return value if name == "now" else _Faulty(value, self._faults, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            self._faults.step(self._port)
            return value(*args, **kwargs)

        return call
