"""Commands that look into mail systems elsewhere: `--system NAME`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.invocation import Invocation
from postwarden.model.errors import Forbidden, MailError
from postwarden.model.queries import Query
from postwarden.model.systems import System
from postwarden.services.ports import MailSystem
from postwarden.services.ports.mail import SimilarSets
from postwarden.services.ports.systems import RemoteProblem
from postwarden.services.systems import registry
from postwarden.services.systems.registry import Where

if TYPE_CHECKING:
    from postwarden.services.systems.searching import Found

SystemNames = Annotated[
    list[str] | None,
    typer.Option(
        "--system",
        metavar="NAME|local|all",
        help="Where to look: our own store (local), a system of that name; repeatable.",
    ),
]


async def where(run: Invocation, names: Sequence[str] | None) -> Where:
    """Return what `--system` words mean; raises NotFound for an unknown name."""
    if not names:
        return Where()
    return await run.read(registry.named, run.actor, names)


@asynccontextmanager
async def connected(run: Invocation, system: System) -> AsyncIterator[MailSystem]:
    """Give the way to a system, and close it."""
    way = run.platform.connect(system)
    try:
        yield way
    finally:
        await way.close()


class Elsewhere:
    """Looks into systems in turn; what fails of one stops no other, and is told."""

    def __init__(self, run: Invocation, systems: Sequence[System]) -> None:
        self._run = run
        self._systems = systems
        self.has_failed = False

    async def find(
        self, query: Query, similar: SimilarSets
    ) -> "AsyncIterator[tuple[str, Found]]":
        """Yield what matches, with the name of its system."""
        run = self._run
        if not self._systems:
            return
        from postwarden.services.systems import (  # noqa: PLC0415  who stays here pays nothing
            searching,
        )

        what = await run.read(searching.asked, run.actor, query, similar)
        for system in self._systems:
            try:
                async with connected(run, system) as way:
                    async for found in searching.search(way, what):
                        if isinstance(found, RemoteProblem):
                            self._tell(system, found.reason, account=found.account)
                        else:
                            yield system.name, found
            except Forbidden:
                raise
            except MailError as error:
                self._tell(system, str(error))

    def _tell(self, system: System, reason: str, **more: str) -> None:
        self.has_failed = True
        self._run.output.problem("unavailable", reason, system=system.name, **more)

    def end(self) -> None:
        """End with status 1 if anything could not be looked into."""
        if self.has_failed:
            raise typer.Exit(FAILED)
