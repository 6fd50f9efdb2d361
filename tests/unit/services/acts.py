"""Every guarded act on the directory and on mail, to be tried by anybody."""

from collections.abc import Callable
from dataclasses import dataclass

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.administrators import AdministratorState
from postwarden.model.directory import EntryKind
from postwarden.model.permissions import BUILTIN_ROLES, Permission
from postwarden.model.queries import Query, Scope
from postwarden.model.queries.terms import Similar, SimilarTo
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services import (
    accounts,
    administrators,
    domains,
    entries,
    exporting,
    finding,
    forwards,
    importing,
    inventory,
    keys,
    removals,
    roles,
)
from postwarden.services.administrators import NewAdministrator
from postwarden.services.audit import verifying
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import saying
from postwarden.services.rewriting import table
from postwarden.services.tracking_logs import importing as tracking_logs
from tests.support import factories
from tests.unit.services.world import at

HOME = "example.org"
HELPER = BUILTIN_ROLES[-1]  # approver
P = Permission
KINDS = {
    EntryKind.ALIAS: (P.ALIAS_WRITE, "sales"),
    EntryKind.GROUP: (P.GROUP_WRITE, "team"),
    EntryKind.LIST: (P.LIST_WRITE, "news"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something done to what lies in a domain, and what it takes.

    `everywhere` acts are for those who manage every domain.
    """

    name: str
    takes: frozenset[Permission]
    run: Callable[[UnitOfWork, Actor, str], object]
    everywhere: bool = False


def furnish(uow: UnitOfWork, domain: str) -> None:
    """Give a domain something of every kind."""
    domains.create(uow, OPERATOR, domain, quota_octets=1000, quota_messages=10)
    domains.create_alias(uow, OPERATOR, f"www.{domain}", of=domain)
    for name in ("ada", "bob", "eve"):
        new = accounts.NewAccount(address=at(name, domain))
        accounts.create(uow, OPERATOR, new)
    for kind, (_, name) in KINDS.items():
        target = at("ada", domain)
        entries.create(uow, OPERATOR, kind, at(name, domain), [target])
    forwards.create(uow, OPERATOR, at("bob", domain), [at("x", "example.com")])
    domains.set_catch_all(uow, OPERATOR, domain, at("ada", domain), new=True)
    administrators.create(uow, OPERATOR, _helper("dan", domain, domain))


def _pattern(domain: str) -> Rewrite:
    source = Source("ada", domain)
    return Rewrite(source=source, kind=RewriteKind.REGEX, target="a.*:x@example.com")


def _elsewhere(domain: str) -> Rewrite:
    source = Source("", domain)
    return Rewrite(source=source, kind=RewriteKind.DOMAIN, target="example.com")


def _helper(name: str, home: str, domain: str) -> NewAdministrator:
    return NewAdministrator(name=f"{name}@{home}", role=HELPER.name, domains=[domain])


def _act(
    name: str,
    run: Callable[[UnitOfWork, Actor, str], object],
    *takes: Permission,
    everywhere: bool = False,
) -> Act:
    return Act(name=name, takes=frozenset(takes), run=run, everywhere=everywhere)


def _new(
    domain: str, *, quota_octets: int | None = None, quota_messages: int | None = None
) -> accounts.NewAccount:
    return accounts.NewAccount(
        address=at("new", domain),
        quota_octets=quota_octets,
        quota_messages=quota_messages,
    )


def _change(**changes: object) -> Callable[[UnitOfWork, Actor, str], object]:
    return lambda u, a, d: accounts.change(u, a, at("ada", d), **changes)  # type: ignore[arg-type]  # one of its options each


def _domain(**changes: object) -> Callable[[UnitOfWork, Actor, str], object]:
    return lambda u, a, d: domains.change(u, a, d, **changes)  # type: ignore[arg-type]  # one of its options each


def similar_to(domain: str, kind: SimilarTo) -> Query:
    """Ask for what is like the mail that `test_permissions` delivers there."""
    mail = factories.message(domain)
    value = mail.sha256.hex() if kind is SimilarTo.SHA256 else mail.message_id
    return Query(Similar(kind, value or ""))


def _similar(
    kind: SimilarTo, scope: Scope
) -> Callable[[UnitOfWork, Actor, str], object]:
    return lambda u, a, d: finding.resolve_similar(
        u, a, similar_to(d, kind), {}, scope=scope
    )


def _entry_acts(kind: EntryKind, takes: Permission, name: str) -> list[Act]:
    def to(domain: str) -> list[Address]:
        return [at("eve", domain)]

    return [
        _act(
            f"create {kind}",
            lambda u, a, d: entries.create(u, a, kind, at("new", d), to(d)),
            takes,
        ),
        _act(
            f"change {kind}",
            lambda u, a, d: entries.change(u, a, kind, at(name, d), add=to(d)),
            takes,
        ),
        _act(
            f"rename {kind}",
            lambda u, a, d: entries.rename(u, a, kind, at(name, d), at("new", d)),
            takes,
        ),
        _act(
            f"remove {kind}",
            lambda u, a, d: entries.remove(u, a, kind, at(name, d)),
            takes,
        ),
        _act(
            f"show {kind}",
            lambda u, a, d: entries.get(u, a, kind, at(name, d)),
            P.DIRECTORY_READ,
        ),
        _act(
            f"list {kind}",
            lambda u, a, d: entries.page(u, a, kind, domain=d, limit=9),
            P.DIRECTORY_READ,
        ),
    ]


def _dan(domain: str) -> str:
    return f"dan@{domain}"


ACTS = (
    _act(
        "create admin",
        lambda u, a, d: administrators.create(u, a, _helper("new", HOME, d)),
        *(P.ADMIN_WRITE, *HELPER.permissions),
    ),
    _act(
        "disable admin",
        lambda u, a, d: administrators.change(
            u, a, _dan(d), state=AdministratorState.DISABLED
        ),
        *(P.ADMIN_WRITE, *HELPER.permissions),
    ),
    _act(
        "remove admin",
        lambda u, a, d: administrators.remove(u, a, _dan(d)),
        *(P.ADMIN_WRITE, *HELPER.permissions),
    ),
    _act(
        "show admin",
        lambda u, a, d: administrators.get(u, a, _dan(d)),
        P.ADMIN_READ,
    ),
    _act(
        "create key",
        lambda u, a, d: keys.create(u, a, _dan(d)),
        *(P.KEY_WRITE, *HELPER.permissions),
    ),
    _act(
        "list keys",
        lambda u, a, d: keys.page(u, a, owner=_dan(d), limit=9),
        P.ADMIN_READ,
    ),
    _act(
        "create role",
        lambda u, a, d: roles.create(u, a, "clerk", permissions=[P.AUDIT_READ]),
        *(P.ADMIN_WRITE, P.AUDIT_READ),
        everywhere=True,
    ),
    _act("show domain", domains.get, P.DIRECTORY_READ),
    _act("change delimiter", _domain(delimiter="-"), P.DOMAIN_CHANGE),
    _act("change catch-all", _domain(catch_all=""), P.CATCH_ALL_WRITE),
    _act("change default quota", _domain(quota_octets=5), P.ACCOUNT_QUOTA),
    _act(
        "make unlimited the default",
        _domain(quota_octets=0),
        *(P.ACCOUNT_QUOTA, P.ACCOUNT_UNLIMITED_QUOTA),
    ),
    _act(
        "remove catch-all",
        lambda u, a, d: domains.set_catch_all(u, a, d, None),
        P.CATCH_ALL_WRITE,
    ),
    _act(
        "show domain alias",
        lambda u, a, d: domains.get_alias(u, a, f"www.{d}"),
        P.DIRECTORY_READ,
    ),
    _act(
        "list domain aliases",
        lambda u, a, d: domains.alias_page(u, a, of=d, limit=9),
        P.DIRECTORY_READ,
    ),
    _act(
        "create domain",
        lambda u, a, d: domains.create(u, a, f"new.{d}"),
        P.DOMAIN_CREATE,
        everywhere=True,
    ),
    _act(
        "verify the audit log",
        lambda u, a, _: verifying.start(u, a),
        P.AUDIT_READ,
        everywhere=True,
    ),
    _act("remove domain", domains.remove, P.DOMAIN_REMOVE, everywhere=True),
    _act(
        "create domain alias",
        lambda u, a, d: domains.create_alias(u, a, f"new.{d}", of=d),
        P.DOMAIN_ALIAS_WRITE,
        everywhere=True,
    ),
    _act(
        "change domain alias",
        lambda u, a, d: domains.change_alias(u, a, f"www.{d}", of=d),
        P.DOMAIN_ALIAS_WRITE,
        everywhere=True,
    ),
    _act(
        "remove domain alias",
        lambda u, a, d: domains.remove_alias(u, a, f"www.{d}"),
        P.DOMAIN_ALIAS_WRITE,
        everywhere=True,
    ),
    _act(
        "create account",
        lambda u, a, d: accounts.create(u, a, _new(d)),
        P.ACCOUNT_CREATE,
    ),
    _act(
        "create account with a quota",
        lambda u, a, d: accounts.create(u, a, _new(d, quota_octets=5)),
        *(P.ACCOUNT_CREATE, P.ACCOUNT_QUOTA),
    ),
    _act(
        "create account without limits",
        lambda u, a, d: accounts.create(u, a, _new(d, quota_messages=0)),
        *(P.ACCOUNT_CREATE, P.ACCOUNT_QUOTA, P.ACCOUNT_UNLIMITED_QUOTA),
    ),
    _act("name account", _change(name="Ada L."), P.ACCOUNT_CHANGE),
    _act("disable account", _change(state=AccountState.DISABLED), P.ACCOUNT_CHANGE),
    _act("set password", _change(password_hash="x"), P.ACCOUNT_PASSWORD),
    _act("change quota", _change(quota_octets=5), P.ACCOUNT_QUOTA),
    _act(
        "lift quota",
        _change(quota_octets=0),
        *(P.ACCOUNT_QUOTA, P.ACCOUNT_UNLIMITED_QUOTA),
    ),
    _act(
        "rename account",
        lambda u, a, d: accounts.rename(u, a, at("ada", d), at("new", d)),
        P.ACCOUNT_RENAME,
    ),
    _act(
        "remove account",
        lambda u, a, d: removals.start(u, a, at("eve", d)),
        P.ACCOUNT_REMOVE,
    ),
    _act(
        "show account",
        lambda u, a, d: accounts.mailboxes(u, a, at("ada", d)),
        P.DIRECTORY_READ,
    ),
    _act(
        "list accounts",
        lambda u, a, d: accounts.page(u, a, domain=d, limit=9),
        P.DIRECTORY_READ,
    ),
    *(act for kind, facts in KINDS.items() for act in _entry_acts(kind, *facts)),
    _act(
        "rewrite an address",
        lambda u, a, d: table.add(u, a, _pattern(d)),
        P.ALIAS_WRITE,
        P.FORWARD_WRITE,
    ),
    _act(
        "say an account's quota",
        lambda u, a, d: saying.say_of_account(u, a, at("ada", d), {"octets": 5}),
        P.ACCOUNT_QUOTA,
    ),
    _act(
        "say a domain's quota",
        lambda u, a, d: saying.say_of_domain(u, a, d, {"octets": 5}),
        P.ACCOUNT_QUOTA,
        P.ACCOUNT_UNLIMITED_QUOTA,
    ),
    _act(
        "rewrite a domain",
        lambda u, a, d: table.add(u, a, _elsewhere(d)),
        P.DOMAIN_ALIAS_WRITE,
    ),
    _act(
        "forward account",
        lambda u, a, d: forwards.create(u, a, at("ada", d), [at("x", "example.com")]),
        P.FORWARD_WRITE,
    ),
    _act(
        "change forward",
        lambda u, a, d: forwards.change(u, a, at("bob", d), keep_copy=True),
        P.FORWARD_WRITE,
    ),
    _act(
        "remove forward",
        lambda u, a, d: forwards.remove(u, a, at("bob", d)),
        P.FORWARD_WRITE,
    ),
    _act(
        "show forward",
        lambda u, a, d: forwards.of_account(u, a, at("bob", d)),
        P.DIRECTORY_READ,
    ),
    _act(
        "list forwards",
        lambda u, a, d: forwards.page(u, a, domain=d, limit=9),
        P.DIRECTORY_READ,
    ),
    _act(
        "inventory of accounts",
        lambda u, a, d: inventory.accounts(u, a, domain=d, limit=9),
        P.DIRECTORY_READ,
    ),
    _act(
        "inventory of lists",
        lambda u, a, d: inventory.lists(u, a, domain=d, limit=9),
        P.DIRECTORY_READ,
    ),
    _act(
        "import",
        lambda u, a, d: importing.target(u, a, at("ada", d)),
        P.MAIL_IMPORT,
    ),
    _act(
        "import into a new account",
        lambda u, a, d: importing.target(u, a, at("new", d), create=True),
        *(P.MAIL_IMPORT, P.ACCOUNT_CREATE),
    ),
    _act(
        "rehearse an import",
        lambda u, a, d: importing.rehearsed_target(u, a, at("new", d), create=True),
        *(P.MAIL_IMPORT, P.ACCOUNT_CREATE),
    ),
    _act(
        "import a tracking log",
        lambda u, a, _: tracking_logs.file(u, a, [], tracking_logs.SOURCE),
        P.MAIL_IMPORT,
        everywhere=True,
    ),
    _act(
        "rehearse the import of a tracking log",
        lambda u, a, _: tracking_logs.new_rows(u, a, []),
        P.MAIL_IMPORT,
        everywhere=True,
    ),
    _act(
        "list mailboxes to export",
        lambda u, a, d: exporting.mailboxes(u, a, at("ada", d)),
        P.MAIL_EXPORT,
    ),
    _act(
        "export",
        lambda u, a, d: exporting.begin(u, a, at("ada", d), "eml", "/x"),
        P.MAIL_EXPORT,
    ),
    _act(
        "name a message by its hash",
        _similar(SimilarTo.SHA256, Scope.FIND),
        P.MAIL_FIND,
    ),
    _act(
        "name a message by its id",
        _similar(SimilarTo.MESSAGE_ID, Scope.FIND),
        P.MAIL_FIND,
    ),
    _act(
        "name a message of the ledger",
        _similar(SimilarTo.MESSAGE_ID, Scope.TRACE),
        P.MAIL_TRACE,
    ),
)
