"""The demo's store: its directory, what its mail comes to, and its people at work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from postwarden.cli.demo.mail import Mail
from postwarden.cli.demo.people import Company, Person
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.mailboxes import Copy, Flag
from postwarden.model.queries import parse
from postwarden.services import accounts, domains, entries, finding, forwards, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import CopyFacts, UnitOfWork

SHELF = "Archive/2026"  # where some people file their mail


def settle(uow: UnitOfWork, actor: Actor, company: Company) -> None:
    """Create a company's domain, accounts and shared addresses."""
    domains.create(uow, actor, company.domain)
    new = [
        NewAccount(address=Address.parse(person.address), name=person.name)
        for person in company.people
    ]
    for error in accounts.create_many(uow, actor, new):
        if error is not None:
            raise error
    for name, person in company.aliases.items():
        _create(uow, actor, EntryKind.ALIAS, company.address(name), [person])
    for name, members in company.groups.items():
        _create(uow, actor, EntryKind.GROUP, company.address(name), members)
    for name, subscribers in company.lists.items():
        _create(uow, actor, EntryKind.LIST, company.address(name), subscribers)
    forwards.create(
        uow,
        actor,
        Address.parse(company.away.address),
        [Address.parse(company.deputy.address)],
        keep_copy=True,
    )


def _create(
    uow: UnitOfWork,
    actor: Actor,
    kind: EntryKind,
    address: str,
    people: Sequence[Person],
) -> None:
    targets = [Address.parse(person.address) for person in people]
    entries.create(uow, actor, kind, Address.parse(address), targets)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom mail for an address reaches; the demo's own idea of it."""

    companies: Sequence[Company]

    def copies(self, mails: Iterable[Mail]) -> int:
        """Return how many copies some mails must become."""
        return sum(
            len({a for path in mail.forward_paths for a in self._accounts(path)})
            for mail in mails
        )

    def _accounts(self, address: str) -> set[str]:
        local_part, _, domain = address.partition("@")
        company = next(each for each in self.companies if each.domain == domain)
        shared = {**company.groups, **company.lists}
        if local_part in company.aliases:
            reached = {company.aliases[local_part].address}
        elif local_part in shared:
            reached = {person.address for person in shared[local_part]}
        else:
            reached = {address}
        if company.away.address in reached:
            reached.add(company.deputy.address)
        return reached


def count_copies(uow: UnitOfWork) -> int:
    """Return how many copies lie in mailboxes."""
    return len(finding.find(uow, OPERATOR, parse("all", now=uow.now), {}))


def read_old_mail(uow: UnitOfWork, days: int) -> None:
    """Let people have read most of what is older than some days."""
    query = parse(f"older:{days}d is:unread", now=uow.now)
    old = finding.find(uow, OPERATOR, query, {})
    copies = uow.copies.many([copy for copy in old if copy % 5])
    _open(uow, list(copies.values()))


def copies_like(uow: UnitOfWork, message_id: str) -> list[CopyFacts]:
    """Return the live copies of a mail, and of those that `similar:` finds with it."""
    query = parse(f"similar:{message_id}", now=uow.now)
    similar = finding.resolve_similar(uow, OPERATOR, query, {})
    return finding.facts(uow, finding.find(uow, OPERATOR, query, similar))


def read_it(uow: UnitOfWork, message_id: str, people: Sequence[Person]) -> None:
    """Let people open their copies of a mail, as their mail programs would."""
    _open(uow, _copies_of(uow, message_id, people))


def file_it(uow: UnitOfWork, message_id: str, people: Sequence[Person]) -> None:
    """Let people move their copies of a mail to another mailbox."""
    copies = _copies_of(uow, message_id, people)
    placement.move(uow, [(copy, SHELF) for copy in copies])


def _open(uow: UnitOfWork, copies: Sequence[Copy]) -> None:
    placement.flag(
        uow, [(copy, copy.flags | Flag.SEEN, copy.keywords) for copy in copies]
    )


def _copies_of(
    uow: UnitOfWork, message_id: str, people: Sequence[Person]
) -> list[Copy]:
    addresses = {person.address for person in people}
    alike = copies_like(uow, message_id)
    ids = [facts.id for facts in alike if facts.address in addresses]
    return list(uow.copies.many(ids).values())
