"""Queries from the command line: parsed, files read, full text caught up."""

from collections.abc import Sequence
from pathlib import Path

from postwarden.cli.invocation import Invocation
from postwarden.cli.query_words import query_text
from postwarden.model.errors import Invalid
from postwarden.model.queries import (
    Query,
    Scope,
    check_scope,
    leaves,
    parse,
    rewrite,
)
from postwarden.model.queries.terms import Leaf, Node, Similar, SimilarTo, Words
from postwarden.services import finding, indexing, ingest
from postwarden.services.ports.mail import SimilarSets
from postwarden.wire.mbox import without_separator

MAX_FILE = 256 * 1024 * 1024  # octets of a mail named by similar:file:


async def read_query(
    run: Invocation, words: Sequence[str], scope: Scope
) -> tuple[Query, SimilarSets]:
    """Return the query and what its `similar:` terms stand for.

    Mail that is not in the full-text index yet is indexed first, if it is not
    too much; else a note says how much is left out.
    """
    query = parse(query_text(words), now=run.platform.clock())
    check_scope(query, scope)
    files: SimilarSets = {
        leaf: ingest.references_of(_content(Path(leaf.value)))
        for leaf in leaves(query)
        if isinstance(leaf, Similar) and leaf.kind is SimilarTo.FILE
    }
    if any(isinstance(leaf, Words) for leaf in leaves(query)):
        await _catch_up(run)
    similar = await run.read(
        finding.resolve_similar, run.actor, query, files, scope=scope
    )
    return query, similar


async def settle_files(run: Invocation, query: Query, similar: SimilarSets) -> Query:
    """Name messages of the store instead of files, so that a case can be reread.

    Raises NotFound when the store has nothing like a file.
    """
    stored: dict[Leaf, Node] = {}
    for leaf in leaves(query):
        if isinstance(leaf, Similar) and leaf.kind is SimilarTo.FILE:
            stored[leaf] = await run.read(
                finding.stored_like, run.actor, leaf, similar, scope=Scope.CASE
            )
    return rewrite(query, lambda leaf: stored.get(leaf, leaf))


def note_forked_ids(run: Invocation, similar: SimilarSets) -> None:
    """Tell people that a Message-ID they gave names more than one content."""
    for leaf, references in similar.items():
        if references.message_ids:
            run.output.note(
                f"<{leaf.value}> names different contents, shown as class same-id: "
                "ids can be forged; name one of them as similar:SHA256"
            )


async def _catch_up(run: Invocation) -> None:
    platform = run.platform
    left_out = await indexing.catch_up(platform.search, platform.blobs)
    if left_out:
        run.output.note(
            f"{left_out} messages are not indexed yet and were not searched for words; "
            "`postwarden serve` indexes them"
        )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)  # a device says no size, and has no end
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror}", field="similar") from error
    if len(content) > MAX_FILE:
        raise Invalid(f"{path} is larger than a mail can be", field="similar")
    return ingest.stored_form(without_separator(content))
