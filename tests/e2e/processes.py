"""Postwarden as other programs meet it: commands that end, and `serve`."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.e2e import places
from tests.e2e.waiting import PATIENCE

COMMAND = (sys.executable, "-m", "postwarden.cli.main")
LOOPBACK = ("--smtp", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[Json]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Json:
        """The error object of a command that was given `--json`."""
        (line,) = self.err.splitlines()
        return cast(Json, json.loads(line)["error"])


@dataclass
class Postwarden:
    """One data directory, and the processes that work on it."""

    data: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    servings: int = 0

    def run(
        self, *words: str, status: int | None = 0, given: str = "", seconds: float = 120
    ) -> Ended:
        """Run a command to its end; `status` None lets it end in any way."""
        process = self.start(*words, stdin=subprocess.PIPE)
        try:
            out, err = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        ended = Ended(process.returncode, out, err)
        assert status is None or ended.status == status, (words, ended)
        return ended

    def json(self, *words: str, status: int = 0) -> Json:
        """Run a command that answers one object."""
        (row,) = self.run(*words, "--json", status=status).rows
        return row

    def rows(self, *words: str) -> list[Json]:
        """Run a command that answers a list."""
        return self.run(*words, "--json").rows

    def refused(self, *words: str, status: int) -> Json:
        """Run a command that fails with `status`; return its error object."""
        ended = self.run(*words, "--json", status=status)
        assert not ended.out
        return ended.error

    def start(
        self,
        *words: str,
        stdin: int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start a command and do not wait for it; `end` sees to it at the latest."""
        process = subprocess.Popen(
            [*COMMAND, *words, "--data", str(self.data), *self._store()],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
            text=True,
        )
        self.processes.append(process)
        return process

    def _store(self) -> list[str]:
        url = places.url_of(self.data)
        return ["--store", url] if url else []

    def serve(self, *words: str) -> "Serving":
        """Start `serve` and wait until it is ready; by default SMTP and LMTP."""
        named = any(word.startswith("--") and word != "--set" for word in words)
        words = words if named else (*LOOPBACK, *words)
        self.servings += 1
        log = self.data.with_name(f"{self.data.name}-serve-{self.servings}.log")
        with log.open("w") as stderr:
            process = self.start("serve", *words, stderr=stderr.fileno())
        return Serving(process, log, _ready(process, log))

    def end(self) -> None:
        """End by its id whatever still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _environment() -> dict[str, str]:
    """Return our environment without settings of the product.

    Commands start as they do for users, from modules compiled before.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("POSTWARDEN_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def _ready(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """Read the one line that says where the listeners are."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], PATIENCE)
    line = process.stdout.readline() if readable else ""
    word, *pairs = line.split() or [""]
    assert word == "ready", (line, process.poll(), log.read_text())
    found = (pair.partition("=") for pair in pairs)
    return {name: address for name, _, address in found}


@dataclass
class Serving:
    """A running `serve`, with the addresses of its ready line by name."""

    process: subprocess.Popen[str]
    log: Path
    addresses: dict[str, str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def port(self, name: str) -> int:
        return int(self.addresses[name].rpartition(":")[2])

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it as an administrator would; it has to go in peace."""
        self.signal(signal.SIGTERM)
        assert self.wait() == 0, self.log.read_text()
        assert not self.faults()

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def faults(self) -> list[str]:
        """Return what it logged as its own mistakes."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if '"level": "error"' in line]

    def memory(self, field_name: str) -> int:
        """Return a field of /proc/PID/status that counts kB, in octets."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field_name:
                return int(value.split()[0]) * 1024
        raise AssertionError(f"the system does not tell {field_name}")


def settings(**values: object) -> Sequence[str]:
    """Return `--set` words: `cases__batch=10` is `--set cases.batch=10`."""
    return [
        word
        for name, value in values.items()
        for word in ("--set", f"{name.replace('__', '.')}={value}")
    ]
