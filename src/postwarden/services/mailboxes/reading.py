"""What lies in the mailboxes of an account, as its owner sees it.

What a case contains and what holds mark is nothing that an owner sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.mailboxes import CopyState, Mailbox, Order
from postwarden.model.queries import (
    Is,
    Query,
    Scope,
    Similar,
    Trait,
    check_scope,
    leaves,
)
from postwarden.services import access, accounts
from postwarden.services.ports import CopyFacts, MessageDetails, UnitOfWork

MAX_PAGE = 1000  # copies
BY_UID = Order()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of copies, and how many there are of all pages."""

    copies: Sequence[CopyFacts]
    total: int


def mailboxes(uow: UnitOfWork, actor: Actor, account: int | None) -> list[Mailbox]:
    """Return the mailboxes of the own account, INBOX first; raises NotFound."""
    return accounts.mailboxes_of(uow, access.mailbox_owner(uow, actor, account))


def mailbox(uow: UnitOfWork, actor: Actor, number: int) -> Mailbox:
    """Return one of the own mailboxes; raises NotFound."""
    return access.own_mailbox(uow, actor, number)


def found(
    uow: UnitOfWork, actor: Actor, account: int | None, name: str
) -> Mailbox | None:
    """Return the own mailbox of that very name, None without one."""
    owner = access.mailbox_owner(uow, actor, account)
    return uow.mailboxes.find(owner.id, name)


def listing(
    uow: UnitOfWork,
    actor: Actor,
    number: int,
    *,
    order: Order = BY_UID,
    offset: int = 0,
    limit: int,
) -> Listing:
    """Return a page of a mailbox; raises NotFound, Invalid for too long a page."""
    home = access.own_mailbox(uow, actor, number)
    _check_page(offset, limit)
    page = uow.copies.listed(home.id, order, offset=offset, limit=limit)
    return Listing(copies=_facts(uow, page), total=home.messages)


def matching(
    uow: UnitOfWork, actor: Actor, query: Query, *, mailboxes: Sequence[int]
) -> Sequence[int]:
    """Return the copies in some own mailboxes that match, by ascending ids.

    A service that looks for words must be run as a read. Raises NotFound for a
    mailbox of another, Invalid for what means nothing to an owner.
    """
    access.mailbox_owner(uow, actor, actor.account)
    _check_owners(query)
    known = uow.mailboxes.many(set(mailboxes))
    for number in mailboxes:
        if number not in known or known[number].account != actor.account:
            raise NotFound("mailbox", str(number))
    return uow.copies.matching(mailboxes, query, similar={})


def arranged(
    uow: UnitOfWork,
    actor: Actor,
    copies: Sequence[int],
    *,
    order: Order = BY_UID,
    offset: int = 0,
    limit: int,
) -> Listing:
    """Return a page of what `matching` found; raises NotFound, Invalid."""
    access.mailbox_owner(uow, actor, actor.account)
    _check_page(offset, limit)
    page = uow.copies.arranged(copies, order, offset=offset, limit=limit)
    return Listing(copies=_own(_facts(uow, page), actor), total=len(copies))


def copies(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int]
) -> dict[int, CopyFacts]:
    """Return own copies by their ids; unknown ones and those of others are absent."""
    access.mailbox_owner(uow, actor, actor.account)
    return {each.id: each for each in _own(_facts(uow, numbers), actor)}


def details(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int]
) -> dict[int, MessageDetails]:
    """Return header and attachments of own copies, by copy, as `copies` does."""
    own = copies(uow, actor, numbers)
    known = uow.messages.details({each.message for each in own.values()})
    return {
        number: known[each.message]
        for number, each in own.items()
        if each.message in known
    }


def _facts(uow: UnitOfWork, numbers: Sequence[int]) -> list[CopyFacts]:
    return [replace(each, hold=()) for each in uow.copies.facts(numbers)]


def _own(facts: Sequence[CopyFacts], actor: Actor) -> list[CopyFacts]:
    return [
        each
        for each in facts
        if each.account == actor.account and each.state is CopyState.LIVE
    ]


def _check_page(offset: int, limit: int) -> None:
    if offset < 0:
        raise Invalid("a page begins at 0 or later", field="offset")
    if not 0 <= limit <= MAX_PAGE:
        raise Invalid(f"a page has up to {MAX_PAGE} copies", field="limit")


def _check_owners(query: Query) -> None:
    check_scope(query, Scope.FIND)
    for leaf in leaves(query):
        if isinstance(leaf, Similar) or leaf == Is(Trait.HELD):
            raise Invalid("this means nothing to an owner of mail", field="query")
