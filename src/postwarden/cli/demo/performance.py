"""One performance of the demo: fill, play the loop, then stay open for a visitor."""

import asyncio
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from postwarden.cli.demo.scene import Filled, Scene
from postwarden.cli.demo.story import Story
from postwarden.cli.demo.terminal import Terminal, environment_for
from postwarden.cli.exits import INTERRUPTED
from postwarden.cli.invocation import Invocation
from postwarden.cli.quickstart import program

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def perform(
    run: Invocation, directory: Path, *, accounts: int, mails: int, stays: bool
) -> None:
    """Play the demo in an empty directory; raises DemoFailed, Unavailable.

    A signal while it plays ends it with the status of an interruption, and while
    it waits for a visitor with success.
    """
    began = time.monotonic()
    settings = run.settings  # read first: it refuses what is no setting
    environment = environment_for(
        directory, run.options.value("--config"), run.options.overrides
    )
    terminal = Terminal(run.output, directory, environment)
    with _stoppable() as stop:
        async with Scene(directory, settings) as scene:
            terminal.tell(
                f"A store in {directory}, with servers of its own: "
                f"{_named(scene.addresses)}. A week of invented mail comes in through "
                "them; the store's clock plays that week."
            )
            filled, phishing = await scene.fill(accounts, mails, run.output)
            terminal.tell(
                f"{filled.mails} mails, delivered as {filled.copies} copies to "
                f"{filled.accounts} accounts in three domains, in "
                f"{time.monotonic() - began:.1f} s. Now the loop. Each command below "
                "is a process of its own; beside it, these servers keep running."
            )
            story = Story(terminal, scene.store, phishing, directory)
            await story.play()
            seconds = round(time.monotonic() - began, 1)
            if run.output.as_json:
                kept = str(directory) if stays else None
                run.output.one({"directory": kept, **_result(filled, story, seconds)})
            terminal.tell(f"All {len(story.checks)} checks passed, {seconds} s in all.")
            if _has_visitor() and not run.output.as_json:
                _invite(story, scene.addresses, stays=stays)
                await stop.wait()


class _Stop:
    """What a signal does: cancels the play, or ends the waiting."""

    def __init__(self, play: asyncio.Task[None]) -> None:
        self._play = play
        self._ended = asyncio.Event()
        self._waits = False
        self.is_interrupted = False

    def __call__(self) -> None:
        if self._waits:
            self._ended.set()
        else:
            self.is_interrupted = True
            self._play.cancel()

    async def wait(self) -> None:
        self._waits = True
        await self._ended.wait()


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """Let signals stop the current task in order, so that it cleans up."""
    play = asyncio.current_task()
    assert play is not None  # noqa: S101  a coroutine runs in a task
    loop = asyncio.get_running_loop()
    stop = _Stop(play)
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield stop
    except asyncio.CancelledError:
        if stop.is_interrupted:
            raise typer.Exit(INTERRUPTED) from None
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _has_visitor() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _invite(story: Story, addresses: dict[str, str], *, stays: bool) -> None:
    terminal = story.terminal
    terminal.tell(
        f"The servers keep running ({_named(addresses)}). In another terminal:"
    )
    called = shlex.join([program(), "--data", str(story.directory)])
    queries = (
        "find has:attachment newer:3d",
        "find 'subject:invoice OR subject:rechnung OR subject:factura' --count",
        "trace rcpt:everyone@northquay.example --count",
        f"account show {story.campaign.reporter.address}",
        "case status 1",
    )
    terminal.suggest(f"{called} {query}" for query in queries)
    end = "stops them; the store stays" if stays else "stops them and removes the store"
    terminal.tell(f"Ctrl-C {end}.")


def _named(addresses: dict[str, str]) -> str:
    return ", ".join(f"{name.upper()} {at}" for name, at in addresses.items())


def _result(filled: Filled, story: Story, seconds: float) -> dict[str, object]:
    return {
        "accounts": filled.accounts,
        "mails": filled.mails,
        "copies": filled.copies,
        "campaign": {
            "messages": story.campaign.messages,
            "copies": story.campaign.copies,
            "same": story.campaign.same,
            "variants": story.campaign.variants,
            "attached": story.campaign.attached,
        },
        "commands": story.terminal.typed,
        "checks": story.checks,
        "seconds": seconds,
    }
