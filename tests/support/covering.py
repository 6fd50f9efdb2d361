"""Which operations of a dialect have a test, for the tables in docs/dialects.

    @covers("POST /mail/messages", "POST /mail/message")
    async def test_mail_is_shown(...) -> None: ...

An operation is named as the table of its dialect names it. What counts for a dialect
lies in its own folders: `tests/conformance/NAME` and `tests/unit/dialects/NAME`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]


def covers(*operations: str) -> pytest.MarkDecorator:
    """Say which operations a test exercises; only plain texts are found."""
    return pytest.mark.covers(*operations)


def folders(dialect: str) -> list[Path]:
    """Return where the tests of a dialect lie."""
    places = (_TESTS / "conformance", _TESTS / "unit" / "dialects")
    return [path for place in places if (path := place / dialect).is_dir()]


def covered(dialect: str) -> set[str]:
    """Return the operations that tests of a dialect say they exercise."""
    paths = [path for folder in folders(dialect) for path in folder.rglob("*.py")]
    return {each for path in paths for each in marks(path.read_text("utf-8"))}


def marks(source: str) -> Iterator[str]:
    """Yield the operations that the tests in a module are marked with."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                yield from _named(mark)


def _named(mark: ast.expr) -> Iterator[str]:
    match mark:
        case ast.Call(func=ast.Name(id="covers"), args=args):
            for each in args:
                assert isinstance(each, ast.Constant), ast.unparse(mark)
                yield str(each.value)
