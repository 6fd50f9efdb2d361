"""`postwarden find` and `postwarden trace`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import Invocation, command
from postwarden.cli.queries import note_forked_ids, read_query
from postwarden.cli.query_words import QueryCommand, QueryWords
from postwarden.dialects.native.shapes import mail as shapes
from postwarden.model.cases import MatchClass
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import Scope
from postwarden.services import finding, tracing
from postwarden.services.cases import gathering
from postwarden.services.cases.evidence import event_facts
from postwarden.services.ports import CopyFacts

PAGE = 1000  # copies or events described at a time

find_app = new_app()
trace_app = new_app()

Count = Annotated[
    bool, typer.Option("--count", help="Print only how many there are, in all units.")
]


@command(
    find_app,
    "find",
    kind=QueryCommand,
    examples=[
        "postwarden find from:ada@example.org -is:read newer:2d",
        "postwarden find 'subject:\"quarterly report\" has:attachment' --json",
        "postwarden find 'similar:<id@example.net>' --count",
        "postwarden find similar:file:suspicious.eml --state any",
    ],
)
async def find(
    run: Invocation,
    query: QueryWords,
    *,
    state: Annotated[
        str,
        typer.Option(metavar="any|live|contained|vaulted", help="Where to look."),
    ] = "",
    count: Count = False,
) -> None:
    """List the copies that match, where they lie now.

    Live copies, unless --state or an `is:` term asks for others. With `similar:`
    each copy's class is shown: exact, same or variant; same-id where a Message-ID
    names several contents.
    """
    parsed, similar = await read_query(run, query, Scope.FIND)
    note_forked_ids(run, similar)
    copies = await run.read(
        finding.find, run.actor, parsed, similar, states=_states(state)
    )
    if count:
        return _print_count(run, await run.read(finding.count, copies))
    references = gathering.union(similar.values()) if similar else None

    def class_of(facts: CopyFacts) -> MatchClass | None:
        if references is None:
            return None
        return gathering.class_of(facts, references) or MatchClass.MATCH

    rows = run.output.rows(
        *("account", "mailbox", "uid", "internal_date", "author", "subject", "state"),
        *(("class",) if similar else ()),
    )
    for start in range(0, len(copies), PAGE):
        page = await run.read(finding.facts, copies[start : start + PAGE])
        rows.write(shapes.copy(facts, class_of(facts)) for facts in page)
    return None


@command(
    trace_app,
    "trace",
    kind=QueryCommand,
    examples=[
        "postwarden trace 'message-id:<id@example.net>'",
        "postwarden trace rcpt:@example.org event:DEFER --json",
    ],
)
async def trace(run: Invocation, query: QueryWords, *, count: Count = False) -> None:
    """Tell what happened to the mail that matches, oldest event first."""
    parsed, similar = await read_query(run, query, Scope.TRACE)
    note_forked_ids(run, similar)
    events = await run.read(tracing.trace, run.actor, parsed, similar)
    if count:
        return _print_count(run, await run.read(tracing.count, events))
    rows = run.output.rows(
        *("time", "event", "reverse_path", "forward_path", "account", "mailbox"),
        *("subject", "detail"),
    )
    for start in range(0, len(events), PAGE):
        page = await run.read(tracing.rows, events[start : start + PAGE])
        rows.write(event_facts(row) for row in page)
    return None


def _states(word: str) -> Sequence[CopyState] | None:
    if not word:
        return None
    if word == "any":
        return tuple(CopyState)
    try:
        return (CopyState(word),)
    except ValueError:
        raise Invalid(
            "--state takes any, live, contained or vaulted", field="state"
        ) from None


def _print_count(run: Invocation, counts: tuple[int, int, int]) -> None:
    run.output.one(shapes.count(counts))
