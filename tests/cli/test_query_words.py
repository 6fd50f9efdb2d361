"""Words with one `-` are query words; `--words` are options, known or not."""

from collections.abc import Sequence
from typing import Annotated

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from postwarden.cli.grammar import new_app
from postwarden.cli.options import GlobalOptions
from postwarden.cli.query_words import (
    QueryCommand,
    QueryWords,
    options_first,
    query_text,
)

VALUED = {"--limit", "--state"}


def parsed(*words: str) -> tuple[list[str], int | None, bool]:
    """Return what a query command saw: its words, --limit, and whether JSON."""
    seen: list[tuple[list[str], int | None]] = []
    app = new_app()

    @app.command("find", cls=QueryCommand)
    def find(
        query: QueryWords,
        limit: Annotated[int | None, typer.Option("--limit")] = None,
    ) -> None:
        seen.append((query, limit))

    options = GlobalOptions()
    command = typer.main.get_command(app)
    with command.make_context("find", list(words), obj=options) as context:
        command.invoke(context)
    return (*seen[0], options.json)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["from:ada", "-is:read", "--json"], (["from:ada", "-is:read"], None, True)),
        (["--json", "--", "-is:read"], (["-is:read"], None, True)),
        (
            ["-is:read", "--limit", "5", "-in:Junk"],
            (["-is:read", "-in:Junk"], 5, False),
        ),
        (["--limit=5", "-x"], (["-x"], 5, False)),
        (["a", "--", "--json"], (["a", "--json"], None, False)),
        (["-"], (["-"], None, False)),
        (["-(from:ada", "OR", "x)"], (["-(from:ada", "OR", "x)"], None, False)),
        (["from:ada -is:read"], (["from:ada -is:read"], None, False)),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_negations_are_words_and_options_stay_options(
    words: list[str], expected: tuple[list[str], int | None, bool]
) -> None:
    assert parsed(*words) == expected


@pytest.mark.parametrize(
    "words",
    [
        ["from:ada", "--nonsense"],
        ["--nonsense", "x"],
        ["-x", "--limit"],
        ["--limit"],
        [],
    ],
    ids=" ".join,
)
def test_an_unknown_or_unfinished_option_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(typer.TyperException) as caught:
        parsed(*words)
    assert caught.value.exit_code == 2


def test_a_query_is_all_its_words() -> None:
    assert query_text(["from:ada", "-is:read"]) == "from:ada -is:read"


WORD = st.sampled_from(["a", "-a", "--flag", "--limit", "--limit=3", "-", "x y"])


@given(st.lists(WORD, max_size=8))
def test_no_word_is_lost_and_each_kind_keeps_its_order(words: Sequence[str]) -> None:
    ordered = options_first(words, VALUED)
    if "--" not in ordered:  # an option at the end lacks its value
        assert words[-1] in VALUED
        return
    split = ordered.index("--")
    options, others = ordered[:split], ordered[split + 1 :]
    assert sorted(options + others) == sorted(words)
    assert [w for w in words if w in {"--flag", "--limit=3"}] == [
        w for w in options if w in {"--flag", "--limit=3"}
    ]
    assert not any(word.startswith("--") for word in others)
