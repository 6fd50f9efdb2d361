"""Write the pages of docs/ that are made from code.

    python -m scripts.generate_docs           write them
    python -m scripts.generate_docs --check   name those that differ; exit status 1

`PAGES` has one function for each page. A page is Markdown that ends in a line end.
"""

import argparse
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import postwarden.model
from postwarden.cli.documentation import cli_markdown
from postwarden.dialects.native.routes import OPERATIONS
from postwarden.model import errors, permissions
from postwarden.settings.documentation import settings_markdown
from scripts.coverage_tables import james_page, smartermail_page
from scripts.pages import page, table

DOCS = Path(__file__).parent.parent / "docs"
SERVICES = DOCS.parent / "src" / "postwarden" / "services"

_TREE_LINE = re.compile(r"[│├└─ ]*[├└]─ (\w+) +(\S.*)")
_MEMBER_LINE = re.compile(r"\s+(\w+) = \S+(?:  # (?!noqa)(.+?))?(?:  # noqa.*)?$")


def errors_page() -> str:
    """Return the failures that every edge translates into its own answers."""
    meanings = {
        found[1]: found[2]
        for line in (errors.__doc__ or "").splitlines()
        if (found := _TREE_LINE.match(line))
    }
    rows = [
        [
            f"`{error.code}`",
            error.__name__,
            "later" if error.temporary else "no",
            meanings.get(error.__name__, ""),
        ]
        for error in _errors()
        if error is not errors.MailError  # it stands for no failure of its own
    ]
    return page(
        "Errors",
        "With `--json` a failing command prints the code in `error.code`. *Again*\n"
        "says whether the same request may succeed later without being changed.",
        table(["Code", "Class", "Again", "Meaning"], rows),
    )


def _errors() -> Iterator[type[errors.MailError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.MailError):
            yield value


def values_page() -> str:
    """Return the closed sets of the model: states, kinds, actions, outcomes."""
    lines: list[str] = []
    for values in sorted(_closed_sets(), key=lambda values: values.__name__):
        comments = _comments(values)
        lines += [
            f"## {_spaced(values.__name__)}",
            "",
            inspect.getdoc(values) or "",
            "",
        ]
        lines += table(
            ["Value", "Meaning"],
            [[f"`{value}`", comments.get(value.name, "")] for value in values],
        )
        lines.append("")
    return page(
        "Values",
        "Closed sets: in JSON and on the command line these values occur and no\n"
        "others. Ledger events and permissions have pages of their own:\n"
        "[events.md](events.md), [permissions.md](permissions.md).",
        lines[:-1],
    )


def permissions_page() -> str:
    """Return what can be delegated, who has it by role, and what asks for it."""
    roles = [
        f"- **{role.name}**: {role.description}" for role in permissions.BUILTIN_ROLES
    ]
    holders = {
        permission: [
            r.name for r in permissions.BUILTIN_ROLES if permission in r.permissions
        ]
        for permission in permissions.Permission
    }
    rows = [
        [
            f"`{each}`",
            ", ".join(holders[each]),
            ", ".join(_asking(each)) or "nothing yet",
        ]
        for each in permissions.Permission
    ]
    return page(
        "Permissions",
        "A role bundles permissions; an administrator has a role and, if not all, the\n"
        "domains it is for. What lies in other domains does not exist for him. A key\n"
        "may do less than its owner, never more.",
        [*roles, "", *table(["Permission", "Roles that have it", "Asked by"], rows)],
    )


def _asking(permission: permissions.Permission) -> Iterator[str]:
    """Yield the services that name a permission."""
    name = re.compile(rf"\bPermission\.{permission.name}\b")
    for path in sorted(SERVICES.rglob("*.py")):
        if name.search(path.read_text("utf-8")):
            parts = path.relative_to(SERVICES).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


def _closed_sets() -> Iterator[type[StrEnum]]:
    for found in pkgutil.iter_modules(postwarden.model.__path__, "postwarden.model."):
        if found.ispkg or found.name.endswith((".ledger", ".permissions")):
            continue
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, StrEnum)
                and value.__module__ == found.name
            ):
                yield value


def _comments(values: type[StrEnum]) -> dict[str, str]:
    lines = inspect.getsource(values).splitlines()
    found = (match for line in lines if (match := _MEMBER_LINE.match(line)))
    return {match[1]: match[2] for match in found if match[2]}


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def api_operations_page() -> str:
    """Return the operations of our own API."""
    rows = [
        [
            f"`{each.method} {each.path}`",
            " ".join((inspect.getdoc(each.handler) or "").partition("\n\n")[0].split()),
            " or ".join(f"`{permission}`" for permission in each.permissions),
        ]
        for each in OPERATIONS
    ]
    return page(
        "Operations of the API",
        "Below `/postwarden/v1`; [api.md](api.md) tells how to use them, and\n"
        "`/postwarden/v1/openapi.json` has every field. *Takes* is the permission of\n"
        "the key; one of several is enough.",
        table(["Operation", "What it does", "Takes"], rows),
    )


PAGES: dict[str, Callable[[], str]] = {
    "api-operations.md": api_operations_page,
    "cli.md": cli_markdown,
    "dialects/james-operations.md": james_page,
    "dialects/smartermail-operations.md": smartermail_page,
    "errors.md": errors_page,
    "permissions.md": permissions_page,
    "settings.md": settings_markdown,
    "values.md": values_page,
}


def stale() -> list[str]:
    """Return the names of pages whose file differs from what the code makes."""
    return [
        name
        for name, page in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != page()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or compare the pages; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.generate_docs")
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args(arguments)
    names = stale()
    for name in names:
        if options.check:
            print(f"docs/{name} differs from the code: run `make docs`")
        else:
            (DOCS / name).write_text(PAGES[name](), "utf-8")
            print(f"wrote docs/{name}")
    return 1 if options.check and names else 0


if __name__ == "__main__":
    sys.exit(main())
