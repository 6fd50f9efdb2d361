"""The commands that aliases, groups and lists share: addresses with targets."""

from enum import StrEnum
from typing import Annotated

import typer

from postwarden.cli.arguments import (
    AddressWord,
    InDomain,
    Limit,
    addresses_of,
    domain_or_none,
    refuse_nothing,
)
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import Invalid
from postwarden.services import entries

_MISSING_SHOWN = 5


class State(StrEnum):
    """What `--state` takes."""

    ACTIVE = "active"
    DISABLED = "disabled"


def add_reading_commands(app: typer.Typer, kind: EntryKind) -> None:
    """Add `show`, `list` and `remove`."""

    @command(app, "show", examples=[f"postwarden {kind} show team@example.org"])
    async def show(run: Invocation, address: AddressWord) -> None:
        """Show what ADDRESS leads to."""
        entry = await run.read(entries.get, run.actor, kind, Address.parse(address))
        run.output.one(shapes.entry(entry))

    @command(app, "list", examples=[f"postwarden {kind} list --domain example.org"])
    async def list_(
        run: Invocation, domain: InDomain = None, limit: Limit = None
    ) -> None:
        """List them in order of domain and name."""
        wanted = domain_or_none(domain)
        rows = run.output.rows("address", _word(kind), "state")
        async for page in run.pages(
            lambda uow, after, count: entries.page(
                uow, run.actor, kind, domain=wanted, after=after, limit=count
            ),
            lambda entry: entry.address.key,
            after="",
            limit=limit,
        ):
            rows.write(map(shapes.entry, page))

    @command(app, "remove", examples=[f"postwarden {kind} remove team@example.org"])
    async def remove(
        run: Invocation, address: AddressWord, dry_run: DryRun = False
    ) -> None:
        """Take ADDRESS away; who it led to stays."""
        removed = await run.write(
            dry_run, entries.remove, run.actor, kind, Address.parse(address)
        )
        if removed is not None:
            run.output.done(f"removed {kind} {removed.address}", shapes.entry(removed))


async def create_entry(
    run: Invocation, kind: EntryKind, address: str, to: list[str], *, dry_run: bool
) -> None:
    """Create an alias, group or list and say what it leads to."""
    created = await run.write(
        dry_run,
        entries.create,
        run.actor,
        kind,
        Address.parse(address),
        addresses_of(to),
    )
    if created is not None:
        run.output.done(f"created {kind} {created.address}", shapes.entry(created))
        await _tell_of_missing(run, created)


async def change_entry(
    run: Invocation,
    kind: EntryKind,
    address: str,
    *,
    to: list[str] | None = None,
    add: list[str] | None = None,
    remove: list[str] | None = None,
    state: State | None = None,
    dry_run: bool,
) -> None:
    """Change an alias, group or list."""
    refuse_nothing(to or None, add or None, remove or None, state)
    if to and (add or remove):
        raise Invalid("all new targets, or some to add and remove; not both")
    changed = await run.write(
        dry_run,
        entries.change,
        run.actor,
        kind,
        Address.parse(address),
        targets=addresses_of(to) if to else None,
        add=addresses_of(add),
        remove=addresses_of(remove),
        enabled=None if state is None else state is State.ACTIVE,
    )
    if changed is not None:
        run.output.done(f"changed {kind} {changed.address}", shapes.entry(changed))
        await _tell_of_missing(run, changed)


async def _tell_of_missing(run: Invocation, entry: Entry) -> None:
    missing = await run.read(entries.missing_targets, run.actor, entry.targets)
    for address in missing[:_MISSING_SHOWN]:
        run.output.note(f"note: {address} does not exist (yet)")
    if len(missing) > _MISSING_SHOWN:
        run.output.note(f"note: nor do {len(missing) - _MISSING_SHOWN} others")


def _word(kind: EntryKind) -> str:
    return "to" if kind is EntryKind.ALIAS else "members"


StateOption = Annotated[
    State | None, typer.Option("--state", help="Whether mail is taken.")
]
