"""Processes of a measurement: started, watched and ended by their ids."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_KIB = 1024


class NotReady(Exception):
    """A process did not do in time what it was started for."""


def free_port() -> int:
    """Return a TCP port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until(is_done: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Poll until `is_done`; raises NotReady after `seconds`."""
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            raise NotReady(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in a process group of its own; SIGTERM ends it, else SIGKILL."""
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment or os.environ),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]", seconds: float = 30) -> None:
    """Ask a process that we started to end, and then make it."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        # Its group is its own (`start_new_session`), so this reaches its children.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(seconds)
    finally:
        if process.stdout is not None:
            process.stdout.close()


def _status(pid: int) -> tuple[int, float] | None:
    """Return the parent and the CPU seconds of a process and its reaped children."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / _TICK


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, of a process and all below it."""
    known = {
        int(path.name): status
        for path in Path("/proc").iterdir()
        if path.name.isdecimal() and (status := _status(int(path.name))) is not None
    }
    children: dict[int, list[int]] = {}
    for child, (parent, _) in known.items():
        children.setdefault(parent, []).append(child)
    total, todo = 0.0, [pid]
    while todo:
        at = todo.pop()
        total += known[at][1] if at in known else 0.0
        todo += children.get(at, [])
    return total


def memory(pid: int, field: str = "VmRSS") -> int:
    """Return octets of memory of one process: VmRSS, or VmHWM for its peak."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * _KIB
    raise NotReady(f"process {pid} tells no {field}")
