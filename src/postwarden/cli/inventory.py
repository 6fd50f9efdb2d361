"""`postwarden inventory ...`: every account, alias and list in one file."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from postwarden.cli import text
from postwarden.cli.arguments import InDomain, domain_or_none
from postwarden.cli.destinations import OutputFile, destination
from postwarden.cli.elsewhere import connected
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.inventory_rows import (
    ACCOUNTS,
    LISTS,
    Inventory,
    compatible,
    correct,
)
from postwarden.cli.invocation import Invocation, command
from postwarden.cli.output import Output
from postwarden.dialects.native.shapes.inventory import Fields
from postwarden.model.actors import Actor
from postwarden.model.domains import MailDomain
from postwarden.model.errors import Invalid
from postwarden.model.systems import LOCAL
from postwarden.services import inventory
from postwarden.services.inventory import Holding
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.systems import RemoteProblem
from postwarden.services.systems import registry

app = new_group("List everything there is, for spreadsheets and scripts.")

_LINE = json.JSONEncoder(ensure_ascii=False, default=text.plain).encode

SystemName = Annotated[
    str | None,
    typer.Option("--system", metavar="NAME", help="Of this system; local is ours."),
]
Compat = Annotated[
    bool,
    typer.Option(
        "--compat", help="Write the bytes that the well-known script would, faults too."
    ),
]


@command(
    app,
    "accounts",
    examples=[
        "postwarden inventory accounts --output accounts.csv",
        "postwarden inventory accounts --domain example.org --json",
        "postwarden inventory accounts --system old-mail --output old-mail.csv",
    ],
)
async def accounts(
    run: Invocation,
    *,
    domain: InDomain = None,
    system: SystemName = None,
    output: OutputFile = None,
    compat: Compat = False,
) -> None:
    """Write accounts, aliases and groups as CSV of 32 columns, or as JSON Lines.

    With --system those of a system elsewhere, with what it tells of them. A domain
    that cannot be listed is named on stderr, and the exit status is 1.
    """
    await _write(
        run,
        ACCOUNTS,
        inventory.accounts,
        domain,
        output,
        system=system,
        compat=compat,
    )


@command(app, "lists", examples=["postwarden inventory lists --output lists.csv"])
async def lists(
    run: Invocation,
    *,
    domain: InDomain = None,
    system: SystemName = None,
    output: OutputFile = None,
    compat: Compat = False,
) -> None:
    """Write mailing lists as CSV of five columns, or as JSON Lines."""
    await _write(
        run, LISTS, inventory.lists, domain, output, system=system, compat=compat
    )


class Read(Protocol):
    """Reads a page of an inventory."""

    def __call__(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        domain: str | None,
        after: str,
        limit: int,
    ) -> list[Holding]: ...


async def _write(
    run: Invocation,
    kind: Inventory,
    read: Read,
    domain: str | None,
    output: Path | None,
    *,
    system: str | None,
    compat: bool,
) -> None:
    name = domain_or_none(domain)
    problems: list[RemoteProblem] = []
    pages = (
        _ours(run, kind, read, name, compat=compat)
        if system in {None, LOCAL}
        else _theirs(run, kind, system or "", name, problems)
    )
    with written(run.output, kind, output, compat=compat) as write:
        async for page in pages:
            write(page)
    for each in problems:
        where = {"system": system, "domain": each.account}
        run.output.problem("unavailable", each.reason, **where)
    if problems:
        raise typer.Exit(FAILED)


async def _ours(
    run: Invocation, kind: Inventory, read: Read, domain: str | None, *, compat: bool
) -> AsyncIterator[Sequence[Fields]]:
    show = kind.everything if run.output.as_json else kind.columns
    # The script goes from domain to domain, which is not the order of keys.
    names = _one_by_one(run) if compat and domain is None else _once(domain)
    async for name in names:
        async for page in _pages(run, read, name):
            yield [show(each) for each in page]


def _pages(
    run: Invocation, read: Read, domain: str | None
) -> AsyncIterator[Sequence[Holding]]:
    def page_of(uow: UnitOfWork, after: str, count: int) -> Sequence[Holding]:
        return read(uow, run.actor, domain=domain, after=after, limit=count)

    return run.pages(page_of, lambda each: each.key, after="")


async def _once(domain: str | None) -> AsyncIterator[str | None]:
    yield domain


async def _one_by_one(run: Invocation) -> AsyncIterator[str | None]:
    from postwarden.services import domains  # noqa: PLC0415  only --compat pays

    def page_of(uow: UnitOfWork, after: str, count: int) -> Sequence[MailDomain]:
        return domains.page(uow, run.actor, after=after, limit=count)

    async for page in run.pages(page_of, lambda each: each.name, after=""):
        for domain in page:
            yield domain.name


async def _theirs(
    run: Invocation,
    kind: Inventory,
    system: str,
    domain: str | None,
    problems: list[RemoteProblem],
) -> AsyncIterator[Sequence[Fields]]:
    """Yield what a system tells, in our columns; what it does not tell is unknown.

    `problems` gets the domains of which something is missing.
    """
    known = await run.read(registry.get, run.actor, system)
    async with connected(run, known) as way:
        rows = way.accounts if kind is ACCOUNTS else way.lists
        async for row in rows(domain=domain):
            if isinstance(row, RemoteProblem):
                problems.append(row)
                continue
            columns = {name: row.get(name) for name in kind.names}
            yield [{**columns, **row} if run.output.as_json else columns]


@contextmanager
def written(
    output: Output, kind: Inventory, path: Path | None, *, compat: bool
) -> Iterator[Callable[[Sequence[Fields]], None]]:
    """Give what writes pages of rows, in the form that is wanted."""
    if compat and output.as_json:
        raise Invalid("--compat is for CSV: leave --json out", field="compat")
    form = _form(output, compat=compat)
    count = 0
    with destination(path) as file:

        def write(page: Sequence[Fields]) -> None:
            nonlocal count
            count += len(page)
            file.write(form(page))

        if not output.as_json:
            file.write(kind.header(compat=compat))
        yield write
    if path is not None and str(path) != "-":
        told = {"file": str(path), "rows": count}
        output.done(f"wrote {count} rows to {path}", told)


def _form(output: Output, *, compat: bool) -> Callable[[Sequence[Fields]], bytes]:
    if output.as_json:
        return lambda page: "".join(f"{_LINE(row)}\n" for row in page).encode()
    return compatible if compat else correct
