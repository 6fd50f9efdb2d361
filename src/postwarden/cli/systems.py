"""`postwarden system ...`: mail systems elsewhere that are driven from here."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from postwarden.cli.arguments import read_secret, refuse_nothing
from postwarden.cli.elsewhere import connected
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import systems as shapes
from postwarden.model.errors import Invalid
from postwarden.model.systems import MAX_AUTHORITIES, SystemKind, system_kind
from postwarden.services.systems import registry

app = new_group("Drive mail systems elsewhere.")

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
User = Annotated[str | None, typer.Option(metavar="USER", help="Who logs in there.")]
SecretStdin = Annotated[
    bool,
    typer.Option(
        "--secret-stdin", help="Read the password or key from standard input."
    ),
]
Authorities = Annotated[
    Path | None,
    typer.Option(
        "--ca", metavar="FILE", help="Certificates (PEM) to trust, and no others."
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="NAME=VALUE", help="See docs/systems.md; repeatable."
    ),
]


@command(
    app,
    "add",
    examples=[
        "postwarden system add old-mail --kind ews "
        "--url https://old.example.org/EWS/Exchange.asmx --user svc --secret-stdin",
        "postwarden system add exchange --kind ews "
        "--url https://ex.example.org/EWS/Exchange.asmx --user svc@example.org "
        "--secret-stdin --ca authority.pem",
    ],
)
async def add(
    run: Invocation,
    name: Name,
    *,
    kind: Annotated[
        str, typer.Option(metavar="|".join(SystemKind), help="What it speaks.")
    ],
    url: Annotated[str, typer.Option(metavar="URL", help="Where it is.")],
    user: User = None,
    secret_stdin: SecretStdin = False,
    ca: Authorities = None,
    option: Options = None,
    dry_run: DryRun = False,
) -> None:
    """Make a system known under a name. `system check` then asks it.

    The secret is sealed with the master key; nothing shows it again.
    """
    added = await run.write(
        dry_run,
        registry.add,
        run.actor,
        name,
        system_kind(kind),
        url,
        user=user or "",
        secret=_sealed(run, name) if secret_stdin else None,
        authorities=_authorities(ca),
        options=_options(option),
    )
    if added is not None:
        run.output.done(
            f"added {added.name}; ask it with: postwarden system check {added.name}",
            shapes.system(added),
        )


@command(app, "check", examples=["postwarden system check exchange"])
async def check(run: Invocation, name: Name) -> None:
    """Log in to a system, and say what it is and what cannot be done with it."""
    system = await run.transact(registry.begin_check, run.actor, name)
    async with connected(run, system) as way:
        report = await way.check()
    run.output.one(shapes.report(name, report))


@command(app, "list")
async def list_(run: Invocation) -> None:
    """List the systems that are known."""
    found = await run.read(registry.all_of, run.actor)
    rows = run.output.rows("system", "kind", "url", "user")
    rows.write(shapes.system(each) for each in found)
    if not found:
        run.output.note("no systems; see postwarden system add --help")


@command(app, "show", examples=["postwarden system show exchange"])
async def show(run: Invocation, name: Name) -> None:
    """Show how a system is reached; its secret is not shown."""
    run.output.one(shapes.system(await run.read(registry.get, run.actor, name)))


@command(
    app,
    "change",
    examples=[
        "postwarden system change exchange --secret-stdin",
        "postwarden system change old-mail --option concurrency=2",
    ],
)
async def change(
    run: Invocation,
    name: Name,
    *,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Another URL.")] = None,
    user: User = None,
    secret_stdin: SecretStdin = False,
    ca: Authorities = None,
    option: Options = None,
    dry_run: DryRun = False,
) -> None:
    """Change how a system is reached. Another URL takes the secret again."""
    refuse_nothing(url, user, secret_stdin or None, ca, option or None)
    changed = await run.write(
        dry_run,
        registry.change,
        run.actor,
        name,
        url=url,
        user=user,
        secret=_sealed(run, name) if secret_stdin else None,
        authorities=_authorities(ca),
        options=_options(option),
    )
    if changed is not None:
        run.output.done(f"changed {changed.name}", shapes.system(changed))


@command(app, "remove", examples=["postwarden system remove old-mail"])
async def remove(run: Invocation, name: Name, *, dry_run: DryRun = False) -> None:
    """Forget a system and its secret; what it holds is not touched."""
    removed = await run.write(dry_run, registry.remove, run.actor, name)
    if removed is not None:
        run.output.done(f"removed {removed.name}", shapes.system(removed))


def _sealed(run: Invocation, name: str) -> bytes:
    secret = read_secret("secret").encode()
    return run.platform.sealer.seal(secret, registry.purpose(name))


def _options(words: Sequence[str] | None) -> dict[str, str] | None:
    if not words:
        return None
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name in given:
            raise Invalid("--option takes NAME=VALUE, once for each", field="option")
        given[name] = value
    return given


def _authorities(file: Path | None) -> str | None:
    """Return the certificates of a file; raises Invalid for one that has none."""
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            octets = opened.read(MAX_AUTHORITIES + 1)
        text = octets.decode("ascii")
        ssl.create_default_context(cadata=text)
    except OSError as error:
        raise Invalid(f"{file}: {error.strerror or error}", field="ca") from error
    except ValueError as error:
        raise Invalid(f"{file} has no certificates in PEM form", field="ca") from error
    if len(octets) > MAX_AUTHORITIES:
        raise Invalid(f"{file} has more than {MAX_AUTHORITIES} octets", field="ca")
    return text
