"""Tasks that come again: each once per interval, however many processes serve.

A run is a row like that of any other task, so the unfinished one of a name is the
next run, and what stops a process stops no schedule. To add one: a handler in
`worker.tasks.HANDLERS`, and its interval here.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from postwarden.model.errors import Unavailable
from postwarden.services import contents, deliveries, ledger_retention, tasks, vault
from postwarden.services.audit import anchoring
from postwarden.services.cases import arming
from postwarden.services.logins import sessions
from postwarden.services.ports import UnitOfWork
from postwarden.worker.context import WorkerContext

Schedule = Mapping[str, timedelta]

LOOK = 20.0  # seconds between looks; no interval is shorter than a minute
SCHEDULE: Schedule = {
    arming.PURGE: timedelta(hours=6),
    anchoring.SIGN_HEAD: timedelta(hours=1),
    ledger_retention.PURGE: timedelta(days=1),
    sessions.PURGE: timedelta(hours=6),
    tasks.PURGE: timedelta(hours=6),
    vault.EXPIRE: timedelta(hours=1),
    contents.TASK: timedelta(hours=1),
    deliveries.PURGE: timedelta(hours=6),
}

_log = structlog.get_logger("postwarden.worker")


async def serve_schedule(context: WorkerContext, schedule: Schedule = SCHEDULE) -> None:
    """See to it that every periodic task has its next run, until cancelled."""
    while True:
        try:
            await context.store.transact(keep, schedule)
        except Unavailable as error:
            _log.warning("schedule.unavailable", reason=str(error))
        await asyncio.sleep(LOOK)


def keep(uow: UnitOfWork, schedule: Schedule) -> None:
    """Add the next run of each periodic task that has none."""
    for name, every in schedule.items():
        tasks.keep_scheduled(uow, name, every)
