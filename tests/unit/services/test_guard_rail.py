"""What cannot be audited is not done; what is done is audited."""

from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from postwarden.adapters.memory.audit import MemoryAuditLog
from postwarden.adapters.memory.ledger import MemoryLedger
from postwarden.adapters.memory.store import MemoryStore
from postwarden.adapters.sql.audit import SqlAuditLog
from postwarden.adapters.sql.ledger import SqlLedger
from postwarden.adapters.sql.postgres.store import PostgresStore
from postwarden.model.actors import OPERATOR
from postwarden.model.cases import CaseState
from postwarden.model.errors import MailError, Unavailable
from postwarden.services.cases import running
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.stores import Adapter
from tests.unit.services import world
from tests.unit.services.acts import ACTS, HOME, Act, furnish
from tests.unit.services.cases.desk import ADA, BOB, Desk
from tests.unit.services.world import at, deliver

MAIL = b"From: eve@example.net\r\nSubject: bait\r\n\r\nclick\r\n"

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
Contents = dict[str, list[str]]


def contents(store: Store, path: Path) -> Contents:
    """Return everything that a store holds, as one snapshot."""
    if isinstance(store, MemoryStore):
        return {
            name: sorted(map(repr, table.items()))
            for name, table in store._state._tables().items()
        }
    if isinstance(store, PostgresStore):
        with store._pool.connection() as database:
            tables = database.execute(_TABLES).fetchall()
            return {
                name: sorted(
                    map(repr, database.execute(f"SELECT * FROM {name}".encode()))
                )
                for (name,) in tables
            }
    with closing(apsw.Connection(str(path))) as raw:
        names = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {
            str(name): sorted(map(repr, raw.execute(f'SELECT * FROM "{name}"')))
            for (name,) in names.fetchall()
            if not str(name).startswith("sqlite_")
        }


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return tmp_path / "store" / "postwarden.db"


@pytest.fixture
async def furnished(store: Store) -> Store:
    await store.transact(furnish, HOME)
    await deliver(store, factories.message("m"), at("ada"), trace_id="t")
    return store


def full(*_: object) -> None:
    raise Unavailable("the audit log cannot be written")


def fail_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    for log in (MemoryAuditLog, SqlAuditLog):
        monkeypatch.setattr(log, "record", full)


async def test_what_cannot_be_audited_is_not_done(
    furnished: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every act there is: it fails and takes all back, or it only reads."""
    before = contents(furnished, rows)
    fail_audit(monkeypatch)
    failed = set()
    for act in ACTS:
        try:
            await furnished.transact(act.run, OPERATOR, HOME)
        except Unavailable:
            failed.add(act.name)
        except MailError:
            pass
        assert contents(furnished, rows) == before, act.name

    assert len(failed) > 25
    assert {"remove account", "create domain", "remove catch-all"} <= failed


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
async def test_what_changes_anything_is_audited(act: Act) -> None:
    store = MemoryStore()
    await store.transact(furnish, HOME)
    await deliver(store, factories.message("m"), at("ada"), trace_id="t")
    before = contents(store, Path())
    with suppress(MailError):  # what was refused changed nothing
        await store.transact(act.run, OPERATOR, HOME)

    after = contents(store, Path())
    changed = {name for name in after if after[name] != before[name]}
    assert not changed or "audit" in changed


async def _prepared(adapter: Adapter) -> tuple[Desk, int]:
    await adapter.store.transact(world.people)
    desk = Desk(store=adapter.store, index=adapter.index)
    await desk.receive(MAIL, ADA, BOB)
    case = await desk.open("from:eve@example.net")
    await desk.approve(await desk.preview(case))
    return desk, case.id


async def test_a_case_whose_run_cannot_be_audited_removes_nothing(
    adapter: Adapter, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, case = await _prepared(adapter)
    before = contents(desk.store, rows)
    fail_audit(monkeypatch)

    with pytest.raises(Unavailable):
        await running.start(desk.store, OPERATOR, case, desk.rules)

    assert contents(desk.store, rows) == before


async def test_a_chunk_that_cannot_be_written_down_removes_nothing(
    adapter: Adapter, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies, outcomes and the ledger change together, or not at all."""
    desk, case = await _prepared(adapter)
    await running.start(desk.store, OPERATOR, case, desk.rules)
    before = contents(desk.store, rows)
    with monkeypatch.context() as patched:
        for ledger in (MemoryLedger, SqlLedger):
            patched.setattr(ledger, "record", full)
        with pytest.raises(Unavailable):
            await desk.store.transact(running.run_chunk, case)
    assert contents(desk.store, rows) == before

    await desk.store.transact(running.run_chunk, case)

    def state(uow: UnitOfWork) -> CaseState:
        return uow.cases.get(case).state

    assert await desk.store.read(state) is CaseState.DONE
