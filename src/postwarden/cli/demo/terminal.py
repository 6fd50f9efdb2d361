"""The demo's terminal: commands as a person types them, and their real answers.

Every command is a process of its own, which shares nothing with this one but the
store.
"""

import asyncio
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from postwarden.cli.output import Output
from postwarden.model.errors import MailError

_WIDTH = 88  # of what is told; answers are as wide as they are
_PATIENCE = 60  # seconds that one command may take
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class DemoFailed(MailError):
    """Something in the demo did not come out as it must."""

    code = "demo-failed"


class Terminal:
    """Tells, types commands and shows what they answer."""

    def __init__(
        self, output: Output, directory: Path, environment: Mapping[str, str]
    ) -> None:
        """Run commands in `directory`, with nothing but `environment`."""
        self._tells = not output.as_json and not output.quiet
        self._coloured = sys.stdout.isatty()
        self._directory = directory
        self._environment = environment
        self.typed: list[str] = []

    def tell(self, text: str) -> None:
        """Print some sentences."""
        if self._tells:
            width = min(_WIDTH, shutil.get_terminal_size().columns)
            lines = textwrap.wrap(text, width, break_on_hyphens=False)
            self._print(["", *lines])

    def show(self, command: str) -> None:
        """Print a command that stands for something already done."""
        if self._tells:
            line = f"$ {command}"
            self._print(["", f"{_BOLD}{line}{_PLAIN}" if self._coloured else line])

    def suggest(self, commands: Iterable[str]) -> None:
        """Print commands that a visitor may type."""
        if self._tells:
            self._print(["", *(f"    {command}" for command in commands)])

    async def type(self, *words: str, status: int = 0, lines: int = 14) -> str:
        """Run a command, show up to so many lines of its answer, and return it.

        Raises DemoFailed when its exit status is not `status`.
        """
        command = shlex.join(["postwarden", *words])
        self.typed.append(command)
        self.show(command)
        answer = await self._run(words, status)
        if self._tells:
            answered = answer.rstrip("\n").split("\n")
            more = len(answered) - lines
            if more > 1:
                answered[lines:] = [f"... and {more} more lines"]
            self._print([self._cut(line) for line in answered])
        return answer

    async def _run(self, words: Sequence[str], status: int) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "postwarden.cli.main", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._directory,
            env=self._environment,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                out, _ = await process.communicate()
        except TimeoutError:
            raise DemoFailed(f"{shlex.join(words)} took over {_PATIENCE} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        answer = out.decode(errors="replace")
        if process.returncode != status:
            raise DemoFailed(
                f"postwarden {shlex.join(words)} ended with {process.returncode} "
                f"instead of {status}: {answer.strip()}"
            )
        return answer

    def _cut(self, line: str) -> str:
        """Return what fits on a line of a terminal; elsewhere all of it."""
        width = shutil.get_terminal_size().columns
        if not self._coloured or len(line) <= width:
            return line
        return f"{line[: width - 1]}…"

    def _print(self, lines: Sequence[str]) -> None:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def environment_for(
    data: Path, config: str | None, overrides: Sequence[str]
) -> dict[str, str]:
    """Return this process's environment with another store and nothing else of it.

    `overrides` are SECTION.NAME=VALUE, as `--set` takes them.
    """
    from postwarden.settings.sources import variable_of  # noqa: PLC0415  once

    elsewhere = {f"POSTWARDEN_{n}" for n in ("STORE", "BLOBS", "KEY", "SERVER")}
    kept = {k: v for k, v in os.environ.items() if k not in elsewhere}
    settings = dict(each.split("=", 1) for each in overrides)
    return {
        **kept,
        **{variable_of(name): value for name, value in settings.items()},
        **({"POSTWARDEN_CONFIG": str(Path(config).absolute())} if config else {}),
        "POSTWARDEN_DATA": str(data),
        "PYTHONIOENCODING": "utf-8",
    }
