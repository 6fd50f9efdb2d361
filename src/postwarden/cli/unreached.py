"""Systems elsewhere that a command could not look into, or not act on."""

from collections.abc import Iterable

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.output import Output


def tell(output: Output, problems: Iterable[tuple[str, str]]) -> None:
    """Say which systems were not reached, and why; then end with status 1."""
    several = list(problems)
    for system, reason in several:
        output.problem("unavailable", reason, system=system)
    if several:
        raise typer.Exit(FAILED)
