"""Draw docs/assets/loop.svg from what `postwarden demo` really prints.

    python -m scripts.terminal_picture

The picture is text: it scales, and screen readers and searches find the words.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parent.parent / "docs" / "assets" / "loop.svg"

# The beginning of each command that is shown, and the lines of its answer: from
# the one that begins so, that many.
SHOWN = (
    ("postwarden find 'similar:", "messages", 3),
    ("postwarden case preview", "class ", 6),
    ("postwarden case run", "case", 3),
    ("postwarden case verify", "case", 2),
    ("postwarden case undo", "case", 4),
    ("postwarden case check", "evidence", 1),
)
TITLE = "The loop of a case in Postwarden"
DESCRIPTION = (
    "A terminal. find counts the copies of a phishing mail, case preview counts them "
    "by class, case run removes them, case verify finds none left, case undo restores "
    "them all, case check finds the evidence intact."
)

_SIZE, _ADVANCE, _LEADING, _MARGIN = 13, 7.83, 19, 18  # pixels
_STYLE = (
    "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "fill:#d5dce4;white-space:pre}.c{fill:#fff;font-weight:600}"
)


def blocks(output: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the demo's commands, each with the lines of its answer."""
    for paragraph in output.split("\n$ ")[1:]:
        command, *rest = paragraph.split("\n")
        yield command, rest


def chosen(output: str) -> list[str]:
    """Return the lines of the picture; raises ValueError when one is not there."""
    lines: list[str] = []
    found = list(blocks(output))
    for beginning, first, count in SHOWN:
        # A command whose answer has no such line is not the one that is meant.
        fitting = [
            ["", f"$ {command}", *answer[at : at + count]]
            for command, answer in found
            if command.startswith(beginning)
            for at, line in enumerate(answer)
            if line.startswith(first)
        ]
        if not fitting:
            raise ValueError(f"the demo did not answer {beginning} with {first}")
        lines += fitting[0]
    return lines[1:]


def picture(lines: Sequence[str]) -> str:
    """Return an SVG of a terminal with these lines."""
    width = round(2 * _MARGIN + _ADVANCE * max(map(len, lines)))
    height = 2 * _MARGIN + _LEADING * len(lines)
    drawn = [
        f"<text{' class=' + chr(34) + 'c' + chr(34) if line[:2] == '$ ' else ''} "
        f'x="{_MARGIN}" y="{_MARGIN + _SIZE + _LEADING * number}" '
        f'xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(lines)
        if line
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" role="img" '
            'aria-labelledby="title description">',
            f'<title id="title">{escape(TITLE)}</title>',
            f'<desc id="description">{escape(DESCRIPTION)}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#12181f"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def main() -> int:
    """Run the demo and write the picture; return the exit status."""
    ended = subprocess.run(
        [sys.executable, "-m", "postwarden.cli.main", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(chosen(ended.stdout)), "utf-8")
    print(f"wrote {PICTURE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
