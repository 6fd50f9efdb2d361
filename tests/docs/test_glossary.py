"""The glossary is obeyed: our words stand in code, the others do not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs import tree

# A dialect or connector speaks its vendor's language inside its own folder.
VENDORS = re.compile(r"src/postwarden/(dialects/\w+|connectors)/")


def banned() -> set[str]:
    page = tree.DOCS / "glossary.md"
    rows = [*tree.table(page, "Thing"), *tree.table(page, "Word")]
    return {word for row in rows for word in re.findall(r"`(\w+)`", row[-1])}


def names(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what a module names: classes, functions, parameters, fields."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id


def offences(path: Path) -> list[str]:
    words = banned()
    return [
        f"{tree.name_of(path)}:{line} {name}"
        for line, name in names(tree.syntax(path))
        if name in words
    ]


def test_the_glossary_bans_something() -> None:
    assert {"User", "Folder", "mail_from", "rcpt_tos"} <= banned()


def test_code_uses_the_words_of_the_glossary() -> None:
    found = [
        offence
        for path in tree.modules()
        if not VENDORS.match(tree.name_of(path))
        for offence in offences(path)
    ]
    assert not found


def test_an_offence_is_seen(tmp_path: Path) -> None:
    module = ast.parse("class User:\n    rcpt_tos: list\ndef f(mail_from): ...\n")
    seen = {name for _, name in names(module)}
    assert seen & banned() == {"User", "rcpt_tos", "mail_from"}
