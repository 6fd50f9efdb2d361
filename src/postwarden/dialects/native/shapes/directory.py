"""Domains, accounts and every kind of address as scripts see them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.mailboxes import Mailbox

if TYPE_CHECKING:  # a program that removes no account need not load it
    from postwarden.services.removals import Removal


class DomainShape(TypedDict):
    """A hosted domain; the quotas are what its new accounts get."""

    domain: str
    postmaster: str | None
    catch_all: str | None
    delimiter: str
    default_quota_octets: int
    default_quota_messages: int
    vault_retention_seconds: int
    removed_account_retention_seconds: int
    created_at: datetime


class WholeDomainShape(DomainShape):
    """A domain with how many addresses it has, and its other names."""

    accounts: int
    aliases: int
    groups: int
    lists: int
    domain_aliases: list[str]


class DomainAliasShape(TypedDict):
    """Another name of a hosted domain."""

    domain_alias: str
    of: str
    created_at: datetime


class CatchAllShape(TypedDict):
    """Who gets mail for unknown addresses of a domain."""

    domain: str
    to: str | None


class MailboxShape(TypedDict):
    """A mailbox and its counters (RFC 9051 §2.3.1.1)."""

    mailbox: str
    messages: int
    unseen: int
    uid_next: int
    uid_validity: int
    highest_modseq: int


class _AccountFacts(TypedDict):
    id: int
    address: str
    name: str
    state: str
    quota_octets: int
    quota_messages: int
    used_octets: int
    used_messages: int
    vault_octets: int
    vault_messages: int


class AccountShape(_AccountFacts):
    """An account with its mailboxes, INBOX first; a quota of 0 is no limit."""

    mailboxes: list[MailboxShape]


class AccountRowShape(_AccountFacts):
    """An account as lists have it; a quota of 0 is no limit."""

    created_at: datetime
    last_login_at: datetime | None


class RemovedAccountShape(TypedDict):
    """An account that is removed; `still_named_by` lead to its old address."""

    address: str
    state: str
    vaulted_messages: int
    vaulted_octets: int
    still_named_by: list[str]
    task: int


class AliasShape(TypedDict):
    """An address that stands for others."""

    id: int
    address: str
    to: list[str]
    state: str
    created_at: datetime


class MembersShape(TypedDict):
    """A group or list."""

    id: int
    address: str
    members: list[str]
    state: str
    created_at: datetime


class RowErrorShape(TypedDict):
    """Why a row of a file was not imported."""

    row: int
    code: str
    message: str


class ImportShape(TypedDict):
    """What became of a directory file; `tasks` vault the mail of removed accounts."""

    created: int
    changed: int
    unchanged: int
    removed: int
    failed: int
    kept: int
    errors: list[RowErrorShape]
    tasks: list[int]


class ForwardShape(TypedDict):
    """Where the mail of an account goes."""

    address: str
    to: list[str]
    keep_copy: bool


def domain(of: MailDomain) -> DomainShape:
    """Return a domain as lists and changes show it."""
    return {
        "domain": of.name,
        "postmaster": _text(of.postmaster),
        "catch_all": _text(of.catch_all),
        "delimiter": of.delimiter,
        "default_quota_octets": of.default_quota_octets,
        "default_quota_messages": of.default_quota_messages,
        "vault_retention_seconds": round(of.vault_retention.total_seconds()),
        "removed_account_retention_seconds": round(
            of.removed_account_retention.total_seconds()
        ),
        "created_at": of.created_at,
    }


def whole_domain(
    of: MailDomain, counts: Mapping[EntryKind, int], aliases: Iterable[DomainAlias]
) -> WholeDomainShape:
    """Return a domain as `domain show` prints it."""
    return {
        **domain(of),
        "accounts": counts[EntryKind.ACCOUNT],
        "aliases": counts[EntryKind.ALIAS],
        "groups": counts[EntryKind.GROUP],
        "lists": counts[EntryKind.LIST],
        "domain_aliases": [alias.name for alias in aliases],
    }


def domain_alias(of: DomainAlias) -> DomainAliasShape:
    """Return another name of a domain."""
    return {"domain_alias": of.name, "of": of.domain, "created_at": of.created_at}


def catch_all(of: MailDomain) -> CatchAllShape:
    """Return who gets mail for unknown addresses of a domain."""
    return {"domain": of.name, "to": _text(of.catch_all)}


def account(of: Account, mailboxes: Iterable[Mailbox]) -> AccountShape:
    """Return an account as `account show` prints it."""
    return {**_facts(of), "mailboxes": [mailbox(each) for each in mailboxes]}


def account_row(of: Account) -> AccountRowShape:
    """Return an account as `account list` prints it."""
    return {
        **_facts(of),
        "created_at": of.created_at,
        "last_login_at": of.last_login_at,
    }


def removed_account(removal: "Removal") -> RemovedAccountShape:
    """Return what became of an account that is removed."""
    return {
        "address": str(removal.account.address),
        "state": AccountState.PENDING_DELETION.value,
        "vaulted_messages": removal.account.used_messages,
        "vaulted_octets": removal.account.used_octets,
        "still_named_by": [str(each) for each in removal.pointing],
        "task": removal.task.id,
    }


def mailbox(of: Mailbox) -> MailboxShape:
    """Return a mailbox with its counters."""
    return {
        "mailbox": of.name,
        "messages": of.messages,
        "unseen": of.unseen,
        "uid_next": of.uid_next,
        "uid_validity": of.uid_validity,
        "highest_modseq": of.highest_modseq,
    }


def entry(of: Entry) -> AliasShape | MembersShape:
    """Return an alias, group or list."""
    targets = [str(target) for target in of.targets]
    state = (AccountState.ACTIVE if of.enabled else AccountState.DISABLED).value
    address, created_at = str(of.address), of.created_at
    if of.kind is EntryKind.ALIAS:
        return {
            "id": of.id,
            "address": address,
            "to": targets,
            "state": state,
            "created_at": created_at,
        }
    return {
        "id": of.id,
        "address": address,
        "members": targets,
        "state": state,
        "created_at": created_at,
    }


def forward(of: Entry) -> ForwardShape:
    """Return where the mail of an account goes."""
    return {
        "address": str(of.address),
        "to": [str(target) for target in of.targets],
        "keep_copy": of.keep_copy,
    }


def _text(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _facts(of: Account) -> _AccountFacts:
    return {
        "id": of.id,
        "address": str(of.address),
        "name": of.name,
        "state": of.state.value,
        "quota_octets": of.quota_octets,
        "quota_messages": of.quota_messages,
        "used_octets": of.used_octets,
        "used_messages": of.used_messages,
        "vault_octets": of.vault_octets,
        "vault_messages": of.vault_messages,
    }
