"""`postwarden bench` as people run it: in processes of its own."""

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from postwarden.cli import bench, bench_client
from postwarden.cli.bench_client import SIZE, Load
from tests.e2e.waiting import PATIENCE, until

POSTWARDEN = (sys.executable, "-m", "postwarden.cli.main")
WORK = ["receive-smtp", "receive-lmtp", "find", "preview", "contain", "undo"]

# The command with one of its parts replaced.
THAT_LOSES_A_COPY = """
import sys
from postwarden.cli import bench
from postwarden.cli.main import main
find = bench._find
async def _find(run): return await find(run) - 1
bench._find = _find
sys.exit(main(sys.argv[1:]))
"""


def environment(place: Path) -> Mapping[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("POSTWARDEN_")}
    return {**kept, "POSTWARDEN_DATA": str(place / "own")}


def run(
    place: Path, *words: str, code: str | None = None
) -> "subprocess.CompletedProcess[str]":
    program = POSTWARDEN if code is None else (sys.executable, "-c", code)
    return subprocess.run(
        [*program, "bench", *words],
        env=environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the data directory would lie."""
    directory = tmp_path / "place"
    directory.mkdir()
    return directory


def test_it_measures_says_where_and_leaves_nothing_behind(place: Path) -> None:
    ran = run(place, "--messages", "101", "--json")
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    assert result["messages"] == 101
    rows = {row["work"]: row for row in result["results"]}
    assert list(rows) == WORK
    assert [(row["count"], row["unit"]) for row in rows.values()] == [
        (51, "mails"),
        (50, "mails"),
        *[(10, "copies")] * 4,
    ]
    for row in rows.values():
        assert 0 < row["seconds"] < result["seconds"]
        assert row["per_second"] == pytest.approx(
            row["count"] / row["seconds"], rel=0.1
        )
    machine = result["machine"]
    assert set(machine) == {"cpus", "python", "sqlite", "fsync_ms", "directory"}
    assert machine["cpus"] == os.cpu_count()
    assert 0 < machine["fsync_ms"] < 1000
    assert machine["directory"] == str(place)
    assert ran.stderr == ""
    assert list(place.iterdir()) == []


def test_people_get_a_table_and_a_store_of_theirs_is_not_opened(place: Path) -> None:
    own = place / "own"
    own.mkdir()
    (own / "postwarden.db").write_bytes(b"not to be touched")
    ran = run(place, "--messages", "100")
    assert ran.returncode == 0, ran.stderr
    lines = [line.split() for line in ran.stdout.splitlines()]
    start = lines.index(["work", "count", "unit", "seconds", "per", "second"])
    assert [line[0] for line in lines[start + 1 :]] == WORK
    assert [path.name for path in place.rglob("*")] == ["own", "postwarden.db"]


def test_a_number_that_is_wrong_is_no_measurement(place: Path) -> None:
    ran = run(place, "--messages", "100", "--json", code=THAT_LOSES_A_COPY)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert json.loads(ran.stderr)["error"] == {
        "code": "bench-failed",
        "message": "10 copies must be found, not 9",
    }
    assert list(place.iterdir()) == []


def test_a_mail_that_is_not_taken_ends_it(place: Path) -> None:
    ran = run(place, "--messages", "100", "--set", "store.minimum_free=64T")
    assert ran.returncode == 1
    assert "smtp did not take a mail" in ran.stderr
    assert "4.3.1" in ran.stderr
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("messages", ["99", "50001", "many"])
def test_how_many_is_bounded(place: Path, messages: str) -> None:
    assert run(place, "--messages", messages).returncode == 2
    assert list(place.iterdir()) == []


@contextmanager
def measuring(place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a long measurement; go on when it can take mail."""
    process = subprocess.Popen(
        [*POSTWARDEN, "bench", "--messages", "50000"],
        env=environment(place),
        stdin=subprocess.DEVNULL,
    )
    try:
        content = "postwarden-bench-*/store/blobs/content.db"
        until(lambda: any(place.glob(content)), "content on disk")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_interrupts_it_finds_nothing_left(place: Path, number: int) -> None:
    with measuring(place) as process:
        process.send_signal(number)
        assert process.wait(PATIENCE) == 130
    assert list(place.iterdir()) == []


def test_the_sender_s_mails_are_distinct_and_of_one_size() -> None:
    load = Load(service="smtp", address="127.0.0.1:1", count=300, accounts=7)
    assert Load.of_words(load.words()) == load
    mails = list(bench_client._mails(load))
    assert len({content for _, content in mails}) == 300
    assert [path for path, _ in mails[6:8]] == [
        "account6@bench.example",
        "account0@bench.example",
    ]
    sizes = [len(content) for _, content in mails]
    assert min(sizes) >= SIZE
    assert statistics.mean(sizes) < SIZE * 1.05
    for _, content in mails:
        assert content.endswith(b"\r\n")
        assert bench_client.AUTHOR.encode() not in content


def test_a_data_directory_with_a_disk_of_its_own_is_measured_there(
    place: Path,
) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == memory.parent.stat().st_dev:
        pytest.skip("there is no second file system")
    assert bench._beside(memory) == memory
    assert bench._beside(memory / "data") == memory
    assert bench._beside(place / "data") == place
    assert bench._beside(place / "absent" / "data") == Path.cwd()
