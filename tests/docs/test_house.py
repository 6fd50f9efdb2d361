"""The rules of the house that a machine can see."""

import re
from pathlib import Path

import pytest

from tests.docs import tree

LINES = 500
BANNED_MODULES = {"utils", "helpers", "common", "base", "misc", "manager"}

# Letters in brackets, so that this file does not contain what it looks for.
INDEXES = re.compile(
    r"py[p]i\.org|pythonhosted\.[o]rg|registry\.np[m]js|crates\.i[o]\b|"
    r"proxy\.golan[g]|repo1?\.mave[n]|deb\.debia[n]|--(extra-)?index-ur[l][ =]\S*:"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(roo[t]|home/[a-z]\w*|User[s]/\w+)(?=/)", re.ASCII
)


def test_no_module_passes_500_lines() -> None:
    sizes = {p: p.read_text("utf-8").count("\n") for p in tree.modules()}
    assert not {tree.name_of(p): n for p, n in sizes.items() if n > LINES}


def test_modules_are_named_after_what_they_hold() -> None:
    named = {part for p in tree.modules() for part in (p.stem, p.parent.name)}
    assert not named & BANNED_MODULES


def test_every_module_says_what_it_is_for() -> None:
    """An empty `__init__.py` holds nothing and need not say so."""
    silent = [
        tree.name_of(path)
        for path in tree.modules()
        if tree.syntax(path).body and not _opening(path)
    ]
    assert not silent


def _opening(path: Path) -> str:
    remarks = tree.remarks(path)
    return remarks[0][1].strip() if remarks and remarks[0][0] == 1 else ""


def test_only_the_migration_uses_the_standard_library_s_sqlite() -> None:
    """Two SQLite libraries on one file break its locks: docs/decisions/0005."""
    allowed = re.compile(r"src/postwarden/adapters/sql/(schema|migrations/.*)\.py")
    importing = re.compile(r"^\s*(import sqlite3|from sqlite3 )", re.MULTILINE)
    users = [
        name
        for path in tree.modules()
        if importing.search(path.read_text("utf-8"))
        and not allowed.fullmatch(name := tree.name_of(path))
    ]
    assert not users


@pytest.mark.parametrize(
    "pattern", [INDEXES, MACHINE_PATHS], ids=["package-indexes", "machine-paths"]
)
def test_no_file_names_one_machine_s_surroundings(pattern: re.Pattern[str]) -> None:
    assert not _found(pattern)


def test_no_file_names_where_this_clone_lies() -> None:
    places = {str(tree.ROOT), str(Path.home())} - {"/"}
    assert not _found(re.compile("|".join(map(re.escape, sorted(places))) + "(?=/)"))


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{tree.name_of(path)}: {found[0]}"
        for path in tree.tracked()
        if (found := pattern.search(path.read_text("utf-8", "replace")))
    ]


def test_locks_hold_versions_and_hashes_and_no_address() -> None:
    locks = sorted((tree.ROOT / "locks").glob("*.txt"))
    assert locks
    for lock in locks:
        text = lock.read_text("utf-8")
        assert "://" not in text
        requirements = re.findall(r"^[a-z0-9].*(?:\n {4}.*)*", text, re.MULTILINE)
        assert requirements
        for requirement in requirements:
            assert "==" in requirement
            assert "--hash=sha256:" in requirement


def test_every_make_word_that_pages_name_exists() -> None:
    makefile = (tree.ROOT / "Makefile").read_text("utf-8")
    words = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    pages = [*tree.ROOT.glob("*.md"), *tree.DOCS.rglob("*.md")]
    named = {
        word
        for page in pages
        for word in re.findall(
            r"(?:^    |`|^)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE
        )
    }
    assert named
    assert named <= words
