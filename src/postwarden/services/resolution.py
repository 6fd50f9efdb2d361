"""The one recipient resolver: from an address to accounts and ways out.

It follows domain aliases, aliases, groups, lists, forwards, rewrites,
plus-addressing, addresses that we made for forwarded mail, and the catch-all; cuts
loops; ends at a depth limit; and gives every final account one delivery, however many
ways lead there (RFC 5321 §3.9).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from postwarden.model.accounts import AccountState
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.errors import Invalid, NotFound, Refused, Suspended
from postwarden.model.ledger import Event
from postwarden.model.rewrites import (
    EVERY_DOMAIN,
    TO_DOMAIN,
    Rewrite,
    RewriteKind,
    Source,
)
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import patterns, srs

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
    Up to `inline` destinations are delivered before the mail is acknowledged. `srs` is
    the secret of the reverse paths of forwarded mail.
    """

    host: str
    postmaster: Address | None = None
    max_depth: int = 20
    inline: int = 100
    srs: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """An address whose mail goes to `targets` instead; `entry` is what it is besides.

    With `keeps` it leads to itself too.
    """

    address: Address
    targets: tuple[Address, ...]
    entry: Entry | None = None
    keeps: bool = False

    @property
    def keeping(self) -> Entry | None:
        """The account that gets a copy as well."""
        is_account = self.entry is not None and self.entry.account is not None
        return self.entry if self.keeps and is_account else None


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
) -> Entry | Rewritten | Address | None:
    """Return what takes mail for `address`.

    An Entry of the directory; where it is Rewritten to; the Address of a catch-all, of
    the account that gets the domain's postmaster mail, or of who a bounce of forwarded
    mail is for; `address` itself when it is not ours, or a postmaster that nobody was
    named for; None when nobody is there. Raises Refused in a rewrite's own words.
    """
    domain = local_domain(uow, address.domain)
    if domain is None:
        ours = is_postmaster(address) and address.domain == rules.host
        return (rules.postmaster if ours else None) or address
    home = Address(address.local_part, domain.name)
    entry = entry_at(uow, home, domain.delimiter)
    rewritten = _rewritten(uow, home, entry)
    if rewritten is not None or entry is not None:
        return rewritten or entry
    if is_postmaster(home):
        return domain.postmaster or domain.catch_all or rules.postmaster or address
    return _returned(rules, home, uow.now) or domain.catch_all


def entry_at(uow: UnitOfWork, home: Address, delimiter: str) -> Entry | None:
    """Return what an address of a hosted domain is, with a detail or without."""
    entry = uow.directory.find(home)
    if entry is None and delimiter:
        user, found, _ = home.local_part.partition(delimiter)
        if found and user:
            entry = uow.directory.find(Address(user, home.domain))
    return entry


def _rewritten(uow: UnitOfWork, home: Address, entry: Entry | None) -> Rewritten | None:
    """Return where an address is rewritten to; None when it is not.

    What leads away from the address itself counts, or else what leads away from its
    domain, or else from every domain. Raises Refused.
    """
    own = {home.key} if entry is None else {home.key, entry.address.key}
    of_domain = Source("", home.domain).key
    known = uow.rewrites.of([*own, of_domain, Source("", EVERY_DOMAIN).key])
    if not known:
        return None
    wanted = [each for each in known if each.source.key in own]
    if not wanted and not (entry is not None and entry.targets):
        wanted = [each for each in known if each.source.key == of_domain] or known
    targets: list[Address] = []
    keeps = False
    for each in wanted:
        target = _target(each, home)
        if target is not None and target.key in own:
            keeps = True
        elif target is not None:
            targets.append(target)
    if not targets and not keeps:
        return None
    if entry is not None:
        targets += entry.targets
        keeps = keeps or entry.keep_copy
    return Rewritten(address=home, targets=tuple(targets), entry=entry, keeps=keeps)


def _target(rewrite: Rewrite, address: Address) -> Address | None:
    """Return where a rewrite leads an address; raises Refused."""
    if isinstance(rewrite.target, Address):
        return rewrite.target
    if rewrite.kind in TO_DOMAIN:
        return Address(address.local_part, rewrite.target)
    if rewrite.kind is RewriteKind.ERROR:
        raise Refused(rewrite.target)
    try:
        return patterns.rewritten(rewrite.target, address)
    except Invalid:  # what the template makes of it is no address
        return None


def _returned(rules: Rules, address: Address, now: datetime) -> Address | None:
    """Return who a bounce of forwarded mail is for, if it is one."""
    if rules.srs is None or not srs.is_made(address):
        return None
    try:
        return srs.returned(rules.srs, address, now)
    except Invalid:
        return None


def check(
    uow: UnitOfWork, rules: Rules, address: Address
) -> Entry | Rewritten | Address:
    """Return what takes mail for `address`, without expanding it.

    Raises NotFound when nobody is there, Suspended for a disabled one, Refused in a
    rewrite's own words.
    """
    found = entry_for(uow, rules, address)
    if found is None:
        raise NotFound("recipient", str(address))
    entry = found.entry if isinstance(found, Rewritten) else found
    if isinstance(entry, Entry):
        _check_enabled(uow, entry)
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
    passed: list[Local] = field(default_factory=list)
    loops: bool = False

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
        if self.loops and self.passed and not self._reaches_anybody():
            # In a circle of forwards the mail stays with the first that has a mailbox.
            self._step(
                Event.RESOLVE, self.passed[0].address, "kept: it leads in a circle"
            )
            self._local(self.passed[0])

    def _reaches_anybody(self) -> bool:
        found = self.resolution
        return self.recipient in found.leaving or bool(
            found.accounts_of.get(self.recipient)
        )

    def _one(self, address: Address, via: Address) -> list[tuple[Address, Address]]:
        try:
            found = check(self.uow, self.rules, address)
        except (NotFound, Refused) as error:
            self._step(Event.FAIL, address, str(error))
            return []
        if isinstance(found, Address):
            if found == address:
                self._foreign(Foreign(address=address, via=via))
                return []
            what = "returned to" if srs.is_made(address) else "catch-all"
            self._step(Event.RESOLVE, address, f"{what} {found}")
            return [(found, address)]
        if isinstance(found, Rewritten):
            return self._rewriting(found, via)
        return self._entry(found, address, via)

    def _rewriting(
        self, found: Rewritten, via: Address
    ) -> list[tuple[Address, Address]]:
        if found.address.key in self.seen:
            self.loops = True
            self._step(Event.DUPLICATEEXPAND, found.address, "visited before")
            return []
        self.seen.add(found.address.key)
        entry = found.entry
        if entry is not None and entry.account is not None:
            local = Local(account=entry.account, address=entry.address, via=via)
            self.passed.append(local)
            if found.keeping is not None:
                self._local(local)
        if found.targets:
            event = Event.EXPAND if len(found.targets) > 1 else Event.RESOLVE
            self._step(event, found.address, _named(found.targets))
        return [(target, found.address) for target in found.targets]

    def _entry(
        self, entry: Entry, address: Address, via: Address
    ) -> list[tuple[Address, Address]]:
        if entry.address.key in self.seen:
            self.loops = True
            if entry.kind is not EntryKind.ACCOUNT:
                self._step(Event.DUPLICATEEXPAND, entry.address, "visited before")
            return []
        self.seen.add(entry.address.key)
        if entry.account is not None:
            local = Local(account=entry.account, address=entry.address, via=via)
            self.passed.append(local)
            if entry.keep_copy or not entry.targets:
                if address.key != entry.address.key:
                    self._step(Event.RESOLVE, address, f"account {entry.address}")
                self._local(local)
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
