"""docs/cli.md is what the commands' help says."""

import re

from postwarden.cli.documentation import cli_markdown
from postwarden.cli.exits import EXITS
from postwarden.cli.main import COMMANDS
from tests.docs import tree

PAGE = tree.DOCS / "cli.md"


def test_the_page_is_what_the_code_makes() -> None:
    assert PAGE.read_text("utf-8") == cli_markdown(), "run `make docs`"


def test_every_command_has_a_section() -> None:
    headings = re.findall(r"^## postwarden (\S+)$", cli_markdown(), re.MULTILINE)
    assert headings == [each.name for each in COMMANDS]


def test_every_section_says_how_the_command_is_called_and_what_it_does() -> None:
    sections = re.split(r"^#{2,3} postwarden ", cli_markdown(), flags=re.MULTILINE)[1:]
    groups = {each.split(" ")[0] for each in sections if " " in each.split("\n")[0]}
    for section in sections:
        name, _, text = section.partition("\n")
        usage, _, help_ = text.strip().partition("\n\n")
        if name not in groups:
            assert usage.strip().startswith(f"postwarden {name}"), name
            assert help_.strip(), name


def test_every_exit_status_is_told() -> None:
    told = {int(row[0].strip("`")) for row in tree.table(PAGE, "Status")}
    assert set(EXITS.values()) <= told
