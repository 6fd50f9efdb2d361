"""`postwarden find` and `postwarden trace`."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postwarden.cli.destinations import OutputFile, destination
from postwarden.cli.elsewhere import Elsewhere, SystemNames, where
from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import Invocation, command
from postwarden.cli.queries import note_forked_ids, read_query
from postwarden.cli.query_words import QueryCommand, QueryWords
from postwarden.dialects.native.shapes import mail as shapes
from postwarden.model.cases import MatchClass
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import Scope
from postwarden.model.systems import LOCAL
from postwarden.services import finding, tracing
from postwarden.services.cases import gathering
from postwarden.services.cases.evidence import event_facts
from postwarden.services.ports import CopyFacts
from postwarden.services.systems.registry import Where

if TYPE_CHECKING:
    from postwarden.services.systems.searching import Found

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
        "postwarden find 'message-id:<id@example.net>' --system all",
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
    system: SystemNames = None,
    count: Count = False,
) -> None:
    """List the copies that match, where they lie now.

    Live copies, unless --state or an `is:` term asks for others. With `similar:`
    each copy's class is shown: exact, same or variant; same-id where a Message-ID
    names several contents. With --system each has the name of its system too, and
    exit status 1 says that somewhere nobody could look.
    """
    parsed, similar = await read_query(run, query, Scope.FIND)
    note_forked_ids(run, similar)
    places = await where(run, system)
    elsewhere = Elsewhere(run, places.systems)
    copies: Sequence[int] = ()
    if places.is_local:
        copies = await run.read(
            finding.find, run.actor, parsed, similar, states=_states(state)
        )
    if count and system is None:
        return _print_count(run, await run.read(finding.count, copies))
    if count:
        await _count_everywhere(run, places, copies, elsewhere.find(parsed, similar))
        return elsewhere.end()
    references = gathering.union(similar.values()) if similar else None

    def class_of(facts: CopyFacts) -> MatchClass | None:
        if references is None:
            return None
        return gathering.class_of(facts, references) or MatchClass.MATCH

    rows = run.output.rows(
        *(("system",) if system else ()),
        *("account", "mailbox", "uid", "internal_date", "author", "subject", "state"),
        *(("class",) if similar else ()),
    )
    named = {"system": LOCAL} if system else {}
    for start in range(0, len(copies), PAGE):
        page = await run.read(finding.facts, copies[start : start + PAGE])
        rows.write({**named, **shapes.copy(facts, class_of(facts))} for facts in page)
    if places.systems:
        from postwarden.dialects.native.shapes import (  # noqa: PLC0415  who stays here pays nothing
            systems,
        )

        async for name, found in elsewhere.find(parsed, similar):
            rows.write([systems.copy(name, found)])
    return elsewhere.end()


async def _count_everywhere(
    run: Invocation,
    places: Where,
    copies: Sequence[int],
    elsewhere: "AsyncIterator[tuple[str, Found]]",
) -> None:
    """Print how many there are in each place, a place without any too."""
    rows = run.output.rows("system", "messages", "copies", "accounts")
    if places.is_local:
        counted = shapes.count(await run.read(finding.count, copies))
        rows.write([{"system": LOCAL, **counted}])
    messages: dict[str, list[bytes]] = {each.name: [] for each in places.systems}
    accounts: dict[str, set[str]] = {each.name: set() for each in places.systems}
    async for name, found in elsewhere:
        messages[name].append(found.message.sha256)
        accounts[name].add(found.copy.account)
    for name, hashes in messages.items():
        units = (len(set(hashes)), len(hashes), len(accounts[name]))
        rows.write([{"system": name, **shapes.count(units)}])


@command(
    trace_app,
    "trace",
    kind=QueryCommand,
    examples=[
        "postwarden trace 'message-id:<id@example.net>'",
        "postwarden trace rcpt:@example.org event:DEFER --json",
        "postwarden trace event:RECEIVE newer:2h larger:5M",
        "postwarden trace newer:1d --format tracking-log --output MSGTRK.LOG",
    ],
)
async def trace(
    run: Invocation,
    query: QueryWords,
    *,
    count: Count = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="tracking-log",
            help="Write a message tracking log that Exchange's tools read.",
        ),
    ] = None,
    output: OutputFile = None,
) -> None:
    """Tell what happened to the mail that matches, oldest event first."""
    _check_format(run, format_, output, count=count)
    parsed, similar = await read_query(run, query, Scope.TRACE)
    note_forked_ids(run, similar)
    events = await run.read(tracing.trace, run.actor, parsed, similar)
    if count:
        return _print_count(run, await run.read(tracing.count, events))
    events = await run.read(tracing.by_time, events)
    if format_ is not None:
        return await _write_log(run, events, output)
    rows = run.output.rows(
        *("time", "event", "reverse_path", "forward_path", "account", "mailbox"),
        *("subject", "detail"),
    )
    for start in range(0, len(events), PAGE):
        page = await run.read(tracing.rows, events[start : start + PAGE])
        rows.write(event_facts(row) for row in page)
    return None


def _check_format(
    run: Invocation, name: str | None, output: Path | None, *, count: bool
) -> None:
    if name is None:
        if output is not None:
            raise Invalid("--output takes --format tracking-log", field="output")
        return
    if name != "tracking-log":
        raise Invalid(f"--format {name}: there is tracking-log", field="format")
    if count or (run.output.as_json and (output is None or str(output) == "-")):
        raise Invalid("a log is neither a count nor JSON", field="format")


async def _write_log(
    run: Invocation, events: Sequence[int], output: Path | None
) -> None:
    """Write the events as a tracking log; `--output` says where to."""
    from postwarden.services.tracking_logs import exporting  # noqa: PLC0415  rarely wanted
    from postwarden.wire import tracking_log  # noqa: PLC0415  likewise

    written = 0
    with destination(output) as file:
        file.write(tracking_log.header(run.platform.clock()))
        async for rows in exporting.pages(run.platform.store, run.actor, events):
            file.write(b"".join(map(tracking_log.line, rows)))
            written += len(rows)
    if output is not None and str(output) != "-":
        run.output.done(
            f"wrote {written} rows to {output}", {"file": str(output), "rows": written}
        )


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
