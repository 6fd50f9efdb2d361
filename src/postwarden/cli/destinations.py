"""Where a command writes what it makes: standard output, or a file that is whole."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from postwarden.adapters.wholefiles import whole_file

OutputFile = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Where to; - is standard output."),
]


@contextmanager
def destination(output: Path | None) -> Iterator[BinaryIO]:
    """Give the file to write to; what was there stays until the new one is whole."""
    if output is None or str(output) == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(output) as file:
        yield file
