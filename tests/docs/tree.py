"""The files of this repository, as the documentation tests look at them."""

import ast
import io
import re
import shutil
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "postwarden"
DOCS = ROOT / "docs"


@cache
def modules() -> tuple[Path, ...]:
    return tuple(sorted(SOURCE.rglob("*.py")))


@cache
def tracked() -> tuple[Path, ...]:
    """Return what git tracks or would add; skips where there is no repository."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs the git repository")
    names = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = (ROOT / name for name in sorted(set(names)) if name)
    return tuple(path for path in paths if path.is_file())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def remarks(path: Path) -> tuple[tuple[int, str], ...]:
    """Return (line, text) of the comments and docstrings of a module."""
    return tuple(sorted([*_comments(path), *_docstrings(path)]))


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    source = io.StringIO(path.read_text("utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every string that stands alone: docstrings, and those of attributes."""
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def table(page: Path, first_heading: str) -> list[list[str]]:
    """Return the cells of every table of `page` whose first heading is given."""
    rows: list[list[str]] = []
    wanted = False
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            wanted = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == first_heading:
            wanted = True
        elif wanted and not re.fullmatch(r"-+", cells[0]):
            rows.append(cells)
    return rows
