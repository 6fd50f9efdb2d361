"""Run `postwarden` in this process and see what it printed."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postwarden.cli.main import main

# Hashes as cheap as argon2 allows: tests are not about their cost.
CHEAP = ("--set", "passwords.memory=8K", "--set", "passwords.passes=1")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object that was printed."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """The objects that were printed, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        """The one error that was printed with `--json`."""
        return json.loads(self.err)["error"]


Run = Callable[..., Ran]


@dataclass(slots=True)
class CommandLine:
    """Calls `main` on the store in `data`."""

    data: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str, stdin: bytes = b"") -> Ran:
        """Run with our global options before the words."""
        return self.bare("--data", str(self.data), *CHEAP, *words, stdin=stdin)

    def bare(self, *words: str, stdin: bytes = b"") -> Ran:
        """Run just these words."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capsys.readouterr()
        status = main(words)
        printed = self.capsys.readouterr()
        return Ran(status, printed.out, printed.err)
