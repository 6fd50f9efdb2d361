"""The audit log from the command line, and from outside with a script of one's own."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.docs import tree
from tests.support.command_line import CommandLine


@pytest.fixture
def filled(cli: CommandLine) -> CommandLine:
    """Five entries, with text beyond ASCII."""
    for name in ("ada", "bob", "eve"):
        assert cli("account", "create", f"{name}@example.org").status == 0
    assert cli("account", "change", "ada@example.org", "--name", "Ä\U0001f600").out
    return cli


def tamper(cli: CommandLine, sql: str) -> None:
    with closing(apsw.Connection(str(cli.data / "postwarden.db"))) as raw:
        raw.execute(sql)


def test_a_whole_log_is_said_to_be(filled: CommandLine) -> None:
    newest = filled("audit", "list", "--json").rows[-1]

    verified = filled("audit", "verify", "--json")

    assert verified.status == 0
    assert verified.json == {"whole": True, "entries": 5, "hash": newest["hash"]}
    assert "5 entries" in filled("audit", "verify").out


def test_the_first_broken_entry_is_named(filled: CommandLine) -> None:
    tamper(filled, "UPDATE audit SET actor = 'mallory' WHERE id IN (3, 4)")

    verified = filled("audit", "verify", "--json")

    assert verified.status == 1
    assert (verified.json["whole"], verified.json["entries"]) == (False, 2)
    assert verified.error["message"].startswith("entry 3 was altered")
    assert filled("audit", "verify").status == 1


def test_an_empty_log_is_whole(nowhere: CommandLine) -> None:
    assert nowhere("audit", "verify").status == 3  # no store, no log
    nowhere("domain", "create", "example.org")
    tamper(nowhere, "DELETE FROM audit")
    assert nowhere("audit", "verify", "--json").json["entries"] == 0


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that docs/audit.md gives to whoever trusts no program of ours."""
    page = (tree.DOCS / "audit.md").read_text("utf-8")
    found = re.search(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    assert found[1].count("\n") <= 20
    path = tmp_path_factory.mktemp("script") / "check.py"
    path.write_text(found[1], "utf-8")
    return path


def test_a_log_is_checked_with_what_the_page_says_alone(
    filled: CommandLine, script: Path
) -> None:
    def checked(printed: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-I", script],
            input=printed,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return ran.returncode, ran.stdout + ran.stderr

    printed = filled("audit", "list", "--json").out
    lines = printed.splitlines(keepends=True)
    newest = filled("audit", "verify", "--json").json["hash"]

    assert checked(printed) == (0, f"5 entries, the newest has the hash {newest}\n")
    assert checked(printed.replace("bob", "rob")) == (1, "entry 3 was altered\n")
    assert checked("".join(lines[1:])) == (1, "entry 1 is missing\n")
    assert checked("".join(lines[:2] + lines[3:])) == (1, "entry 3 is missing\n")
