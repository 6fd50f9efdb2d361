"""Accounts in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.accounts import Account, Usage
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState


class MemoryAccounts:
    """See `services.ports.Accounts`."""

    def __init__(self, state: State) -> None:
        self._accounts = state.accounts
        self._copies = state.copies

    def get(self, account: int) -> Account:
        found = self._accounts.get(account)
        if found is None:
            raise NotFound("account", str(account))
        return found

    def many(self, accounts: Iterable[int]) -> dict[int, Account]:
        found = ((number, self._accounts.get(number)) for number in accounts)
        return {number: account for number, account in found if account}

    def known_as(self, keys: Iterable[str]) -> dict[str, list[int]]:
        wanted = set(keys)
        found: dict[str, list[int]] = {}
        for account in self._accounts:
            if account.address.key in wanted:
                found.setdefault(account.address.key, []).append(account.id)
        return found

    def add(self, account: Account) -> Account:
        added = replace(account, id=self._accounts.new_id())
        self._accounts.insert(added.id, added)
        return added

    def replace(self, account: Account) -> None:
        known = self.get(account.id)
        kept = replace(
            account,
            used_octets=known.used_octets,
            used_messages=known.used_messages,
            vault_octets=known.vault_octets,
            vault_messages=known.vault_messages,
            last_login_at=known.last_login_at,
        )
        self._accounts.put(account.id, kept)

    def ending(self, now: datetime, limit: int) -> list[Account]:
        due = [
            (account.ends_at, account.id, account)
            for account in self._accounts
            if account.ends_at is not None and account.ends_at <= now
        ]
        return [account for *_, account in sorted(due, key=lambda each: each[:2])][
            :limit
        ]

    def in_domain(self, domain: str, *, after: int = 0, limit: int) -> list[int]:
        found = [
            account.id
            for account in self._accounts
            if account.address.domain == domain and account.id > after
        ]
        return sorted(found)[:limit]

    def counted(self, account: int) -> Usage:
        counted = Usage()
        for copy in self._copies:
            if copy.account == account:
                counted += (
                    Usage(octets=copy.size, messages=1)
                    if copy.state is CopyState.LIVE
                    else Usage(vault_octets=copy.size, vault_messages=1)
                )
        return counted

    def use(self, changes: Iterable[tuple[int, Usage]]) -> None:
        for number, usage in changes:
            if account := self._accounts.get(number):
                used = replace(
                    account,
                    used_octets=account.used_octets + usage.octets,
                    used_messages=account.used_messages + usage.messages,
                    vault_octets=account.vault_octets + usage.vault_octets,
                    vault_messages=account.vault_messages + usage.vault_messages,
                )
                self._accounts.put(number, used)

    def remember_login(self, account: int, time: datetime) -> None:
        if known := self._accounts.get(account):
            self._accounts.put(account, replace(known, last_login_at=time))
