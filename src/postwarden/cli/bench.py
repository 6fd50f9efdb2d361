"""`postwarden bench`: how fast is Postwarden on this machine and this disk?"""

import asyncio
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import apsw
import typer

from postwarden.bootstrap import places_of
from postwarden.cli import bench_client
from postwarden.cli.bench_client import Load
from postwarden.cli.exits import INTERRUPTED
from postwarden.cli.grammar import new_app
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import PAGE, Invocation, Opens, command
from postwarden.cli.output import Progress
from postwarden.cli.queries import read_query
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import Outcome
from postwarden.model.errors import MailError, Unavailable
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope
from postwarden.model.tasks import Task
from postwarden.services import accounts, domains, finding, indexing
from postwarden.services.cases import (
    approving,
    opening,
    previewing,
    reading,
    running,
    undoing,
)
from postwarden.services.ports import UnitOfWork

T = TypeVar("T")

app = new_app()

COPIES = 10  # a tenth of the mails is how many copies the campaign has
_CHUNK = 250  # accounts per transaction
_FLUSHES = 40  # of which the middle one is reported
_APPROVER = Actor(
    name="bench approver", permissions=frozenset({Permission.CASE_APPROVE})
)  # a plan of so many copies takes two
_FINDS = 5  # likewise
_PORTS = dict.fromkeys(("smtp", "lmtp"), "127.0.0.1:0")
_RECIPIENTS = 100  # of one mail of the campaign


class BenchFailed(MailError):
    """A number of copies is not what it must be."""

    code = "bench-failed"


@command(
    app,
    "bench",
    opens=Opens.NOTHING,
    on_machine=True,
    fast_loop=True,
    examples=["postwarden bench", "postwarden --data /srv/mail bench --json"],
)
async def bench(
    run: Invocation,
    *,
    messages: Annotated[
        int, typer.Option(metavar="N", min=100, max=50_000, help="Mails to receive.")
    ] = 2000,
) -> None:
    """Measure receiving, finding, containing and undoing on the store's own disk.

    It makes a store of its own beside the data directory, sends N distinct mails of
    2 kB through its SMTP and LMTP ports, 10 connections at a time, and then a
    campaign with N/10 copies, which a case finds, contains and puts back. Every mail
    is flushed to disk before it is acknowledged. The sender runs on the same machine
    and takes its share of it. The store is removed in the end; your own is never
    opened.
    """
    with (
        _ending_in_order(),
        TemporaryDirectory(
            prefix="postwarden-bench-", dir=_beside(run.options.places.data)
        ) as directory,
    ):
        began = time.perf_counter()
        machine = _machine(Path(directory))
        run.options.places = places_of(Path(directory) / "store")
        with (
            run.opened(create=True),
            run.output.progress("measuring", 6) as progress,
        ):
            measures = _Measures(progress)
            await _fill(run, measures, messages)
            await _play(run, measures, messages // COPIES)
        result = {
            "messages": messages,
            "machine": machine,
            "results": measures.rows,
            "seconds": round(time.perf_counter() - began, 1),
        }
    run.output.one(result)


def _beside(data: Path) -> Path:
    """Return a directory on the disk that holds the store, or would."""
    parent = data.parent
    if data.is_dir() and data.stat().st_dev != parent.stat().st_dev:
        return data  # a mount of its own
    return parent if os.access(parent, os.W_OK | os.X_OK) else Path.cwd()


def _machine(directory: Path) -> dict[str, object]:
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "fsync_ms": round(1000 * _flush_seconds(directory), 3),
        "directory": str(directory.parent),
    }


def _flush_seconds(directory: Path) -> float:
    """Return how long the disk takes to keep 4 KiB, as a commit makes it."""
    took = []
    with (directory / "flushed").open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)


class _Measures:
    """What was measured so far."""

    def __init__(self, progress: Progress) -> None:
        self.rows: list[dict[str, object]] = []
        self._progress = progress

    def add(self, work: str, count: int, unit: str, seconds: float) -> None:
        self.rows.append(
            {
                "work": work,
                "count": count,
                "unit": unit,
                "seconds": round(seconds, 4),
                "per_second": round(count / seconds),
            }
        )
        self._progress.advance()

    async def time(self, work: str, copies: int, awaitable: Awaitable[T]) -> T:
        began = time.perf_counter()
        result = await awaitable
        self.add(work, copies, "copies", time.perf_counter() - began)
        return result


async def _fill(run: Invocation, measures: _Measures, messages: int) -> None:
    """Receive all mail, as `serve` does it."""
    copies = messages // COPIES
    await run.transact(domains.create, run.actor, bench_client.DOMAIN)
    for start in range(0, copies, _CHUNK):
        await run.transact(_people, run, range(start, min(copies, start + _CHUNK)))
    shares = {"smtp": messages - messages // 2, "lmtp": messages // 2}
    async with _servers(run) as addresses:
        for service, count in shares.items():
            load = Load(
                service=service,
                address=addresses[service],
                count=count,
                accounts=copies,
            )
            measures.add(f"receive-{service}", count, "mails", await _sent(load))
        at_once = min(_RECIPIENTS, run.settings.delivery.inline_destinations)
        await asyncio.to_thread(
            bench_client.bring_campaign, addresses["smtp"], copies, recipients=at_once
        )
    while await indexing.index_next(run.platform.search, run.platform.blobs):
        pass


def _people(uow: UnitOfWork, run: Invocation, numbers: range) -> None:
    new = [
        accounts.NewAccount(address=Address.parse(bench_client.account(number)))
        for number in numbers
    ]
    for error in accounts.create_many(uow, run.actor, new):
        if error is not None:
            raise error


async def _sent(load: Load) -> float:
    """Let a process of its own send; return the seconds that it took.

    In ours it would wait for the servers to compute, and they for it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", bench_client.__name__, *load.words()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we end it
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Unavailable(err.decode(errors="replace").strip())
    return float(out)


@asynccontextmanager
async def _servers(run: Invocation) -> AsyncIterator[dict[str, str]]:
    """Give the addresses of servers that work as those of `serve`."""
    from postwarden.cli import listeners, logs  # noqa: PLC0415  only who serves pays
    from postwarden.cli.serve import start_worker  # noqa: PLC0415

    logs.configure(replace(run.settings.log, level="warning"))
    servers = listeners.Listeners(run.platform)
    work: list[asyncio.Task[None]] = []
    try:
        addresses = await servers.start(listeners.wanted_listeners({**_PORTS}))
        work = start_worker(run.platform)
        yield addresses
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await servers.stop()


async def _play(run: Invocation, measures: _Measures, copies: int) -> None:
    """Find, contain and put back the campaign; raises BenchFailed."""
    took = []
    for _ in range(_FINDS):
        began = time.perf_counter()
        _expect("found", await _find(run), copies)
        took.append(time.perf_counter() - began)
    measures.add("find", copies, "copies", statistics.median(took))

    store, actor = run.platform.store, run.actor
    rules = run.platform.case_rules
    query, _ = await read_query(run, [f"from:{bench_client.AUTHOR}"], Scope.CASE)
    case = await run.transact(
        opening.open_case, actor, query, reason="bench", ticket=None
    )
    plan = await measures.time(
        "preview",
        copies,
        previewing.preview(store, actor, case.id, rules, previewing.Wanted()),
    )
    await run.transact(approving.approve, _APPROVER, case.id, plan.sha256 or b"", rules)
    await measures.time("contain", copies, _contain(run, case.id))
    seen = await run.read(reading.status, actor, case.id, rules)
    _expect("contained", seen.outcomes.get(Outcome.REMOVED, 0), copies)
    _expect("left", await _find(run), 0)
    await measures.time("undo", copies, _undo(run, case.id))
    _expect("back", await _find(run), copies)


async def _find(run: Invocation) -> int:
    """Look up the campaign as `find` does, with all that it prints of a copy."""
    query, similar = await read_query(run, [f"from:{bench_client.AUTHOR}"], Scope.FIND)
    found = await run.read(finding.find, run.actor, query, similar)
    facts = 0
    for start in range(0, len(found), PAGE):
        facts += len(await run.read(finding.facts, found[start : start + PAGE]))
    return facts


async def _contain(run: Invocation, case: int) -> None:
    platform = run.platform
    task = await running.start(platform.store, run.actor, case, platform.case_rules)
    await _work(run, task)


async def _undo(run: Invocation, case: int) -> None:
    await _work(run, await run.transact(undoing.start, run.actor, case, []))


async def _work(run: Invocation, task: Task | None) -> None:
    if task is not None:
        await host_task(run, task, task.name)


def _expect(what: str, number: int, wanted: int) -> None:
    if number != wanted:
        raise BenchFailed(f"{wanted} copies must be {what}, not {number}")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM and a lost terminal end the measurement as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine runs in a task
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
