"""What lies in the mailboxes of an account, as its owner sees it.

What a case contains and what holds mark is nothing that an owner sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.mailboxes import DiscardKind, Mailbox, Order
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
from postwarden.services.mailboxes.own import is_hidden, is_seen
from postwarden.services.ports import CopyFacts, MessageDetails, UnitOfWork
from postwarden.services.ports.mail import Left, Mark

MAX_PAGE = 1000  # copies
BY_UID = Order()
BEGINNING = Mark(modseq=0, uid=0)
LAST_UID = 2**63 - 1


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


def items(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int]
) -> dict[int, CopyFacts]:
    """Return own copies by the items that they are, as `copies` does."""
    access.mailbox_owner(uow, actor, actor.account)
    current = uow.copies.of_items(list(dict.fromkeys(numbers)))
    found = {each.id: each for each in _own(_facts(uow, [*current.values()]), actor)}
    return {item: found[copy] for item, copy in current.items() if copy in found}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What happened in a mailbox behind a mark; with `up_to` one asks on."""

    changed: Sequence[CopyFacts]
    left: Sequence[Left]
    up_to: Mark
    is_last: bool


def changes(
    uow: UnitOfWork, actor: Actor, number: int, *, since: Mark = BEGINNING, limit: int
) -> Changes:
    """Return what was filed, changed or left in a mailbox since a mark.

    At most `limit` things, the earliest first (RFC 7162). Raises NotFound, Invalid.
    """
    home = access.own_mailbox(uow, actor, number)
    _check_page(0, limit)
    ids = uow.copies.changed(home.id, since, limit + 1)
    changed = {Mark(modseq=c.modseq, uid=c.uid): c for c in _facts(uow, ids)}
    left = {
        Mark(modseq=each.modseq, uid=each.uid): each
        for each in uow.mailboxes.left(home.id, since, limit + 1)
    }
    marks = sorted({*changed, *left})
    page = marks[:limit]
    is_last = len(page) == len(marks)
    end = max(end_of(home), Mark(modseq=since.modseq, uid=LAST_UID))
    return Changes(
        changed=[changed[mark] for mark in page if mark in changed],
        left=[left[mark] for mark in page if mark in left],
        up_to=end if is_last else page[-1] if page else since,
        is_last=is_last,
    )


def end_of(mailbox: Mailbox) -> Mark:
    """Return the mark behind everything that happened in a mailbox until now."""
    return Mark(modseq=mailbox.highest_modseq, uid=LAST_UID)


def discarded(
    uow: UnitOfWork,
    actor: Actor,
    account: int | None,
    *,
    kind: DiscardKind = DiscardKind.DELETED,
    from_mailbox: int | None = None,
    offset: int = 0,
    limit: int,
) -> Listing:
    """Return a page of what the owner threw away, the newest first.

    What was purged or replaced does not exist for the owner. Raises NotFound, Invalid.
    """
    owner = access.mailbox_owner(uow, actor, account)
    _check_page(offset, limit)
    if is_hidden(actor, kind):
        return Listing(copies=(), total=0)
    ids = uow.copies.discarded(
        owner.id, kind, mailbox=from_mailbox, offset=offset, limit=limit
    )
    total = uow.copies.count_discarded(owner.id, kind, mailbox=from_mailbox)
    return Listing(copies=_facts(uow, ids), total=total)


def _facts(uow: UnitOfWork, numbers: Sequence[int]) -> list[CopyFacts]:
    return [replace(each, hold=()) for each in uow.copies.facts(numbers)]


def _own(facts: Sequence[CopyFacts], actor: Actor) -> list[CopyFacts]:
    return [each for each in facts if is_seen(actor, each)]


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
