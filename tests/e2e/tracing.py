"""System calls of a process, in their order, as strace(1) saw them."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.waiting import PATIENCE, until

CALLS = (
    *("fsync", "fdatasync", "pwrite64", "write", "writev", "sendto", "sendmsg"),
    *("rename", "renameat", "renameat2"),
)
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*?)(?: <unfinished \.\.\.>|\) += (.*))")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>.*\) += (.*)")


@dataclass(slots=True)
class Call:
    """One system call; `began` and `ended` count lines of the trace."""

    name: str
    arguments: str
    began: int
    ended: int | None = None
    result: str = ""


@contextmanager
def traced(pid: int, output: Path) -> Iterator[None]:
    """Trace a process with all its threads; skips where that is not possible."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace(1)")
    words = ["-f", "-y", "-s", "4096", "-e", f"trace={','.join(CALLS)}"]
    notes = output.with_suffix(".err")
    with notes.open("w") as stderr:
        process = subprocess.Popen(
            [strace, *words, "-o", str(output), "-p", str(pid)], stderr=stderr
        )
    try:
        until(lambda: "attached" in notes.read_text() or process.poll(), "strace")
        if process.poll() is not None:
            pytest.skip(f"needs ptrace(2): {notes.read_text().strip()}")
        yield
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def calls_of(output: Path) -> list[Call]:
    """Return the calls of a trace in the order of their beginnings."""
    calls: list[Call] = []
    open_: dict[tuple[str, str], Call] = {}
    for number, line in enumerate(output.read_text(errors="replace").splitlines()):
        if resumed := _RESUMED.match(line):
            call = open_.pop((resumed[1], resumed[2]), None)
            if call is not None:
                call.ended, call.result = number, resumed[3]
        elif begun := _BEGUN.match(line):
            call = Call(begun[2], begun[3], number)
            calls.append(call)
            if begun[4] is None:
                open_[begun[1], begun[2]] = call
            else:
                call.ended, call.result = number, begun[4]
    return calls
