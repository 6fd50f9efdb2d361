"""The audit log from the command line, and from outside with a script of one's own."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from postwarden.wire.ed25519 import to_pem
from tests.docs import tree
from tests.support.command_line import CommandLine, Ran


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
    assert verified.json == {
        "whole": True,
        "entries": 5,
        "hash": newest["hash"],
        "signed": None,
        "problem": None,
    }
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


def test_a_cut_tail_shows_against_a_head_that_was_kept(
    filled: CommandLine, tmp_path: Path
) -> None:
    head = tmp_path / "head.json"
    printed = filled("audit", "anchor").json
    assert filled("audit", "anchor", "--to", str(head), "--json").json == printed
    assert printed["entry"] == 5
    assert filled("audit", "verify", "--anchor", str(head)).status == 0
    tamper(filled, "DELETE FROM audit WHERE id > 3; DELETE FROM audit_heads")

    assert filled("audit", "verify").status == 0
    verified = filled("audit", "verify", "--anchor", str(head), "--json")

    assert verified.status == 1
    assert "entries 4 to 5 are missing" in verified.error["message"]


def test_an_export_is_checked_where_there_is_no_store(
    filled: CommandLine, tmp_path: Path
) -> None:
    file, pem = tmp_path / "audit.jsonl", tmp_path / "store.pem"
    exported = filled("audit", "export", "--to", str(file), "--json").json
    pem.write_text(to_pem(bytes.fromhex(exported["public_key"])))
    assert filled("audit", "export", "--to", str(file)).status == 5

    def check(*words: str) -> Ran:
        return filled.bare("audit", "check", str(file), *words, "--json")

    assert check("--public-key", str(pem)).json["entries"] == 6
    assert check("--public-key", exported["public_key"]).status == 0
    assert check("--public-key", "0" * 64).status == 1
    assert check("--public-key", str(tmp_path / "absent")).status == 3
    assert check("--public-key", str(file)).status == 2
    assert check("--anchor", str(file)).status == 2
    file.write_text(file.read_text().replace("bob", "rob"))
    assert check().error["message"].startswith("entry 3 was altered")
    assert check().status == 1
    assert filled.bare("audit", "check", str(tmp_path / "absent")).status == 3


def test_a_log_with_nothing_in_it_has_nothing_to_anchor(cli: CommandLine) -> None:
    tamper(cli, "DELETE FROM audit")
    assert cli("audit", "anchor").status == 3
