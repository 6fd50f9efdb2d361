"""`postwarden demo` as people run it: in processes of its own."""

import json
import os
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

POSTWARDEN = [sys.executable, "-m", "postwarden.cli.main"]
SMALL = ["demo", "--accounts", "50", "--mails", "40"]
COPIES = 10  # of the campaign, a fifth of the accounts
# The week, the campaign, two reports, a question, and three that only look like it.
MAILS = 40 + 9 + 2 + 1 + 3
PATIENCE = 150  # seconds

# The demo with one of its parts replaced.
WITHOUT_STORY = """
import sys
from postwarden.cli.demo.story import Story
from postwarden.cli.main import main
async def play(self): pass
Story.play = play
sys.exit(main(sys.argv[1:]))
"""
WITH_A_WRONG_NUMBER = """
import sys
from postwarden.cli.demo.campaign import Campaign
from postwarden.cli.main import main
Campaign.copies = property(lambda self: self.same + self.variants + 1)
sys.exit(main(sys.argv[1:]))
"""


def environment(directory: Path) -> Mapping[str, str]:
    """Return an environment whose temporary files lie in `directory`.

    Its POSTWARDEN_DATA names a place that the demo must never touch.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("POSTWARDEN_")}
    own = directory.parent / "own-store"
    return {**kept, "TMPDIR": str(directory), "POSTWARDEN_DATA": str(own)}


def run(
    words: Sequence[str], directory: Path, *, code: str | None = None
) -> subprocess.CompletedProcess[str]:
    program = POSTWARDEN if code is None else [sys.executable, "-c", code]
    return subprocess.run(
        [*program, *words],
        env=environment(directory),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


@contextmanager
def on_a_terminal(words: Sequence[str], directory: Path) -> Iterator["Terminal"]:
    """Run a command line on a terminal of its own; kill what is left of it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*POSTWARDEN, *words],
        env={**environment(directory), "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


class Terminal:
    def __init__(self, process: "subprocess.Popen[bytes]", ours: int) -> None:
        self.process, self._ours = process, ours
        self._shown = b""

    @property
    def shown(self) -> str:
        text = self._shown.decode(errors="replace").replace("\r\n", "\n")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def wait_for(self, text: str) -> str:
        """Read until `text` is shown; fails when the process ends before."""
        until = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert self._read(until - time.monotonic()), self.shown
        return self.shown

    def interrupt(self) -> int:
        """Send SIGINT, read to the end, return the exit status."""
        self.process.send_signal(signal.SIGINT)
        until = time.monotonic() + PATIENCE
        while self._read(until - time.monotonic()):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0, seconds))
        assert ready, f"nothing more came after: {self.shown}"
        piece = b""
        with suppress(OSError):  # EIO: nobody holds the other end any more
            piece = os.read(self._ours, 65536)
        self._shown += piece
        return bool(piece)


def test_the_loop_ends_well_and_leaves_nothing_behind(temporary: Path) -> None:
    ran = run([*SMALL, "--json"], temporary)
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    assert result["campaign"] == {
        "messages": 9,
        "copies": COPIES,
        "same": 8,
        "variants": 2,
        "attached": 2,
    }
    assert result["accounts"] == 50
    assert result["mails"] == MAILS
    assert result["copies"] > result["mails"]
    assert len(result["checks"]) == 9
    typed = [" ".join(line.split()[1:3]) for line in result["commands"]]
    steps = ("open", "preview", "approve", "run", "verify", "undo", "export", "check")
    assert [each for each in typed if each.startswith("case ")] == [
        f"case {step}" for step in steps
    ]
    assert ran.stderr == ""
    assert list(temporary.iterdir()) == []
    assert not (temporary.parent / "own-store").exists()


def test_on_a_terminal_it_serves_until_ctrl_c_and_then_cleans_up(
    temporary: Path,
) -> None:
    with on_a_terminal(SMALL, temporary) as terminal:
        shown = terminal.wait_for("Ctrl-C")
        assert f"copies    {COPIES}" in shown
        assert f"removed={COPIES - 1}, already-gone=0, moved=1" in shown
        assert re.search(r"residual +0\n", shown)
        assert f"restored  {COPIES}" in shown
        assert "evidence-1 is intact" in shown
        [store] = temporary.iterdir()
        suggested = re.findall(r"^    postwarden (.*)$", shown, re.MULTILINE)
        assert len(suggested) == 5
        for line in suggested:
            assert shlex.split(line)[:2] == ["--data", str(store)]
            assert run(shlex.split(line), temporary).returncode == 0
        found = run(["--data", str(store), "find", "all", "--count"], temporary)
        assert found.returncode == 0
        assert found.stdout.startswith(f"messages  {MAILS}\n")
        place = re.search(r"SMTP (127\.0\.0\.1):(\d+)", " ".join(shown.split()))
        assert place is not None
        with socket.create_connection((place[1], int(place[2])), 10) as connection:
            assert connection.recv(4) == b"220 "
        assert terminal.interrupt() == 0
    assert list(temporary.iterdir()) == []


def test_ctrl_c_while_it_plays_ends_it_and_cleans_up(temporary: Path) -> None:
    with on_a_terminal(SMALL, temporary) as terminal:
        terminal.wait_for("A store in")
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.shown
    assert list(temporary.iterdir()) == []


def test_what_is_kept_is_a_store_like_any_other(
    temporary: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    words = [*SMALL, "--quiet", "--keep", str(kept)]
    ran = run(words, temporary, code=WITHOUT_STORY)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    checked = run(["--data", str(kept), "doctor", "--json"], temporary)
    findings = [json.loads(line) for line in checked.stdout.splitlines()]
    assert {each["status"] for each in findings} <= {"ok", "warning"}
    assert list(temporary.iterdir()) == []


def test_a_number_that_is_not_as_it_must_be_fails_in_one_line(temporary: Path) -> None:
    ran = run([*SMALL, "--quiet"], temporary, code=WITH_A_WRONG_NUMBER)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "the plan has them all: expected 11, found 10" in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert list(temporary.iterdir()) == []


def test_a_directory_with_something_in_it_is_not_filled(
    temporary: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "postwarden.db").write_text("mine")
    ran = run([*SMALL, "--keep", str(taken)], temporary)
    assert ran.returncode == 5
    assert "already exists" in ran.stderr
    assert (taken / "postwarden.db").read_text() == "mine"
    assert len(list(taken.iterdir())) == 1


@pytest.mark.parametrize(
    "option",
    [
        ["--data", "elsewhere"],
        ["--store", "sqlite:elsewhere.db"],
        ["--blobs", "file:elsewhere"],
        ["--accounts", "49"],
        ["--set", "smtp.nothing=1"],
    ],
)
def test_it_takes_no_store_and_no_nonsense(temporary: Path, option: list[str]) -> None:
    ran = run(["demo", *option], temporary)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert list(temporary.iterdir()) == []
