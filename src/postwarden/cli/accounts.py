"""`postwarden account ...`: who logs in and gets mail."""

from typing import Annotated

import typer

from postwarden.cli import account_files
from postwarden.cli.arguments import (
    AddressWord,
    InDomain,
    Limit,
    PasswordStdin,
    Quota,
    QuotaMessages,
    domain_or_none,
    quota_of,
    read_password,
    refuse_nothing,
)
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.targets import StateOption
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.accounts import AccountState
from postwarden.model.addresses import Address
from postwarden.services import accounts, removals

app = new_group("Manage who logs in and gets mail.")

PersonName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The person's name.")
]


@command(
    app,
    "create",
    examples=[
        "postwarden account create ada@example.org --password-stdin <secret.txt",
        'postwarden account create ada@example.org --name "Ada L." --quota 2G',
    ],
)
async def create(
    run: Invocation,
    address: AddressWord,
    *,
    password_stdin: PasswordStdin = False,
    name: PersonName = None,
    quota: Quota = None,
    quota_messages: QuotaMessages = None,
    dry_run: DryRun = False,
) -> None:
    """Create an account with its first mailboxes.

    Without a password it gets mail and nobody can log in. Without quotas it has
    its domain's defaults.
    """
    new = accounts.NewAccount(
        address=Address.parse(address),
        name=name or "",
        password_hash=await _hash_of_stdin(run) if password_stdin else None,
        quota_octets=quota_of(quota),
        quota_messages=quota_messages,
    )
    created = await run.write(dry_run, accounts.create, run.actor, new)
    if created is not None:
        shown = await run.read(accounts.mailboxes, run.actor, created.address)
        run.output.done(f"created account {created.address}", shapes.account(*shown))


account_files.add_command(app)


@command(app, "show", examples=["postwarden account show ada@example.org --json"])
async def show(run: Invocation, address: AddressWord) -> None:
    """Show an account, what it uses, and its mailboxes."""
    shown = await run.read(accounts.mailboxes, run.actor, Address.parse(address))
    run.output.one(shapes.account(*shown))


@command(app, "list", examples=["postwarden account list --domain example.org --json"])
async def list_(run: Invocation, domain: InDomain = None, limit: Limit = None) -> None:
    """List accounts in order of domain and name."""
    wanted = domain_or_none(domain)
    rows = run.output.rows(
        "address", "name", "state", "used_octets", "quota_octets", "last_login_at"
    )
    async for page in run.pages(
        lambda uow, after, count: accounts.page(
            uow, run.actor, domain=wanted, after=after, limit=count
        ),
        lambda account: account.address.key,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.account_row, page))


@command(
    app,
    "change",
    examples=[
        "postwarden account change ada@example.org --state disabled",
        "postwarden account change ada@example.org --password-stdin <secret.txt",
    ],
)
async def change(
    run: Invocation,
    address: AddressWord,
    *,
    password_stdin: PasswordStdin = False,
    name: PersonName = None,
    quota: Quota = None,
    quota_messages: QuotaMessages = None,
    state: StateOption = None,
    dry_run: DryRun = False,
) -> None:
    """Change an account. A disabled one takes no mail and lets nobody in."""
    refuse_nothing(password_stdin or None, name, quota, quota_messages, state)
    changed = await run.write(
        dry_run,
        accounts.change,
        run.actor,
        Address.parse(address),
        name=name,
        password_hash=await _hash_of_stdin(run) if password_stdin else None,
        quota_octets=quota_of(quota),
        quota_messages=quota_messages,
        state=None if state is None else AccountState(state.value),
    )
    if changed is not None:
        shown = await run.read(accounts.mailboxes, run.actor, changed.address)
        run.output.done(f"changed account {changed.address}", shapes.account(*shown))


@command(
    app,
    "rename",
    examples=["postwarden account rename ada@example.org ada.lovelace@example.org"],
)
async def rename(
    run: Invocation,
    address: AddressWord,
    new_address: Annotated[str, typer.Argument(metavar="NEW-ADDRESS")],
    *,
    dry_run: DryRun = False,
) -> None:
    """Give an account another address.

    Its mail and history follow, and so do the aliases, groups, lists, forwards and
    domains that lead to it. Mail to the old address is refused from now on; an
    alias takes it again.
    """
    renamed = await run.write(
        dry_run,
        accounts.rename,
        run.actor,
        Address.parse(address),
        Address.parse(new_address),
    )
    if renamed is not None:
        account, followed = renamed
        shown = await run.read(accounts.mailboxes, run.actor, account.address)
        run.output.done(
            f"renamed {address} to {account.address}; {followed} references followed",
            shapes.account(*shown),
        )


@command(app, "remove", examples=["postwarden account remove ada@example.org"])
async def remove(
    run: Invocation, address: AddressWord, dry_run: DryRun = False
) -> None:
    """Remove an account: its user is out at once, its mail goes to the vault.

    The address is free, the mail stays findable.
    """
    removal = await run.write(
        dry_run, removals.start, run.actor, Address.parse(address)
    )
    if removal is None:
        return
    account = removal.account
    await host_task(run, removal.task, f"vaulting the mail of {account.address}")
    run.output.done(
        f"removed account {account.address}; {account.used_messages} messages "
        "are in the vault",
        shapes.removed_account(removal),
    )
    for pointing in removal.pointing:
        run.output.note(f"note: {pointing} still leads to {account.address}")


async def _hash_of_stdin(run: Invocation) -> str:
    return await run.platform.passwords.hash(read_password())
