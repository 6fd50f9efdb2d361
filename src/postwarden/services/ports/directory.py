"""Domains, accounts and the addresses that lead to them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from postwarden.model.accounts import Account, Usage
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain


class Domains(Protocol):
    """Hosted domains and their other names."""

    def find(self, name: str) -> MailDomain | None: ...

    def add(self, domain: MailDomain) -> None:
        """Raise AlreadyExists when the name is taken, as domain or alias."""
        ...

    def replace(self, domain: MailDomain) -> None:
        """Raise NotFound for an unknown name."""
        ...

    def remove(self, name: str) -> None:
        """Raise Refused while the domain has other names; an unknown one is gone."""
        ...

    def page(self, *, after: str = "", limit: int) -> list[MailDomain]: ...

    def count(self) -> int: ...

    def pointing_at(self, address: Address) -> list[MailDomain]:
        """Return the domains whose catch-all or postmaster is spelt like this."""
        ...

    def find_alias(self, name: str) -> DomainAlias | None: ...

    def add_alias(self, alias: DomainAlias) -> None: ...

    def remove_alias(self, name: str) -> None: ...

    def alias_page(
        self, *, of: str | None = None, after: str = "", limit: int
    ) -> list[DomainAlias]: ...


class Accounts(Protocol):
    """Accounts by id; by address they are found through `Directory`."""

    def get(self, account: int) -> Account:
        """Raise NotFound for an unknown id."""
        ...

    def many(self, accounts: Iterable[int]) -> dict[int, Account]: ...

    def known_as(self, keys: Iterable[str]) -> dict[str, list[int]]:
        """Return the accounts with these `Address.key`s, removed ones included."""
        ...

    def add(self, account: Account) -> Account:
        """Store a new account (its `id` is given here)."""
        ...

    def replace(self, account: Account) -> None:
        """Write everything but usage and last login, which have their own verbs.

        Raises NotFound for an unknown id.
        """
        ...

    def ending(self, now: datetime, limit: int) -> list[Account]:
        """Return accounts whose `ends_at` has come, the longest due first."""
        ...

    def in_domain(self, domain: str, *, after: int = 0, limit: int) -> list[int]:
        """Return ids of accounts of a domain, removed ones included, ascending."""
        ...

    def counted(self, account: int) -> Usage:
        """Return what an account's copies add up to, whatever its counters say."""
        ...

    def use(self, changes: Iterable[tuple[int, Usage]]) -> None:
        """Add to the usage counters of accounts."""
        ...

    def remember_login(self, account: int, time: datetime) -> None: ...


class Directory(Protocol):
    """Every address of ours, by its key (`Address.key`)."""

    def find(self, address: Address) -> Entry | None: ...

    def address_of(self, entry: int) -> Address | None:
        """Return the address of the entry with an id."""
        ...

    def find_many(self, addresses: Sequence[Address]) -> list[Entry | None]: ...

    def add(self, entry: Entry) -> Entry:
        """Raise AlreadyExists when the address is taken by anything."""
        ...

    def replace(self, entry: Entry) -> None:
        """Write `entry`, found by its id; its address may be another one now.

        Raises NotFound for an unknown id, AlreadyExists for an address taken.
        """
        ...

    def remove(self, address: Address) -> None: ...

    def page(
        self,
        kinds: Sequence[EntryKind],
        *,
        domain: str | None = None,
        after: str = "",
        limit: int,
    ) -> list[Entry]:
        """Return entries in order of their keys, those behind the key `after`."""
        ...

    def key_at(
        self, kinds: Sequence[EntryKind], *, domain: str, position: int
    ) -> str | None:
        """Return the key of the entry at a position of a domain, counted from 0.

        It walks an index, whose every step is much cheaper than an entry.
        """
        ...

    def forwarding(
        self, *, domain: str | None = None, after: str = "", limit: int
    ) -> list[Entry]:
        """Like `page`, of the accounts that have targets: those that forward."""
        ...

    def pointing_at(
        self, address: Address, *, after: str = "", limit: int
    ) -> list[Entry]:
        """Return entries with `address` among their targets, in order of keys."""
        ...

    def repoint(self, old: Address, new: Address) -> int:
        """Write `new` for `old` wherever it is a target; return how often."""
        ...

    def count(self, domain: str | None, kinds: Sequence[EntryKind]) -> int:
        """Count the entries of some kinds, in all domains for None."""
        ...
