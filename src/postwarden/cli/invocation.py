"""One run of one command: from a function with words to its exit status.

    app = new_group("Manage hosted domains.")

    @command(app, "show", examples=["postwarden domain show example.org"])
    async def show(run: Invocation, name: DomainName) -> None:
        \"\"\"Show a domain.\"\"\"
        domain = await run.read(access.managed_domain, run.actor, name)
        run.output.one(shapes.domain(domain))

The function is a coroutine; its parameters behind the first become typer's. It
runs with the platform open (`run.platform`), which is closed behind it. What it
raises becomes an error line and an exit status in `cli.main`.
"""

import asyncio
import gc
import inspect
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import typer

from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.cli.grammar import Command
from postwarden.cli.options import GlobalOptions
from postwarden.cli.output import Output
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden
from postwarden.services import rehearsal
from postwarden.services.ports import UnitOfWork
from postwarden.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")

PAGE = 500  # rows that a list reads at a time

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
]


class OperatorOnly(Forbidden):
    """A command about this machine was given a key."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is for the operator of this machine, not for an administrator: "
            "leave --key and POSTWARDEN_KEY out"
        )


class Opens(Enum):
    """What a command needs of the store before it can run."""

    NOTHING = "nothing"
    EXISTING = "existing"  # without a store: exit status 3
    NEW = "new"  # made where there is none


class Invocation:
    """What a command works with."""

    def __init__(self, options: GlobalOptions) -> None:
        self.options = options
        self.output = Output(as_json=options.json, quiet=options.quiet)
        self.actor: Actor = OPERATOR
        self._platform: Platform | None = None

    @property
    def settings(self) -> Settings:
        return self.options.settings

    @property
    def platform(self) -> Platform:
        if self._platform is None:
            raise RuntimeError("this command was registered to open no store")
        return self._platform

    @contextmanager
    def opened(self, *, create: bool) -> Iterator[Platform]:
        """Open the platform; raises NoStore, or Unavailable."""
        self._platform = open_platform(
            self.options.places, self.settings, create=create
        )
        try:
            yield self._platform
        finally:
            self._platform.close()
            self._platform = None

    @contextmanager
    def rehearsed(self) -> Iterator[Platform]:
        """Open a store for a dry run: an empty, passing one where there is none."""
        if self.options.places.is_made:
            with self.opened(create=False) as platform:
                yield platform
            return
        with TemporaryDirectory(prefix="postwarden-") as directory:
            self.options.places = places_of(Path(directory))
            with self.opened(create=True) as platform:
                yield platform

    async def identify(self) -> None:
        """Become the actor of the key that was given; raises Unauthenticated."""
        secret = self.options.value("--key")
        if secret is not None and self._platform is not None:
            self.actor = await self.platform.actor_of(secret, dialect="cli")

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.platform.store.read(fn, *args, **kwargs)

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.platform.store.transact(fn, *args, **kwargs)

    async def rehearse(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run a writing service, print what it changes, and take all of it back."""
        entries = await rehearsal.rehearse(self.platform.store, fn, *args, **kwargs)
        changes = [rehearsal.change(entry) for entry in entries]
        self.output.rehearsed(changes)

    async def write(
        self,
        dry_run: bool,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | None:
        """Run a writing service, or rehearse it and return None."""
        if dry_run:
            await self.rehearse(fn, *args, **kwargs)
            return None
        return await self.transact(fn, *args, **kwargs)

    async def pages(
        self,
        read: Callable[[UnitOfWork, K, int], Sequence[T]],
        key: Callable[[T], K],
        *,
        after: K,
        limit: int | None = None,
    ) -> AsyncIterator[Sequence[T]]:
        """Yield a long list page by page, each read on its own snapshot.

        `read(uow, after, count)` returns the rows behind the key `after`.
        """
        left = limit
        while left is None or left > 0:
            count = PAGE if left is None else min(PAGE, left)
            page = await self.read(read, after, count)
            if page:
                yield page
            if len(page) < count:
                return
            after = key(page[-1])
            left = None if left is None else left - len(page)


def command(
    app: typer.Typer,
    name: str,
    *,
    opens: Opens = Opens.EXISTING,
    examples: Sequence[str] = (),
    kind: type[Command] = Command,
    fast_loop: bool = False,
    on_machine: bool = False,
    needs_no_store: bool = False,
) -> Callable[
    [Callable[Concatenate[Invocation, P], Awaitable[None]]],
    Callable[Concatenate[Invocation, P], Awaitable[None]],
]:
    """Register a coroutine function as the command `name` of `app`.

    A parameter `dry_run` that is set makes a store that is not there a passing
    one. What works `on_machine` is the operator's: nobody comes to it with a key.
    What `needs_no_store` works here, whatever `--server` says.
    The function's docstring is the help, `examples` stand below it.
    """

    def register(
        function: Callable[Concatenate[Invocation, P], Awaitable[None]],
    ) -> Callable[Concatenate[Invocation, P], Awaitable[None]]:
        def entry(context: typer.Context, *args: P.args, **kwargs: P.kwargs) -> None:
            options = context.ensure_object(GlobalOptions)
            if options.value("--server") is not None and not needs_no_store:
                return _run_remotely(options, context.command_path, kwargs)
            run = Invocation(options)
            if on_machine and run.options.value("--key") is not None:
                raise OperatorOnly(context.command_path)
            dry_run = bool(kwargs.get("dry_run"))
            with (
                _platform_for(run, opens, dry_run=dry_run),
                asyncio.Runner(loop_factory=_loop(fast=fast_loop)) as runner,
            ):
                gc.enable()  # `main` has none while it loads
                runner.run(_identified(run, lambda: function(run, *args, **kwargs)))
            return None

        _take_signature(entry, function)
        app.command(name, cls=kind, epilog=_examples(examples))(entry)
        return function

    return register


def _run_remotely(
    options: GlobalOptions, command_path: str, words: Mapping[str, object]
) -> None:
    from postwarden.cli.remote.running import (  # noqa: PLC0415  only --server pays
        run_remotely,
    )

    run_remotely(options, tuple(command_path.split()[1:]), words)


def _platform_for(
    run: Invocation, opens: Opens, *, dry_run: bool
) -> AbstractContextManager[object]:
    if opens is Opens.NOTHING:
        return nullcontext()
    if opens is Opens.NEW and dry_run and run.options.value("--key") is None:
        return run.rehearsed()
    # Who comes with a key comes to a store that knows it.
    return run.opened(create=opens is Opens.NEW and run.options.value("--key") is None)


def _loop(*, fast: bool) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory for who serves; its import costs the others 20 ms."""
    if not fast:
        return None
    try:
        import uvloop  # noqa: PLC0415  see above
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _identified(run: Invocation, command: Callable[[], Awaitable[None]]) -> None:
    await run.identify()
    await command()


def _take_signature(
    entry: Callable[..., None], function: Callable[..., object]
) -> None:
    """Let typer see the parameters of `function`, with its context for the first."""
    signature = inspect.signature(function)
    _, *others = signature.parameters.values()
    context = inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    parameters = [context, *others]
    entry.__signature__ = signature.replace(  # type: ignore[attr-defined]  # inspect reads it
        parameters=parameters, return_annotation=None
    )
    entry.__annotations__ = {each.name: each.annotation for each in parameters}
    entry.__name__, entry.__doc__ = function.__name__, function.__doc__


def _examples(lines: Sequence[str]) -> str | None:
    # \b keeps the lines as they are.
    return (
        "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines) if lines else None
    )
