"""`postwarden serve`: receive mail, work on tasks, answer health checks."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import typer

from postwarden.bootstrap import Platform
from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.model.ledger import Event
from postwarden.settings.sections import LedgerSettings
from postwarden.worker.context import Progress, WorkerContext, no_progress

app = new_app()


def _listener(what: str, address: str = "HOST:PORT") -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=address, help=what)
    return option


@command(
    app,
    "serve",
    opens=Opens.NEW,
    on_machine=True,
    fast_loop=True,
    examples=[
        "postwarden serve",
        "postwarden serve --smtp 0.0.0.0:25 --lmtp unix:/run/postwarden/lmtp",
        "postwarden serve --http 127.0.0.1:8025 --dialect native=127.0.0.1:8026",
        "postwarden serve --submissions 0.0.0.0:465 "
        "--set tls.certificate=cert.pem --set tls.key=key.pem",
    ],
)
async def serve(
    run: Invocation,
    *,
    http: Annotated[str | None, _listener("Health checks and APIs.")] = None,
    https: Annotated[str | None, _listener("The same under TLS.")] = None,
    smtp: Annotated[str | None, _listener("Mail from other servers.")] = None,
    lmtp: Annotated[
        str | None,
        _listener("Mail from a server of ours in front.", "HOST:PORT|unix:PATH"),
    ] = None,
    submission: Annotated[
        str | None, _listener("Mail of our own accounts, with STARTTLS.")
    ] = None,
    submissions: Annotated[
        str | None, _listener("Mail of our own accounts, under TLS.")
    ] = None,
    dialect: Annotated[
        list[str] | None,
        _listener(
            "An API on a listener of its own: native, ews, smartermail, james.",
            "NAME=HOST:PORT ...",
        ),
    ] = None,
) -> None:
    """Serve until SIGTERM, which finishes what was accepted.

    Without listener options: HTTP, SMTP and LMTP on loopback, each on the next
    free port when its own is taken; else only those named. Port 0 takes any free
    port. One line on stdout says when all of them are bound, and where.
    """
    from postwarden.cli import listeners, logs  # noqa: PLC0415  only `serve` pays

    logs.configure(run.settings.log)
    asked = {
        "http": http,
        "https": https,
        "smtp": smtp,
        "lmtp": lmtp,
        "submission": submission,
        "submissions": submissions,
        **listeners.dialects_asked(dialect or []),
    }
    servers = listeners.Listeners(run.platform)
    stopping = _stop_on_signals()
    try:
        bound = await servers.start(listeners.wanted_listeners(asked))
        work = start_worker(run.platform)
        line = " ".join(f"{name}={address}" for name, address in bound.items())
        sys.stdout.write(f"ready {line}\n")
        sys.stdout.flush()
        await _until_stopped(stopping, work)
    finally:
        await servers.stop()


async def _until_stopped(
    stopping: asyncio.Event, work: list[asyncio.Task[None]]
) -> None:
    """Wait for the signal, then end the worker; raises what has ended it before."""
    signalled = asyncio.create_task(stopping.wait())
    ended, _ = await asyncio.wait(
        [signalled, *work], return_when=asyncio.FIRST_COMPLETED
    )
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    signalled.cancel()
    for task in work:
        if task in ended:
            task.result()


def start_worker(platform: Platform) -> list[asyncio.Task[None]]:
    """Start the worker of this process: tasks, their schedule, full text."""
    from postwarden.worker import runner, schedule  # noqa: PLC0415  only who works pays

    context = worker_context(platform)
    return [
        asyncio.create_task(runner.serve_tasks(context)),
        asyncio.create_task(runner.serve_index(context)),
        asyncio.create_task(schedule.serve_schedule(context)),
    ]


def worker_context(
    platform: Platform, *, progress: Progress = no_progress
) -> WorkerContext:
    """Return what tasks of this process work with."""
    settings, webhooks = platform.settings.worker, platform.settings.webhooks
    return WorkerContext(
        progress=progress,
        store=platform.store,
        blobs=platform.blobs,
        index=platform.search,
        connect=platform.connect,
        signer=platform.signer,
        recent=platform.recent,
        sealer=platform.sealer,
        webhook_client=platform.webhook_client,
        webhook_patience=timedelta(seconds=webhooks.patience_seconds),
        keep_deliveries=timedelta(seconds=webhooks.keep_seconds),
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.poll_seconds,
        attempts=settings.attempts,
        keep_tasks=timedelta(seconds=settings.keep_seconds),
        keep_events=kept_events(platform.settings.ledger),
        index_batch=settings.index_batch,
        case_batch=platform.settings.cases.batch,
    )


def kept_events(settings: LedgerSettings) -> Mapping[Event, timedelta]:
    """Return how long events are kept, without the kinds that are kept for ever."""
    times = dict(settings.keep)
    named = {event: times.get(event, times.get("*")) for event in Event}
    return {
        event: timedelta(seconds=seconds)
        for event, seconds in named.items()
        if seconds is not None
    }


def _stop_on_signals() -> asyncio.Event:
    """Return an event set by the first SIGTERM or SIGINT; a second one exits."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping
