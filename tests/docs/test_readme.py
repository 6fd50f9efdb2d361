"""README and the pages for administrators: their commands exist, their picture too."""

import re
import shlex
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import typer

from postwarden.cli.grammar import RootGroup
from postwarden.cli.main import COMMANDS, root
from postwarden.cli.options import GlobalOptions, take_global_options
from scripts import terminal_picture
from tests.docs import tree

README = tree.ROOT / "README.md"
PAGES = [README, *(tree.DOCS / f"{name}.md" for name in ("audit", "cases", "operations"))]
MENTIONED = re.compile(
    r"`(postwarden [^`\n]+)`|^(?:\$ )?(postwarden .*)$", re.MULTILINE
)


def commands() -> Iterator[tuple[str, str]]:
    """Yield (page, command line) of everything that a page tells to type."""
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        for inline, line in MENTIONED.findall(text):
            yield page.name, (inline or line).partition(" | ")[0]


def parse(line: str) -> str:
    """Parse a command line without running it; return the command's path."""
    _, *words = shlex.split(line)
    options = GlobalOptions()
    words = take_global_options(words, options, only_leading=True)
    command: Any = typer.main.get_command(root)
    assert isinstance(command, RootGroup)
    command.registered = COMMANDS
    context: Any = command.make_context(
        "postwarden", ["-"], obj=options, resilient_parsing=True
    )
    path = "postwarden"
    while hasattr(command, "list_commands"):
        default = getattr(command, "default", None)
        name = default if default and words[0].startswith("--") else words.pop(0)
        assert name in command.list_commands(context), f"{path} {name}"
        path, command = f"{path} {name}", command.get_command(context, name)
        if "--help" in words:
            return path
        if not hasattr(command, "list_commands"):
            command.make_context(name, words, parent=context, obj=options)
            return path
        context = type(context)(command, info_name=name, parent=context, obj=options)
    return path


@pytest.mark.parametrize("line", [line for _, line in commands()])
def test_what_a_page_tells_to_type_is_a_command(line: str) -> None:
    assert parse(line).startswith("postwarden ")


@pytest.mark.parametrize(
    "line", ["postwarden fnd x", "postwarden case opn x", "postwarden find x --cuont"]
)
def test_what_is_no_command_is_seen(line: str) -> None:
    with pytest.raises((AssertionError, typer.TyperException)):
        parse(line)


def test_the_pages_show_the_whole_loop() -> None:
    told = {parse(line) for page, line in commands() if page == "cases.md"}
    steps = ("open", "preview", "approve", "run", "verify", "undo", "export", "check")
    assert told >= {f"postwarden case {step}" for step in steps}


def test_the_picture_is_text_that_can_be_read_aloud() -> None:
    assert "](docs/assets/loop.svg)" in README.read_text("utf-8")
    drawn = ET.parse(terminal_picture.PICTURE).getroot()
    assert drawn.get("role") == "img"
    names = {each.get("id"): each.text or "" for each in drawn if each.get("id")}
    assert all(names[each] for each in (drawn.get("aria-labelledby") or "").split())
    assert drawn.get("aria-labelledby")


def test_the_picture_is_small_and_asks_for_nothing_elsewhere() -> None:
    text = terminal_picture.PICTURE.read_text("utf-8")
    assert len(text) < 10_000
    assert re.findall(r"(?:href|src|url|@import)", text) == []
    assert re.findall(r"https?://\S+?\"", text) == ['http://www.w3.org/2000/svg"']


def test_the_picture_is_drawn_from_answers_of_the_demo() -> None:
    answers = {
        "find 'similar:<x@y>' --count": "messages  37\ncopies    40\naccounts  40",
        "case preview 1": "case  1\n\nclass  messages\nexact  1\na\nb\nc\nd",
        "case run 1": "case  1\nstate  done\noutcomes  removed=40",
        "case verify 1": "case  1\nresidual  0",
        "case undo 1": "case  1\nstate  undone\nrestored  40\nfailed  0",
        "case check evidence-1": "evidence-1 is intact",
    }
    output = "".join(f"\n\n$ postwarden {k}\n{v}" for k, v in answers.items())
    lines = terminal_picture.chosen(output)
    assert lines[0] == "$ postwarden find 'similar:<x@y>' --count"
    assert lines[-1] == "evidence-1 is intact"
    assert "&lt;x@y&gt;" in terminal_picture.picture(lines)
    with pytest.raises(ValueError, match="case check"):
        terminal_picture.chosen(output.replace("is intact", "").replace("evidence", ""))


def test_the_picture_shows_steps_that_the_demo_plays() -> None:
    text = terminal_picture.PICTURE.read_text("utf-8")
    for beginning, _, _ in terminal_picture.SHOWN:
        assert beginning.partition("'")[0] in text
