"""Pages and tables in Markdown."""

from collections.abc import Sequence

MADE = "<!-- Made by `make docs` from the code; edit that instead. -->"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [headings, ["---"] * len(headings), *rows]
    return [
        f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in cells
    ]


def page(title: str, introduction: str, lines: Sequence[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", introduction, "", *lines, ""])
