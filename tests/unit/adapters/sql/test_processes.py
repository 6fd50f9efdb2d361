"""Several processes on one store: nothing is lost, and each hears of the others."""

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.model.actors import OPERATOR
from postwarden.services.audit import verification

PATIENCE = 20  # seconds after which a test has hung


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "postwarden.db"


WRITE_MUCH = """
import asyncio, sys
from pathlib import Path
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.services.ports import UnitOfWork
from tests.support.factories import audit_entry

def add(uow: UnitOfWork, name: str) -> None:
    uow.audit.record(audit_entry(object=name))

async def main(path: str, who: str, count: int) -> None:
    store = SqliteStore(Path(path))
    for start in range(0, count, 5):
        names = [f"{who}{n}" for n in range(start, start + 5)]
        await asyncio.gather(*(store.transact(add, name) for name in names))
        for name in names:
            print(name, flush=True)
    store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def start_writer(path: Path, who: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITE_MUCH, str(path), who, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )


async def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    """They even make the store together: each finds none when it starts."""
    processes = [start_writer(path, who, 100) for who in "ab"]
    outputs = [await asyncio.to_thread(each.communicate) for each in processes]

    assert [each.returncode for each in processes] == [0, 0]
    acknowledged = [name for out, _ in outputs for name in out.split()]
    assert len(acknowledged) == 200
    with closing(apsw.Connection(str(path))) as raw:
        kept = [name for (name,) in raw.execute("SELECT object FROM audit ORDER BY id")]
    assert sorted(kept) == sorted(acknowledged)
    with closing(SqliteStore(path)) as store:
        verdict = await verification.verify(store, OPERATOR)
    assert (verdict.problem, verdict.entries) == (None, 200)
    for who in "ab":
        assert [name for name in kept if name[0] == who] == [
            f"{who}{n}" for n in range(100)
        ]


async def test_a_watch_hears_of_another_process(path: Path) -> None:
    store = SqliteStore(path)
    with store.watch() as watch:
        assert not await watch.wait(0)
        process = start_writer(path, "x", 5)
        heard = await watch.wait(PATIENCE)
        await asyncio.to_thread(process.communicate)
    store.close()

    assert heard
    assert process.returncode == 0
