"""Domains and addresses in memory."""

from collections.abc import Sequence
from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.addresses import Address, domain_range
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.errors import AlreadyExists, NotFound, Refused

_ALL = 2**63 - 1
_AFTER_ALL = "\U0010ffff"


class MemoryDomains:
    """See `services.ports.Domains`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def find(self, name: str) -> MailDomain | None:
        return self._state.domains.get(name)

    def add(self, domain: MailDomain) -> None:
        self._check_free(domain.name)
        self._state.domains.insert(domain.name, domain)

    def _check_free(self, name: str) -> None:
        if name in self._state.domains or name in self._state.domain_aliases:
            raise AlreadyExists("domain", name)

    def replace(self, domain: MailDomain) -> None:
        if domain.name not in self._state.domains:
            raise NotFound("domain", domain.name)
        self._state.domains.put(domain.name, domain)

    def remove(self, name: str) -> None:
        if self.alias_page(of=name, limit=1):
            raise Refused(f"domain {name} has other names")
        self._state.domains.remove(name)

    def page(self, *, after: str = "", limit: int) -> list[MailDomain]:
        return self._state.domains.behind(after, limit)

    def count(self) -> int:
        return len(self._state.domains)

    def pointing_at(self, address: Address) -> list[MailDomain]:
        found = [
            domain
            for domain in self._state.domains
            if address in (domain.catch_all, domain.postmaster)
        ]
        return sorted(found, key=lambda domain: domain.name)

    def find_alias(self, name: str) -> DomainAlias | None:
        return self._state.domain_aliases.get(name)

    def add_alias(self, alias: DomainAlias) -> None:
        self._check_free(alias.name)
        if alias.domain not in self._state.domains:
            raise NotFound("domain", alias.domain)
        self._state.domain_aliases.insert(alias.name, alias)

    def remove_alias(self, name: str) -> None:
        self._state.domain_aliases.remove(name)

    def alias_page(
        self, *, of: str | None = None, after: str = "", limit: int
    ) -> list[DomainAlias]:
        found = [
            alias
            for alias in self._state.domain_aliases
            if alias.name > after and (not of or alias.domain == of)
        ]
        return sorted(found, key=lambda alias: alias.name)[:limit]


class MemoryDirectory:
    """See `services.ports.Directory`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def find(self, address: Address) -> Entry | None:
        number = self._state.entry_keys.get(address.key)
        return None if number is None else self._state.entries.get(number)

    def address_of(self, entry: int) -> Address | None:
        found = self._state.entries.get(entry)
        return None if found is None else found.address

    def find_many(self, addresses: Sequence[Address]) -> list[Entry | None]:
        return [self.find(address) for address in addresses]

    def add(self, entry: Entry) -> Entry:
        self._check_free(entry.address)
        added = replace(entry, id=self._state.entries.new_id())
        self._state.entries.insert(added.id, added)
        self._state.entry_keys.insert(added.address.key, added.id)
        return added

    def _check_free(self, address: Address) -> None:
        if address.key in self._state.entry_keys:
            raise AlreadyExists("address", str(address))

    def replace(self, entry: Entry) -> None:
        known = self._state.entries.get(entry.id)
        if known is None:
            raise NotFound("address", str(entry.address))
        if known.address.key != entry.address.key:
            self._check_free(entry.address)
        self._state.entry_keys.remove(known.address.key)
        self._state.entry_keys.insert(entry.address.key, entry.id)
        self._state.entries.put(entry.id, entry)

    def remove(self, address: Address) -> None:
        entry = self.find(address)
        if entry is not None:
            self._state.entries.remove(entry.id)
        self._state.entry_keys.remove(address.key)

    def page(
        self,
        kinds: Sequence[EntryKind],
        *,
        domain: str | None = None,
        after: str = "",
        limit: int,
    ) -> list[Entry]:
        found = [e for e in self._behind(domain, after) if e.kind in kinds]
        return found[:limit]

    def key_at(
        self, kinds: Sequence[EntryKind], *, domain: str, position: int
    ) -> str | None:
        found = self.page(kinds, domain=domain, limit=position + 1)
        return found[position].address.key if len(found) > position else None

    def forwarding(
        self, *, domain: str | None = None, after: str = "", limit: int
    ) -> list[Entry]:
        accounts = [EntryKind.ACCOUNT]
        found = self.page(accounts, domain=domain, after=after, limit=_ALL)
        return [entry for entry in found if entry.targets][:limit]

    def _behind(self, domain: str | None, after: str) -> list[Entry]:
        """Return the entries behind a key, in order of their keys."""
        first, last = domain_range(domain) if domain else ("", _AFTER_ALL)
        numbers = self._state.entry_keys.among(first, last)
        found = (self._state.entries.get(number) for number in numbers)
        return [entry for entry in found if entry and entry.address.key > after]

    def pointing_at(
        self, address: Address, *, after: str = "", limit: int
    ) -> list[Entry]:
        found = [
            entry
            for entry in self._state.entries
            if entry.address.key > after
            and any(target.key == address.key for target in entry.targets)
        ]
        return sorted(found, key=lambda entry: entry.address.key)[:limit]

    def repoint(self, old: Address, new: Address) -> int:
        times = 0
        for entry in self._state.entries:
            targets = [new if each.key == old.key else each for each in entry.targets]
            changed = sum(each.key == old.key for each in entry.targets)
            if changed:
                repointed = replace(entry, targets=tuple(targets))
                self._state.entries.put(entry.id, repointed)
            times += changed
        return times

    def count(self, domain: str | None, kinds: Sequence[EntryKind]) -> int:
        return len(self.page(kinds, domain=domain, limit=_ALL))
