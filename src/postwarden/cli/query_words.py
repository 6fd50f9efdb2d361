"""Commands whose words are a query: a word with one `-` before it is a negation.

`find from:ada -is:read --json` and `find --json -- from:ada -is:read` are the
same; `--word` is an option wherever it stands before `--`, known or not. Give the
class to the decorator of `cli.invocation`:

    @command(app, "find", kind=QueryCommand)
    async def find(run: Invocation, query: QueryWords) -> None: ...
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import typer

from postwarden.cli.grammar import Command, options_with_value

QueryWords = Annotated[
    list[str],
    typer.Argument(metavar="QUERY", help="What to look for; see docs/query.md."),
]


class QueryCommand(Command):
    """A command that takes query words."""

    def parse_own_words(self, ctx: Any, words: list[str]) -> list[str]:
        return super().parse_own_words(
            ctx, options_first(words, options_with_value(self, ctx))
        )


def query_text(words: Sequence[str]) -> str:
    """Return the query that some words of the command line are together."""
    return " ".join(words)


def options_first(words: Sequence[str], valued: Collection[str]) -> list[str]:
    """Return the options among `words`, then `--`, then all the other words.

    So the parser takes `-is:read` for a word, and still refuses `--unknown`.
    """
    options: list[str] = []
    others: list[str] = []
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word == "--":
            others += todo
            break
        if not word.startswith("--"):
            others.append(word)
            continue
        options.append(word)
        if word in valued:
            if not todo:
                return options  # the parser says that its value is missing
            options.append(todo.pop(0))
    return [*options, "--", *others]
