"""What commands print: results to stdout, everything else to stderr.

With `--json` a result is one object, or JSON Lines; else text for people, in
colours only on a terminal.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TextIO

from postwarden.cli import text

Result = Mapping[str, object]

_ENCODE = json.JSONEncoder(ensure_ascii=False, default=text.plain).encode
_ENCODE_ASCII = json.JSONEncoder(default=text.plain).encode
# C1 controls are commands to some terminals; JSON itself escapes only C0.
_UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Output:
    """Prints the results of one command."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    def one(self, result: Result) -> None:
        """Print one thing: an object, or its fields line by line."""
        if self.as_json:
            self._write([json_line(result, sys.stdout)])
        else:
            self._write(text.fields(result))

    def done(self, sentence: str, result: Result) -> None:
        """Print what a writing command did: the object, or a sentence."""
        if self.as_json:
            self.one(result)
        elif not self.quiet:
            self._write([text.visible(sentence)])

    def rehearsed(self, changes: Sequence[Result]) -> None:
        """Print what a dry run would have changed."""
        if self.as_json:
            self.one({"dry_run": True, "changes": changes})
        else:
            self._write(text.changes(changes))

    def octets(self, content: bytes) -> None:
        """Print content as it is, byte for byte."""
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def rows(self, *columns: str) -> "Rows":
        """Return a printer of a list; people see these fields as columns."""
        return Rows(self, columns)

    def note(self, sentence: str) -> None:
        """Tell people something on stderr that is no result."""
        if not self.as_json and not self.quiet:
            sys.stderr.write(f"{text.visible(sentence)}\n")

    def alarm(self, sentence: str) -> None:
        """Tell on stderr, whatever is printed, what somebody must look at."""
        if self.as_json:
            sys.stderr.write(json_line({"alarm": sentence}, sys.stderr) + "\n")
        else:
            sys.stderr.write(f"*** {text.visible(sentence)} ***\n")
        sys.stderr.flush()

    def problem(
        self, code: str, message: str, *, field: str | None = None, **where: object
    ) -> None:
        """Print an error; `where` says which item of many it is about."""
        line = " ".join(text.visible(message).split())
        if self.as_json:
            error = {"code": code, "message": line}
            if field:
                error["field"] = field
            sys.stderr.write(json_line({**where, "error": error}, sys.stderr) + "\n")
        else:
            place = "".join(f"{name} {value}: " for name, value in where.items())
            sys.stderr.write(f"{text.visible(place) or 'postwarden: '}{line}\n")
        sys.stderr.flush()

    def progress(self, label: str, total: int | None = None) -> "Progress":
        """Return a progress bar to enter; it shows on a terminal only."""
        shows = sys.stderr.isatty() and not self.quiet
        return Progress(label, total) if shows else Progress(None, None)

    def _write(self, lines: Iterable[str]) -> None:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


class Rows:
    """A list that is printed as it is found, batch by batch."""

    def __init__(self, output: Output, columns: Sequence[str]) -> None:
        self._output = output
        self._table = text.Table(columns)

    def write(self, batch: Iterable[Result]) -> None:
        if self._output.as_json:
            lines = [json_line(row, sys.stdout) for row in batch]
        else:
            lines = self._table.lines(batch, coloured=sys.stdout.isatty())
        if lines:
            self._output._write(lines)  # noqa: SLF001  both are this module


class Progress(AbstractContextManager["Progress"]):
    """A bar on stderr, or nothing."""

    def __init__(self, label: str | None, total: int | None) -> None:
        self._bar = None
        if label is not None:
            from rich.console import Console  # noqa: PLC0415  0.1 s, terminals only
            from rich.progress import Progress as Bar  # noqa: PLC0415

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(label, total=total)

    def advance(self, steps: int = 1) -> None:
        if self._bar is not None:
            self._bar.advance(self._task, steps)

    def show(self, done: int, total: int) -> None:
        """Show how much is done, and of how much when that is not 0."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def json_line(value: Result, stream: TextIO) -> str:
    """Return `value` as one line of JSON that `stream` can take and show."""
    if (stream.encoding or "").lower().replace("-", "") != "utf8":
        return _ENCODE_ASCII(value)
    line = _ENCODE(value)
    if stream.isatty():
        return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)
    return line
