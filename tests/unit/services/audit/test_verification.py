"""Whatever is done to the rows of the audit log, verifying finds it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.adapters.memory.store import MemoryStore
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.audit import AuditEntry, digest_of, hashed_fields
from postwarden.model.errors import Forbidden
from postwarden.services import audit
from postwarden.services.audit import verification
from postwarden.services.audit.verification import Verdict
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import Clock
from tests.unit.services.registry import CAROL

ENTRIES = 9
TEXTS = (
    *("actor", "on_behalf_of", "dialect", "client_ip", "request_id", "action"),
    *("object", "domain", "before", "after", "reason"),
)


def write(uow: UnitOfWork, count: int = ENTRIES) -> None:
    for number in range(1, count + 1):
        actor = replace(OPERATOR, name=f"actor{number}", on_behalf_of="eve")
        audit.record(
            uow,
            actor,
            "account.change",
            f"account a{number}@example.org",
            before={"quota": number, "names": ["x"]},
            after={"quota": None},
            reason=f"ticket {number}",
        )


async def test_a_log_that_nobody_touched_is_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PAGE", 4)
    assert await verification.verify(store, OPERATOR) == Verdict(
        head=None, problem=None
    )
    await store.transact(write)
    seen: list[int] = []

    verdict = await verification.verify(store, OPERATOR, progress=seen.append)

    assert (verdict.problem, verdict.entries) == (None, ENTRIES)
    assert verdict.head == await store.read(lambda uow: uow.audit.head())
    assert sum(seen) == ENTRIES


@pytest.mark.parametrize(
    "actor", [CAROL, Actor(name="nobody")], ids=["of a domain", "without permission"]
)
async def test_only_who_may_read_all_of_it_verifies(actor: Actor) -> None:
    with pytest.raises(Forbidden):
        await verification.verify(MemoryStore(), actor)


@dataclass(frozen=True, slots=True)
class Log:
    """A log of `ENTRIES` entries, and a way behind its back."""

    store: SqliteStore
    raw: apsw.Connection
    runner: asyncio.Runner

    def problem_after(self, tamper: Callable[[apsw.Connection], object]) -> str | None:
        """Tamper with the rows, verify, and put them back."""
        self.raw.execute("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept")
        tamper(self.raw)
        verify = verification.verify(self.store, OPERATOR)
        return self.runner.run(verify).problem


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    path: Path = tmp_path_factory.mktemp("audit") / "postwarden.db"
    store = SqliteStore(path, clock=Clock())
    with asyncio.Runner() as runner, closing(apsw.Connection(str(path))) as raw:
        runner.run(store.transact(write))
        raw.execute("CREATE TABLE kept AS SELECT * FROM audit")
        yield Log(store, raw, runner)
        store.close()


ids = st.integers(1, ENTRIES)
values = st.one_of(
    st.none(), st.text(), st.binary(), st.integers(-(2**63), 2**63 - 1), st.floats()
)


def renumber(raw: apsw.Connection, where: str, by: int) -> None:
    """Move ids, by way of negative ones: keys must stay unique."""
    raw.execute(f"UPDATE audit SET id = -id - ({by}) WHERE {where}")
    raw.execute("UPDATE audit SET id = -id WHERE id < 0")


@given(ids, st.sampled_from([*TEXTS, "time", "previous_hash", "hash"]), values)
def test_an_altered_value_is_found(
    log: Log, number: int, column: str, value: object
) -> None:
    """In the entry itself, or, where its hash was altered, in it or the next."""

    def tamper(raw: apsw.Connection) -> None:
        with suppress(apsw.ConstraintError):  # NULL where none may be
            raw.execute(f"UPDATE audit SET {column} = ? WHERE id = ?", (value, number))

    def changed() -> bool:
        sql = "SELECT count(*) FROM (SELECT * FROM audit EXCEPT SELECT * FROM kept)"
        return bool(next(log.raw.execute(sql))[0])

    problem = log.problem_after(tamper)

    if changed():
        assert problem is not None
        assert problem.startswith(f"entry {number} ")
    else:
        assert problem is None


@given(st.integers(1, ENTRIES - 1), st.booleans())
def test_a_dropped_entry_is_found(log: Log, number: int, closes_gap: bool) -> None:
    def tamper(raw: apsw.Connection) -> None:
        raw.execute("DELETE FROM audit WHERE id = ?", (number,))
        if closes_gap:
            renumber(raw, f"id > {number}", -1)

    problem = log.problem_after(tamper)

    assert problem is not None
    assert problem.startswith(f"entry {number} ")


@given(ids, st.booleans())
def test_an_inserted_entry_is_found(log: Log, number: int, hash_is_right: bool) -> None:
    """Even one that is hashed and chained as if it had always been there."""

    def tamper(raw: apsw.Connection) -> None:
        renumber(raw, f"id >= {number}", 1)
        columns = ", ".join(TEXTS)
        raw.execute(
            f"INSERT INTO audit (id, time, {columns}, previous_hash, hash)"
            f" SELECT {number}, time, {columns}, previous_hash, hash"
            f" FROM kept WHERE id = {number}"
        )
        if not hash_is_right:
            raw.execute("UPDATE audit SET reason = 'x' WHERE id = ?", (number,))

    problem = log.problem_after(tamper)

    first = number + 1 if hash_is_right else number
    assert problem is not None
    assert problem.startswith(f"entry {first} ")


@given(st.integers(1, ENTRIES - 1))
def test_an_entry_that_was_hashed_anew_is_found_at_the_next(
    log: Log, number: int
) -> None:
    """It is what its hash says, and has its place; only the next gives it away."""

    def read(uow: UnitOfWork) -> AuditEntry:
        return uow.audit.page(after=number - 1, limit=1)[0]

    def tamper(raw: apsw.Connection) -> None:
        entry = replace(log.runner.run(log.store.read(read)), actor="nobody")
        raw.execute(
            "UPDATE audit SET actor = 'nobody', hash = ? WHERE id = ?",
            (digest_of(hashed_fields(entry)), number),
        )

    problem = log.problem_after(tamper)

    assert problem is not None
    assert problem.startswith(f"entry {number + 1} does not follow entry {number}:")


@given(st.lists(ids, min_size=2, max_size=2, unique=True).map(sorted))
def test_two_entries_that_changed_places_are_found(log: Log, pair: list[int]) -> None:
    first, second = pair

    def tamper(raw: apsw.Connection) -> None:
        raw.execute(f"UPDATE audit SET id = -1 WHERE id = {first}")
        raw.execute(f"UPDATE audit SET id = {first} WHERE id = {second}")
        raw.execute(f"UPDATE audit SET id = {second} WHERE id = -1")

    problem = log.problem_after(tamper)

    assert problem is not None
    assert problem.startswith(f"entry {first} ")


def test_what_does_not_read_as_an_entry_is_named(log: Log) -> None:
    def tamper(raw: apsw.Connection) -> None:
        raw.execute("UPDATE audit SET before = '[[[' WHERE id = 4")

    assert log.problem_after(tamper) == "entry 4 was altered: it cannot be read"


def test_a_cut_tail_is_what_only_an_anchor_shows(log: Log) -> None:
    """Documented, not wished for: the log itself cannot know."""

    def tamper(raw: apsw.Connection) -> None:
        raw.execute("DELETE FROM audit WHERE id > 5")

    assert log.problem_after(tamper) is None
