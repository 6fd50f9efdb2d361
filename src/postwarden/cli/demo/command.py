"""`postwarden demo`: fill a store through its own ports, and play the loop in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.model.errors import AlreadyExists, Invalid

app = new_app()


@command(
    app,
    "demo",
    opens=Opens.NOTHING,
    on_machine=True,
    fast_loop=True,
    examples=[
        "postwarden demo",
        "postwarden demo --keep /tmp/town",
        "postwarden demo --accounts 2000 --mails 5000 --quiet",
    ],
)
async def demo(
    run: Invocation,
    *,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the store, in a new or empty directory."
        ),
    ] = None,
    accounts: Annotated[
        int, typer.Option(metavar="N", min=50, max=2000, help="In three domains.")
    ] = 200,
    mails: Annotated[
        int, typer.Option(metavar="N", min=0, max=20_000, help="Beside the campaign.")
    ] = 420,
) -> None:
    """Fill a store of its own with invented mail and play the loop of a case in it.

    It makes a store in a temporary directory, starts servers on free ports of
    127.0.0.1, brings a week of mail and a phishing campaign through them, and then
    runs the commands with which an administrator finds, removes, verifies, returns
    and proves; a number that is not as it must be ends it with exit status 1.

    On a terminal the servers then run until Ctrl-C, which removes the store.
    Otherwise it ends after the loop. Your own store is never opened.
    """
    for name in ("--data", "--store", "--blobs"):
        if name in run.options.values:
            raise Invalid(
                f"demo makes a store of its own and takes no {name}; "
                "--keep DIR says where it stays",
                field=name[2:],
            )
    from postwarden.cli.demo import performance  # noqa: PLC0415  only `demo` pays

    with _directory(keep) as directory:
        await performance.perform(
            run, directory, accounts=accounts, mails=mails, stays=keep is not None
        )


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    """Yield an empty directory; without `keep` it is removed in the end."""
    if keep is None:
        with TemporaryDirectory(prefix="postwarden-demo-") as name:
            yield Path(name)
        return
    directory = keep.expanduser().absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise AlreadyExists("directory", str(directory))
    yield directory
