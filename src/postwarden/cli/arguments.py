"""What the words and options of commands are called, the same everywhere."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer

from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Invalid
from postwarden.settings.quantities import octets_of, seconds_of

MAX_STDIN = 4096  # octets of a password or another secret

AddressWord = Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False)]
DomainWord = Annotated[str, typer.Argument(metavar="DOMAIN", show_default=False)]

InDomain = Annotated[
    str | None, typer.Option("--domain", metavar="DOMAIN", help="Only of this domain.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=0, help="At most so many.")
]
Quota = Annotated[
    str | None,
    typer.Option(
        "--quota", metavar="SIZE", help="Octets, or as in 2G; 0 for unlimited."
    ),
]
QuotaMessages = Annotated[
    int | None,
    typer.Option("--quota-messages", metavar="N", help="Messages; 0 for unlimited."),
]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input."),
]


def addresses_of(texts: list[str] | None) -> list[Address]:
    """Read every address; raises Invalid for the first that is none."""
    return [Address.parse(text) for text in texts or []]


def domain_or_none(text: str | None) -> str | None:
    return None if text is None else domain_name(text)


def duration_of(text: str | None, *, field: str) -> timedelta | None:
    return None if text is None else timedelta(seconds=seconds_of(text, field=field))


def quota_of(text: str | None) -> int | None:
    return None if text is None else octets_of(text, field="quota")


def read_password() -> str:
    """Read a password; raises Invalid."""
    return read_secret("password")


def read_secret(field: str) -> str:
    """Return what stands on standard input without its line end; raises Invalid.

    A terminal is asked without showing what is typed.
    """
    if sys.stdin.isatty():
        from getpass import getpass  # noqa: PLC0415  people only

        with interruptible():
            return getpass(f"{field.capitalize()}: ")
    with interruptible():
        octets = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(octets) > MAX_STDIN:
        raise Invalid(f"a {field} longer than {MAX_STDIN} octets", field=field)
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"the {field} is not UTF-8", field=field) from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Invalid(f"there is no {field} on standard input", field=field)
    return text


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end a read that blocks; asyncio would wait for the read."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _is_cancelled():
            raise KeyboardInterrupt  # it came just before
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_cancelled() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # a client of a server runs no loop
        return False
    return task is not None and task.cancelling() > 0


def refuse_nothing(*given: object) -> None:
    """Raise Invalid when none of the options of a change was given."""
    if all(each is None for each in given):
        raise Invalid("nothing to change: give an option (see --help)")
