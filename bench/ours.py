"""Postwarden as it is measured: its own processes on a data directory."""

import json
import os
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
_SEEN = "seen.json"


def environment() -> dict[str, str]:
    """Return an environment in which Python keeps its bytecode, as installed it does.

    It is kept beside the measurements, so that the sources stay as they are.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path("build/pycache").absolute())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A running `postwarden serve`; ports by the names of its listeners."""

    data: Path
    pid: int
    ports: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a process saw: its longest transaction, and its memory at the peak."""

    longest_transaction: float
    peak: int


def seen(data: Path) -> Seen:
    """Return what the process saw that was watched last on this data directory."""
    return Seen(**json.loads((data / _SEEN).read_text()))


def _watched(data: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "bench.watched", str(data / _SEEN))


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Serving]:
    """Run `postwarden serve` on free ports; afterwards `seen` tells more."""
    free = [
        w for name in ("smtp", "lmtp", "http") for w in (f"--{name}", "127.0.0.1:0")
    ]
    command = (*_watched(data), "serve", "--data", str(data), *free, *options)
    log = data / "serve.log"
    with running(command, log=log, environment=environment()) as process:
        assert process.stdout is not None
        line = _ready(process.stdout, log)
        named = (word.partition("=") for word in line.split()[1:])
        ports = {name: int(where.rpartition(":")[2]) for name, _, where in named}
        yield Serving(data=data, pid=process.pid, ports=ports)


def _ready(stdout: IO[bytes], log: Path) -> str:
    line = stdout.readline().decode("ascii", "replace")
    if not line.startswith("ready "):
        raise NotReady(f"serve: {log.read_text(errors='replace')[-2000:]}")
    return line


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
    return _timed(data, (str(COMMAND), *words))


def run_watched(data: Path, *words: str) -> Ran:
    """Like `run`; afterwards `seen` tells more."""
    return _timed(data, (*_watched(data), *words))


def _timed(data: Path, words: tuple[str, ...]) -> Ran:
    begun = time.perf_counter()
    done = subprocess.run(
        [*words, "--data", str(data)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        env=environment(),
    )
    return Ran(seconds=time.perf_counter() - begun, output=done.stdout)
