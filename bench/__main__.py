"""Run measurements: `python -m bench [NAME] [OPTION ...]`; without NAME, all.

`python -m bench --list` names them.
"""

import ast
import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
_ALL = "everything"


def measurements() -> dict[str, str]:
    """Return the modules that have a `main`, with the first line of each docstring."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        module = ast.parse(path.read_text("utf-8"))
        if any(
            isinstance(n, ast.FunctionDef) and n.name == "main" for n in module.body
        ):
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found


def run(arguments: list[str]) -> int:
    """List, or run one; return the exit status."""
    known = measurements()
    if arguments[:1] == ["--list"]:
        for name, purpose in known.items():
            print(f"{name:<20} {purpose}")
        print("\npython -m bench NAME --help tells more.")
        return 0
    if not arguments or arguments[0].startswith("-"):
        arguments = [_ALL, *arguments]
    name = arguments[0].replace("-", "_")
    if name not in known:
        print(f"no measurement {name}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    status: int = importlib.import_module(f"bench.{name}").main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
