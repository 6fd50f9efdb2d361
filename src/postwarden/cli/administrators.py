"""`postwarden admin ...`: who may administer, and what."""

from datetime import timedelta
from typing import Annotated

import typer

from postwarden.cli.arguments import (
    Limit,
    PasswordStdin,
    read_password,
    refuse_nothing,
)
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.addresses import domain_name
from postwarden.model.administrators import AdministratorState, administrator_name
from postwarden.model.errors import Invalid
from postwarden.services import administrators, privileges
from postwarden.services.administrators import NewAdministrator
from postwarden.services.logins import links, totp
from postwarden.services.ports import UnitOfWork

app = new_group("Manage who may administer.")

NameWord = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Domains = Annotated[
    list[str] | None,
    typer.Option(
        "--domain", metavar="DOMAIN ...", help="Only for this domain; may be repeated."
    ),
]


@command(
    app,
    "create",
    examples=[
        "postwarden admin create carol --role global-admin",
        "postwarden admin create dan --role domain-admin --domain example.org",
        "postwarden key create --actor dan --expires 30d",
    ],
)
async def create(
    run: Invocation,
    name: NameWord,
    *,
    role: Annotated[
        str,
        typer.Option("--role", metavar="ROLE", help="See `postwarden role list`."),
    ],
    domain: Domains = None,
    password_stdin: PasswordStdin = False,
    dry_run: DryRun = False,
) -> None:
    """Make an administrator with a role, in some domains or in all.

    Programs come with a key (`postwarden key create`), people with a login link or
    a password. Nobody can make one who may do more than he may himself.
    """
    new = NewAdministrator(
        name=name,
        role=role,
        domains=[domain_name(each) for each in domain] if domain else None,
        password_hash=await _hash_of_stdin(run) if password_stdin else None,
    )
    created = await run.write(dry_run, administrators.create, run.actor, new)
    if created is not None:
        run.output.done(f"created admin {created.name}", shapes.administrator(created))


@command(app, "show", examples=["postwarden admin show carol --json"])
async def show(run: Invocation, name: NameWord) -> None:
    """Show an administrator and what he may do."""
    run.output.one(await run.read(_whole, run, administrator_name(name)))


def _whole(
    uow: UnitOfWork, run: Invocation, name: str
) -> shapes.WholeAdministratorShape:
    found = administrators.get(uow, run.actor, name)
    return shapes.whole_administrator(found, privileges.permissions_of(uow, found))


@command(app, "list", examples=["postwarden admin list --json"])
async def list_(run: Invocation, limit: Limit = None) -> None:
    """List administrators in order of their names."""
    rows = run.output.rows("admin", "role", "domains", "state", "last_login_at")
    async for page in run.pages(
        lambda uow, after, count: administrators.page(
            uow, run.actor, after=after, limit=count
        ),
        lambda each: each.name,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.administrator, page))


@command(
    app,
    "change",
    examples=[
        "postwarden admin change dan --domain example.org --domain example.net",
        "postwarden admin change dan --state disabled",
        "postwarden admin change dan --password-stdin <secret.txt",
    ],
)
async def change(
    run: Invocation,
    name: NameWord,
    *,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Another role.")
    ] = None,
    domain: Domains = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="For every domain.")
    ] = False,
    password_stdin: PasswordStdin = False,
    state: Annotated[
        AdministratorState | None,
        typer.Option("--state", help="Whether keys and logins work."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Change an administrator; it holds for his keys from then on.

    `--domain` names all his domains anew.
    """
    refuse_nothing(
        role, domain or None, everywhere or None, password_stdin or None, state
    )
    if domain and everywhere:
        raise Invalid("some domains, or every one; not both", field="domain")
    changed = await run.write(
        dry_run,
        administrators.change,
        run.actor,
        administrator_name(name),
        role=role,
        domains=[domain_name(each) for each in domain] if domain else None,
        everywhere=everywhere,
        password_hash=await _hash_of_stdin(run) if password_stdin else None,
        state=state,
    )
    if changed is not None:
        run.output.done(f"changed admin {changed.name}", shapes.administrator(changed))


@command(app, "remove", examples=["postwarden admin remove dan"])
async def remove(run: Invocation, name: NameWord, dry_run: DryRun = False) -> None:
    """Remove an administrator: his keys and logins end at once."""
    removed = await run.write(
        dry_run, administrators.remove, run.actor, administrator_name(name)
    )
    if removed is not None:
        run.output.done(f"removed admin {removed.name}", shapes.administrator(removed))


@command(
    app,
    "link",
    examples=["postwarden admin link carol", "postwarden admin link carol --json"],
)
async def link(run: Invocation, name: NameWord, dry_run: DryRun = False) -> None:
    """Make a login link, which lets one person in, once and soon.

    It needs no password and no code: for the first login, and for who lost all.
    """
    settings = run.settings.logins
    made = await run.write(
        dry_run,
        links.create,
        run.actor,
        administrator_name(name),
        lifetime=timedelta(seconds=settings.link_seconds),
        rules=run.platform.session_rules,
    )
    if made is not None:
        run.output.one(shapes.new_link(made, settings.origin))
        run.output.note("the link is not shown again")


@command(
    app,
    "totp",
    examples=[
        "postwarden admin totp carol",
        "echo SECRET | postwarden admin totp carol --code 123456 --secret-stdin",
        "postwarden admin totp carol --remove",
    ],
)
async def totp_(
    run: Invocation,
    name: NameWord,
    *,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="What the app shows of it now."),
    ] = None,
    secret_stdin: Annotated[
        bool,
        typer.Option("--secret-stdin", help="Read the secret from standard input."),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Ask for no more codes.")
    ] = False,
) -> None:
    """Ask an administrator for a code beside the password.

    The first call prints a secret for an authenticator app; the second, with a
    code of it, switches codes on and prints recovery codes. Nobody sees either
    again. --remove is for a telephone that was lost.
    """
    wanted = administrator_name(name)
    changes = totp_words(code=code, secret_stdin=secret_stdin, remove=remove)
    if remove:
        removed = await run.transact(totp.remove, run.actor, wanted)
        shape = shapes.administrator(removed)
        return run.output.done(f"{removed.name} is asked for no more codes", shape)
    if not changes:
        made = await run.read(totp.propose, run.actor, wanted)
        return run.output.one(shapes.proposal(made))
    codes = await totp.set_up(
        run.platform.store,
        run.platform.sealer,
        run.actor,
        wanted,
        secret=read_password(),
        code=code or "",
    )
    return run.output.one(shapes.recovery_codes(wanted, codes))


def totp_words(*, code: str | None, secret_stdin: bool, remove: bool) -> bool:
    """Return whether anything is to change; raises Invalid for words at odds."""
    if remove and (code is not None or secret_stdin):
        raise Invalid("--remove stands alone")
    if (code is None) is secret_stdin:
        raise Invalid("--code and --secret-stdin go together", field="code")
    return remove or code is not None


@command(
    app,
    "passkeys",
    examples=[
        "postwarden admin passkeys carol",
        "postwarden admin passkeys carol --remove 3",
    ],
)
async def passkeys_(
    run: Invocation,
    name: NameWord,
    *,
    remove: Annotated[
        int | None,
        typer.Option("--remove", metavar="ID", min=1, help="Take this one away."),
    ] = None,
) -> None:
    """List an administrator's passkeys, or take away one that was lost.

    They are registered in a browser, by their owner.
    """
    from postwarden.services.logins import passkeys  # noqa: PLC0415  its library takes 0.2 s

    wanted = administrator_name(name)
    if remove is not None:
        gone = await run.transact(passkeys.remove, run.actor, wanted, remove)
        return run.output.done(f"removed passkey {gone.id}", shapes.passkey(gone))
    found = await run.read(passkeys.page, run.actor, wanted)
    rows = run.output.rows("id", "name", "created_at", "last_used_at")
    return rows.write(map(shapes.passkey, found))


async def _hash_of_stdin(run: Invocation) -> str:
    return await run.platform.passwords.hash(read_password())
