"""Postwarden as it is measured: its own processes on a data directory."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.processes import NotReady, running

COMMAND = Path(sys.executable).with_name("postwarden")
LONGEST = "longest-transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A running `postwarden serve`; ports by the names of its listeners."""

    data: Path
    pid: int
    ports: dict[str, int]


@contextmanager
def serving(data: Path) -> Iterator[Serving]:
    """Run `postwarden serve` on free ports; `longest_transaction` knows more later."""
    free = [w for name in ("smtp", "lmtp", "http") for w in (f"--{name}", "127.0.0.1:0")]
    watched = (sys.executable, "-m", "bench.watched", data / LONGEST)
    command = (*watched, "serve", "--data", data, *free)
    with running(command, log=data / "serve.log") as process:
        assert process.stdout is not None
        line = _ready(process.stdout, data / "serve.log")
        named = (word.partition("=") for word in line.split()[1:])
        ports = {name: int(where.rpartition(":")[2]) for name, _, where in named}
        yield Serving(data=data, pid=process.pid, ports=ports)


def _ready(stdout: IO[bytes], log: Path) -> str:
    line = stdout.readline().decode("ascii", "replace")
    if not line.startswith("ready "):
        raise NotReady(f"serve: {log.read_text(errors='replace')[-2000:]}")
    return line


def longest_transaction(data: Path) -> float:
    """Return the seconds of the longest transaction of what was watched last."""
    return float((data / LONGEST).read_text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A finished command: its time from start to end, and what it printed."""

    seconds: float
    output: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def run(data: Path, *words: str) -> Ran:
    """Run a `postwarden` command to its end; raises CalledProcessError."""
    begun = time.perf_counter()
    done = subprocess.run(
        [str(COMMAND), *words, "--data", str(data)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return Ran(seconds=time.perf_counter() - begun, output=done.stdout)


def run_watched(data: Path, *words: str) -> Ran:
    """Like `run`, and `longest_transaction` knows more afterwards."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bench.watched", str(data / LONGEST), *words]
        + ["--data", str(data)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return Ran(seconds=time.perf_counter() - begun, output=done.stdout)
