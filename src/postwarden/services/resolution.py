"""The one recipient resolver: from an address to accounts and ways out.

It follows domain aliases, aliases, groups, lists, forwards, plus-addressing and
the catch-all; cuts loops; ends at a depth limit; and gives every final account
one delivery, however many ways lead there (RFC 5321 §3.9).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from postwarden.model.accounts import AccountState
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.errors import NotFound, Suspended
from postwarden.model.ledger import Event
from postwarden.services.ports import UnitOfWork

POSTMASTER = "postmaster"

_EVENTS = {
    EntryKind.ALIAS: Event.RESOLVE,
    EntryKind.GROUP: Event.EXPAND,
    EntryKind.LIST: Event.EXPAND,
    EntryKind.ACCOUNT: Event.REDIRECT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the administrator decided about resolving.

    `host` is our own name, where `<postmaster>` without a domain lives
    (RFC 5321 §4.5.1); `postmaster` gets the mail of domains that name nobody.
    Up to `inline` destinations are delivered before the mail is acknowledged.
    """

    host: str
    postmaster: Address | None = None
    max_depth: int = 20
    inline: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rewriting on the way, as the ledger tells it."""

    event: Event
    address: Address
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """An account that gets a copy; `via` is the address that led to it last."""

    account: int
    address: Address
    via: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """An address elsewhere; `via` is the address of ours that sends it out."""

    address: Address
    via: Address


@dataclass(slots=True)
class Resolution:
    """Where mail for some envelope recipients goes, each destination once.

    `locals_` and `foreign` map a destination to the recipient (counted from 0)
    that reached it first; `accounts_of` and `leaving` say of each recipient what
    it leads to, whoever was first.
    """

    locals_: dict[int, tuple[Local, int]] = field(default_factory=dict)
    foreign: dict[str, tuple[Foreign, int]] = field(default_factory=dict)
    accounts_of: dict[int, set[int]] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)
    steps: list[tuple[Step, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.locals_) + len(self.foreign)


def local_domain(uow: UnitOfWork, name: str) -> MailDomain | None:
    """Return the hosted domain that `name` is, or is another name of."""
    domain = uow.domains.find(name)
    if domain is None and (alias := uow.domains.find_alias(name)) is not None:
        domain = uow.domains.find(alias.domain)
    return domain


def is_postmaster(address: Address) -> bool:
    """Postmaster in any case, which every domain has (RFC 5321 §4.5.1)."""
    return address.local_part.casefold() == POSTMASTER


def is_ours(uow: UnitOfWork, rules: Rules, address: Address) -> bool:
    """Whether mail for `address` ends here, so that taking it is no relaying."""
    return local_domain(uow, address.domain) is not None or (
        address.domain == rules.host and is_postmaster(address)
    )


def entry_for(
    uow: UnitOfWork, rules: Rules, address: Address
) -> Entry | Address | None:
    """Return what takes mail for `address`.

    An Entry of the directory; the Address of a catch-all or of the account that
    gets the domain's postmaster mail; `address` itself when it is not ours, or a
    postmaster that nobody was named for; None when nobody is there.
    """
    domain = local_domain(uow, address.domain)
    if domain is None:
        ours = is_postmaster(address) and address.domain == rules.host
        return (rules.postmaster if ours else None) or address
    home = Address(address.local_part, domain.name)
    entry = uow.directory.find(home)
    if entry is None and domain.delimiter:
        user, delimiter, _ = home.local_part.partition(domain.delimiter)
        if delimiter and user:
            entry = uow.directory.find(Address(user, domain.name))
    if entry is not None:
        return entry
    if is_postmaster(home):
        return domain.postmaster or domain.catch_all or rules.postmaster or address
    return domain.catch_all


def check(uow: UnitOfWork, rules: Rules, address: Address) -> Entry | Address:
    """Return what takes mail for `address`, without expanding it.

    Raises NotFound when nobody is there, Suspended for a disabled one.
    """
    found = entry_for(uow, rules, address)
    if found is None:
        raise NotFound("recipient", str(address))
    if isinstance(found, Entry):
        _check_enabled(uow, found)
    return found


def _check_enabled(uow: UnitOfWork, entry: Entry) -> None:
    if not entry.enabled:
        raise Suspended(str(entry.address))
    if (
        entry.account is not None
        and uow.accounts.get(entry.account).state is not AccountState.ACTIVE
    ):
        raise Suspended(str(entry.address))


def resolve(uow: UnitOfWork, rules: Rules, recipients: Iterable[Address]) -> Resolution:
    """Resolve envelope recipients together, so that no account gets two copies.

    Targets that do not exist or are disabled are skipped with a FAIL step: the
    mail was accepted for the address that names them.
    """
    resolution = Resolution()
    for number, recipient in enumerate(recipients):
        _Walk(uow, rules, resolution, number).visit(recipient)
    return resolution


@dataclass(slots=True)
class _Walk:
    uow: UnitOfWork
    rules: Rules
    resolution: Resolution
    recipient: int
    seen: set[str] = field(default_factory=set)

    def visit(self, start: Address) -> None:
        """Walk breadth first, so that deep chains need no deep stack."""
        todo = deque([(start, start, 0)])
        while todo:
            address, via, depth = todo.popleft()
            if depth > self.rules.max_depth:
                reason = f"nested deeper than {self.rules.max_depth}"
                self._step(Event.FAIL, address, reason)
                continue
            todo += [(next_, at, depth + 1) for next_, at in self._one(address, via)]

    def _one(self, address: Address, via: Address) -> list[tuple[Address, Address]]:
        try:
            found = check(self.uow, self.rules, address)
        except (NotFound, Suspended) as error:
            self._step(Event.FAIL, address, str(error))
            return []
        if isinstance(found, Address):
            if found == address:
                self._foreign(Foreign(address=address, via=via))
                return []
            self._step(Event.RESOLVE, address, f"catch-all {found}")
            return [(found, address)]
        return self._entry(found, address, via)

    def _entry(
        self, entry: Entry, address: Address, via: Address
    ) -> list[tuple[Address, Address]]:
        if entry.address.key in self.seen:
            if entry.kind is not EntryKind.ACCOUNT:
                self._step(Event.DUPLICATEEXPAND, entry.address, "visited before")
            return []
        self.seen.add(entry.address.key)
        if entry.account is not None and (entry.keep_copy or not entry.targets):
            if address.key != entry.address.key:
                self._step(Event.RESOLVE, address, f"account {entry.address}")
            self._local(Local(account=entry.account, address=entry.address, via=via))
        if entry.targets:
            self._step(_EVENTS[entry.kind], entry.address, _named(entry.targets))
        return [(target, entry.address) for target in entry.targets]

    def _local(self, local: Local) -> None:
        self.resolution.accounts_of.setdefault(self.recipient, set()).add(local.account)
        known = self.resolution.locals_.setdefault(
            local.account, (local, self.recipient)
        )
        if known[0] is not local:
            self._step(Event.DUPLICATEDELIVER, local.address, "already delivered")

    def _foreign(self, foreign: Foreign) -> None:
        self.resolution.leaving.add(self.recipient)
        self.resolution.foreign.setdefault(
            foreign.address.key, (foreign, self.recipient)
        )

    def _step(self, event: Event, address: Address, detail: str) -> None:
        step = Step(event=event, address=address, detail=detail)
        self.resolution.steps.append((step, self.recipient))


def _named(targets: tuple[Address, ...]) -> str:
    if len(targets) > 10:
        return f"{len(targets)} addresses"
    return ", ".join(map(str, targets))
