"""docs/cli.md, made from the help of the commands themselves."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from postwarden.cli import exits
from postwarden.cli.grammar import RootGroup
from postwarden.cli.main import COMMANDS, root
from postwarden.cli.options import HELP, GlobalOptions

_INTRODUCTION = """\
# Commands

<!-- Made by `make docs` from the code; edit that instead. -->

Every command of `postwarden`, as its `--help` tells it. Options are `--long`, there
are no one-letter options, and `...` means: may be repeated. Results go to stdout,
everything else to stderr. With `--json` one thing is one object, and a list is JSON
Lines, written as they are found: times are RFC 3339 in UTC, sizes octets.

`postwarden domain create` and `postwarden serve` make the store; without one the other
commands end with exit status 3.
"""
_TYPE = re.compile(r" <[^>]*>$")  # which arguments have behind their names
_STATUSES = {
    exits.DONE: "done",
    exits.FAILED: "failed; of many items, at least one",
    exits.USAGE: "the command line is wrong",
    exits.NOT_FOUND: "something named does not exist",
    exits.NOT_PERMITTED: "not permitted, or not authenticated",
    exits.REFUSED: "refused by a guard rail, or because of a conflict",
    exits.INTERRUPTED: "interrupted (128 and the number of SIGINT)",
    exits.READER_GONE: "whoever read the output went away (128 and SIGPIPE)",
}


def cli_markdown() -> str:
    """Return docs/cli.md."""
    return "\n".join([_INTRODUCTION, *_globals(), *_commands()]).rstrip("\n") + "\n"


def _globals() -> Iterator[str]:
    yield "## Options of all commands\n"
    yield "They may stand before and after the command's words.\n"
    yield from _table("Option", "Meaning", HELP)
    yield "\n## Exit status\n"
    yield from _table(
        "Status", "Meaning", [(str(n), text) for n, text in _STATUSES.items()]
    )
    yield ""


# Contexts and commands come from a private module of typer's: hence Any.
def _commands() -> Iterator[str]:
    group = typer.main.get_command(root)
    assert isinstance(group, RootGroup)  # noqa: S101  it was made as one
    group.registered = COMMANDS
    context: Any = group.make_context(
        "postwarden", ["help"], obj=GlobalOptions(), resilient_parsing=True
    )
    for name in group.list_commands(context):
        yield from _command(group.get_command(context, name), context)


def _command(command: Any, parent: Any) -> Iterator[str]:
    context = type(parent)(command, info_name=command.name, parent=parent)
    members: dict[str, Any] = getattr(command, "commands", None) or {}
    yield f"## {context.command_path}\n"
    if members:
        yield f"{command.help}\n"
        yield from _members(members, context)
    else:
        yield from _one(command, parent, None)


def _members(members: dict[str, Any], parent: Any) -> Iterator[str]:
    """Yield the commands of a group, and those of groups within it."""
    for member in members.values():
        if inner := getattr(member, "commands", None):
            context = type(parent)(member, info_name=member.name, parent=parent)
            yield from _members(inner, context)
        else:
            yield from _one(member, parent, "###")


def _one(command: Any, parent: Any, heading: str | None) -> Iterator[str]:
    context = type(parent)(command, info_name=command.name, parent=parent)
    if heading is not None:
        yield f"{heading} {context.command_path}\n"
    pieces = command.collect_usage_pieces(context)
    words = " ".join(re.sub(r"[{}]", "", piece) for piece in pieces)
    yield f"    {context.command_path} {words}\n"
    yield f"{command.help}\n"
    records = [each.get_help_record(context) for each in command.get_params(context)]
    rows = [
        (_TYPE.sub("", name) if not name.startswith("-") else name, meaning)
        for name, meaning in filter(None, records)
        if name != "--help"
    ]
    if rows:
        yield from _table("Word", "Meaning", rows)
        yield ""
    if command.epilog:
        lines = command.epilog.removeprefix("\b\nExamples:\n").split("\n")
        yield "```sh"
        yield from (line.strip() for line in lines)
        yield "```\n"


def _table(
    first: str, second: str, rows: list[tuple[str, str]] | list[Any]
) -> Iterator[str]:
    yield f"| {first} | {second} |"
    yield "|---|---|"
    for name, meaning in rows:
        cells = [" ".join(cell.split()).replace("|", "\\|") for cell in (name, meaning)]
        yield f"| `{cells[0]}` | {cells[1]} |"
