"""`postwarden quickstart ADDRESS`: from nothing to an account that gets mail."""

import json
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from postwarden.cli.accounts import PersonName
from postwarden.cli.arguments import AddressWord, PasswordStdin, read_password
from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import DryRun, Invocation, Opens, command
from postwarden.cli.options import GlobalOptions
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, ascii_domain
from postwarden.model.administrators import administrator_name
from postwarden.model.errors import AlreadyExists, Invalid
from postwarden.model.logins import SessionRules
from postwarden.model.permissions import BUILTIN_ROLES
from postwarden.services import accounts, administrators, domains
from postwarden.services.administrators import NewAdministrator
from postwarden.services.logins import links
from postwarden.services.logins.links import NewLink
from postwarden.services.ports import UnitOfWork

app = new_app()

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS, _GROUP = 4, 5  # 20 letters of 31: 99 bits


class _Taken(AlreadyExists):
    """The address is somebody's already; says what to do instead."""

    def __init__(self, error: AlreadyExists) -> None:
        super().__init__(error.kind, error.name)
        hint = (
            f"`postwarden account change {error.name} --password-stdin` gives it "
            "another password"
            if error.kind == "account"
            else "choose another address"
        )
        self.args = (f"{error}; {hint}",)


@command(
    app,
    "quickstart",
    opens=Opens.NOTHING,
    on_machine=True,
    examples=[
        "postwarden quickstart ada@example.org",
        "postwarden quickstart ada@example.org --password-stdin <secret.txt",
    ],
)
async def quickstart(
    run: Invocation,
    address: AddressWord,
    *,
    password_stdin: PasswordStdin = False,
    name: PersonName = None,
    dry_run: DryRun = False,
) -> None:
    """Make a store, a domain, an account and an admin; say what to do next.

    The admin may do everything; the login link lets him in once, and soon ends.
    The store is made where there is none, the domain if it is not hosted yet.
    Without --password-stdin a random password is made and shown this once.
    """
    wanted = Address.parse(address)
    password = read_password() if password_stdin else _new_password()
    with run.rehearsed() if dry_run else run.opened(create=True) as platform:
        new = accounts.NewAccount(
            address=wanted,
            name=name or "",
            password_hash=await platform.passwords.hash(password),
        )
        try:
            made = await run.write(
                dry_run,
                _make,
                run.actor,
                new,
                lifetime=timedelta(seconds=run.settings.logins.link_seconds),
                rules=platform.session_rules,
            )
        except AlreadyExists as error:
            raise _Taken(error) from error
    if made is None:
        return
    account, link = made
    run.output.one(
        {
            "address": str(account.address),
            "domain": account.address.domain,
            **({} if password_stdin else {"password": password}),
            "admin": link.owner.name,
            "login": link.url(run.settings.logins.origin),
            "data": str(run.options.places.data),
        }
    )
    if not run.output.as_json:
        for line in _next_steps(run.options, account.address):
            run.output.note(line)


def _make(
    uow: UnitOfWork,
    actor: Actor,
    new: accounts.NewAccount,
    *,
    lifetime: timedelta,
    rules: SessionRules,
) -> tuple[Account, NewLink]:
    """Create an account and an administrator of its name, with a way in.

    The domain is created first unless that name is hosted.
    """
    name = new.address.domain
    if uow.domains.find(name) is None and uow.domains.find_alias(name) is None:
        domains.create(uow, actor, name)
    account = accounts.create(uow, actor, new)
    admin = _admin_name(account.address)
    if uow.administrators.find(admin) is None:
        administrators.create(
            uow, actor, NewAdministrator(name=admin, role=BUILTIN_ROLES[0].name)
        )
    link = links.create(uow, actor, admin, lifetime=lifetime, rules=rules)
    return account, link


def _admin_name(address: Address) -> str:
    """Return an administrator's name that is like an address, if one can be."""
    try:
        return administrator_name(
            f"{address.local_part}@{ascii_domain(address.domain)}"
        )
    except Invalid:
        return "admin"


def _new_password() -> str:
    groups = (
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def _next_steps(options: GlobalOptions, address: Address) -> Iterator[str]:
    """Yield what to type next, as it can be pasted into a shell."""
    from postwarden.cli.listeners import DEFAULTS  # noqa: PLC0415  imports servers

    postwarden = shlex.join([program(), *_same_store(options)])
    yield "Next, receive mail until Ctrl-C:"
    yield f"  {postwarden} serve"
    yield "and in another terminal send a mail, find it, and open a case over it:"
    yield f"  {_test_mail(DEFAULTS['smtp'], address)}"
    yield f"  {postwarden} find subject:quickstart"
    yield f'  {postwarden} case open subject:quickstart --reason "a first try"'
    yield f"  {postwarden} case preview 1  # the number that it printed"


def program() -> str:
    """Return how this program was called, if `postwarden` alone would not find it."""
    called = Path(sys.argv[0])
    is_on_path = shutil.which("postwarden") is not None
    return "postwarden" if is_on_path or called.name != "postwarden" else str(called)


def _same_store(options: GlobalOptions) -> Iterator[str]:
    """Yield the options that name this store from wherever a shell is."""
    yield from ("--data", str(options.places.data))
    for name in ("--store", "--blobs", "--config"):
        if (value := options.value(name)) is not None:
            yield from (name, value)


def _test_mail(smtp: str, address: Address) -> str:
    """Return a command that sends a mail; Python is there, other clients may not."""
    host, _, port = smtp.rpartition(":")
    local_part = str(address).rpartition("@")[0]
    arguments = [
        "you@example.net",
        f"{local_part}@{ascii_domain(address.domain)}",
        "From: you@example.net\nSubject: quickstart\n\nIt works.\n",
        *([] if address.is_ascii else [["SMTPUTF8"]]),
    ]
    words = ", ".join(json.dumps(each) for each in arguments)
    code = f'import smtplib; smtplib.SMTP("{host}", {port}).sendmail({words})'
    return shlex.join(["python3", "-c", code])
