"""Holds: made, placed on what is there and on what arrives, and released.

A hold is in force in the transaction that makes it: what arrives from then on is
marked as it is filed. What was there before is marked in chunks behind it, and until
that is done nothing at all is destroyed, since nobody knows yet what is free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import PlanItem
from postwarden.model.errors import (
    Invalid,
    LimitExceeded,
    NotFound,
    Refused,
    Unavailable,
)
from postwarden.model.holds import HeldAccount, HeldCopies, Hold, HoldState
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.permissions import Permission
from postwarden.model.queries import (
    AddressField,
    AddressMatch,
    Leaf,
    Node,
    Query,
    Scope,
    Similar,
    any_of,
    check_scope,
    format_query,
    leaves,
    parse,
    rewrite,
)
from postwarden.model.queries.trees import all_of
from postwarden.model.systems import LOCAL
from postwarden.model.tasks import Task
from postwarden.services import access, arrivals, audit, finding, message_ids, tasks
from postwarden.services.cases import reach
from postwarden.services.cases.outcomes import has_run
from postwarden.services.ledger import record_copies
from postwarden.services.limits import check_name
from postwarden.services.ports import UnitOfWork

PLACE = "hold.place"  # the task that marks what was there before
RELEASE = "hold.release"  # the task that takes marks off
CHUNK = 500  # copies per transaction
MAX_IN_FORCE = 1000  # every delivery asks all of them
MAX_REASON = 2000  # characters
_SOURCE = "hold"
_CASE_SCOPE = (
    "a hold cannot use the query of case {case} ({error}); "
    "give it a query of its own beside --case"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """What a hold is made from; one of `query`, `account` and `case` at least.

    `account` narrows the query to one account, `accounts` to several. With `case` the
    copies in the case's plans are held too; without a query it is the case's query.
    """

    query: Query | None = None
    account: Address | None = None
    accounts: tuple[Address, ...] = ()
    case: int | None = None
    name: str = ""
    reason: str


def create(uow: UnitOfWork, actor: Actor, new: NewHold) -> tuple[Hold, Task]:
    """Put a hold in force, and make a task of marking what is there already.

    Raises Invalid for a query that asks for what changes, NotFound for a message,
    an account or a case that is not there, Refused for a Message-ID of several
    contents, LimitExceeded.
    """
    access.require(actor, Permission.HOLD_CREATE)
    reason = _reason(new.reason)
    query = _known(uow, actor, _query(uow, actor, new))
    query = access.narrowed(actor, query, Scope.HOLD)
    if len(uow.holds.in_force()) >= MAX_IN_FORCE:
        raise LimitExceeded("holds in force", MAX_IN_FORCE)
    hold = uow.holds.add(
        Hold(
            name=check_name(new.name),
            query=_text(query),
            reason=reason,
            state=HoldState.PLACING,
            created_by=actor.name,
            created_at=uow.now,
            accounts=_accounts(uow, query),
            domains=None if actor.domains is None else tuple(sorted(actor.domains)),
            case=new.case,
        )
    )
    audit.record(
        uow,
        actor,
        "hold.create",
        _object(hold),
        after={"name": hold.name, "query": hold.query, "case": hold.case},
        reason=reason,
        domains=hold.domains,
    )
    return hold, _task(uow, actor, PLACE, hold)


def _task(uow: UnitOfWork, actor: Actor, name: str, hold: Hold) -> Task:
    domain = tasks.only(hold.domains)
    payload = {"hold": hold.id}
    return tasks.submit(uow, actor, name, str(hold.id), payload, domain=domain)


def _reason(text: str) -> str:
    if not text.strip() or len(text) > MAX_REASON:
        raise Invalid("a hold needs a reason of 1 to 2000 characters", field="reason")
    return text.strip()


def _query(uow: UnitOfWork, actor: Actor, new: NewHold) -> Query:
    parts: list[Node] = [] if new.query is None else [new.query.root]
    if new.query is not None:
        check_scope(new.query, Scope.HOLD)  # it names where in the text a term is
    named = new.accounts if new.account is None else (new.account, *new.accounts)
    for address in named:
        access.account(uow, actor, address)
    if named:
        parts.append(any_of([_account_leaf(each.key) for each in named]))
    if new.case is not None:
        access.require(actor, Permission.CASE_READ)
        case = reach.case(uow, actor, new.case)
        if new.query is None:
            parts.append(_query_of_case(case.id, parse(case.query, now=case.opened_at)))
    if not parts:
        raise Invalid("a hold needs a query, an account or a case", field="query")
    return Query(all_of(parts))


def _query_of_case(case: int, query: Query) -> Node:
    try:
        check_scope(query, Scope.HOLD)
    except Invalid as error:
        message = _CASE_SCOPE.format(case=case, error=error)
        raise Invalid(message, field="query") from error
    return query.root


def _known(uow: UnitOfWork, actor: Actor, query: Query) -> Query:
    """Return the query with messages named by SHA-256, which they never change.

    Raises NotFound for one that is not there, Refused for an id of several contents.
    """
    settled = message_ids.settled(uow, actor, query)
    for leaf in leaves(settled):
        if isinstance(leaf, Similar):
            message = uow.messages.find(bytes.fromhex(leaf.value))
            named = [] if message is None else [message]
            if not access.visible_messages(uow, actor, named):
                raise NotFound("message", leaf.value)
    return settled


def _text(query: Query) -> str:
    """Return the canonical text, which reads back as the same query."""
    text = format_query(query)
    if arrivals.query_of(text) != query:  # what is stored is what will be matched
        raise Invalid("this query cannot be kept; write it more simply", field="query")
    return text


def _accounts(uow: UnitOfWork, query: Query) -> tuple[tuple[str, tuple[int, ...]], ...]:
    keys = sorted({key for leaf in leaves(query) if (key := _whole_account(leaf))})
    known = uow.accounts.known_as(keys)
    return tuple((key, tuple(known[key])) for key in keys if key in known)


def _whole_account(leaf: Leaf) -> str | None:
    match leaf:
        case AddressMatch(AddressField.ACCOUNT, str(local_key), str(domain), False):
            return f"{domain}/{local_key}"
        case _:
            return None


def matching(uow: UnitOfWork, hold_id: int) -> Sequence[int]:
    """Return all copies that a hold's query finds now, in whatever state.

    Accounts are searched for by their addresses, then and now. Should somebody else
    have one of these by now, his copies are held too: rather too many than too few.
    """
    hold = uow.holds.get(hold_id)
    named = dict(hold.accounts)
    accounts = uow.accounts.many({n for ids in named.values() for n in ids})

    def as_now(leaf: Leaf) -> Node:
        key = _whole_account(leaf)
        if key not in named:
            return leaf
        keys = [accounts[n].address.key for n in named[key] if n in accounts]
        return any_of([leaf, *map(_account_leaf, keys)])

    query = rewrite(arrivals.query_of(hold.query), as_now)
    similar = finding.named_messages(uow, query)
    return uow.copies.search(query, states=tuple(CopyState), similar=similar)


def _account_leaf(key: str) -> Node:
    domain, _, local_key = key.partition("/")
    return AddressMatch(AddressField.ACCOUNT, local_key, domain)


def place(uow: UnitOfWork, hold_id: int, copies: Sequence[int]) -> int:
    """Mark copies that were there before the hold; return how many are new."""
    return len(_mark(uow, uow.holds.get(hold_id), copies))


def place_items(uow: UnitOfWork, hold_id: int, plan: int, after: int) -> int | None:
    """Mark the copies of the next items of a plan, in the domains of the hold.

    No hold of ours reaches what lies on other systems. Returns the last item there was;
    None ends the plan.
    """
    hold = uow.holds.get(hold_id)
    items = uow.cases.items(plan, after=after, limit=CHUNK, system=LOCAL)
    accounts = uow.accounts.many({item.account for item in items})
    _mark(
        uow,
        hold,
        [
            item.copy
            for item in items
            if hold.domains is None
            or (
                item.account in accounts
                and accounts[item.account].address.domain in hold.domains
            )
        ],
    )
    return items[-1].item if items else None


def plans(uow: UnitOfWork, hold_id: int) -> list[int]:
    """Return the plans whose copies a hold marks: the newest, and those that ran."""
    case_id = uow.holds.get(hold_id).case
    if case_id is None:
        return []
    newest = uow.cases.get(case_id).plan
    return [
        plan.id
        for plan in uow.cases.plans_of(case_id)
        if plan.id == newest or has_run(uow.cases.outcomes(plan.id))
    ]


def placed(uow: UnitOfWork, hold_id: int) -> Hold:
    """Say that all that was there before is marked."""
    hold = uow.holds.get(hold_id)
    if hold.state is HoldState.PLACING:
        hold = replace(hold, state=HoldState.ACTIVE)
        uow.holds.replace(hold)
    return hold


def mark_arrivals(uow: UnitOfWork, copies: Sequence[Copy]) -> None:
    """Mark new copies that a hold matches; one statement while there are none."""
    in_force = uow.holds.in_force()
    if not in_force or not copies:
        return
    found = arrivals.matching_each(uow, in_force, copies)
    for hold in in_force:
        _mark(uow, hold, found[hold.id])


def resume(uow: UnitOfWork) -> None:
    """Make tasks anew for holds whose placing or release was given up."""
    after = 0
    while batch := uow.holds.unfinished(after=after, limit=CHUNK):
        for hold in batch:
            name = PLACE if hold.state is HoldState.PLACING else RELEASE
            uow.tasks.add(
                name,
                str(hold.id),
                {"hold": hold.id},
                uow.now,
                domain=tasks.only(hold.domains),
            )
        after = batch[-1].id


def _mark(uow: UnitOfWork, hold: Hold, copies: Sequence[int]) -> list[int]:
    new = uow.holds.mark(hold.id, copies) if copies else []
    _record(uow, new, f"hold {hold.id} placed")
    return new


def _record(uow: UnitOfWork, copies: Sequence[int], detail: str) -> None:
    if not copies:
        return
    known = uow.copies.many(copies)
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in known.values()})

    def mailbox_of(copy: int) -> str | None:
        mailbox = mailboxes.get(known[copy].mailbox)
        return mailbox.name if mailbox else None

    record_copies(
        uow,
        Event.HOLD,
        list(known.values()),
        mailbox_of,
        source=_SOURCE,
        detail=detail,
    )


def release(
    uow: UnitOfWork, actor: Actor, hold_id: int, *, reason: str
) -> tuple[Hold, Task]:
    """Let go of what a hold marks; a task takes the marks off, chunk by chunk.

    A copy is free when its mark is off and no other hold has one on it. Raises
    NotFound, Invalid without a reason, Refused for a hold that is released already
    or still being placed.
    """
    access.require(actor, Permission.HOLD_RELEASE)
    hold = get(uow, actor, hold_id, permission=Permission.HOLD_RELEASE)
    text = _reason(reason)
    if hold.state is not HoldState.ACTIVE:
        raise Refused(f"hold {hold_id} is {hold.state}")
    released = replace(
        hold,
        state=HoldState.RELEASING,
        released_by=actor.name,
        released_at=uow.now,
        release_reason=text,
    )
    uow.holds.replace(released)
    audit.record(
        uow,
        actor,
        "hold.release",
        _object(hold),
        before={"state": hold.state.value},
        after={"state": HoldState.RELEASED.value},
        reason=text,
        domains=hold.domains,
    )
    return released, _task(uow, actor, RELEASE, hold)


def release_chunk(uow: UnitOfWork, hold_id: int, *, limit: int = CHUNK) -> int:
    """Take the next marks off; return how many there were. None ends the release."""
    copies = uow.holds.marked(hold_id, limit=limit)
    if copies:
        uow.holds.unmark(hold_id, copies)
        _record(uow, copies, f"hold {hold_id} released")
    else:
        hold = uow.holds.get(hold_id)
        uow.holds.replace(replace(hold, state=HoldState.RELEASED))
    return len(copies)


def get(
    uow: UnitOfWork,
    actor: Actor,
    hold_id: int,
    *,
    permission: Permission = Permission.HOLD_READ,
) -> Hold:
    """Return a hold; raises NotFound, also for one made where the actor is not."""
    access.require(actor, permission)
    hold = uow.holds.get(hold_id)
    if not _sees(actor, hold):
        raise NotFound("hold", str(hold_id))
    return hold


def named(uow: UnitOfWork, actor: Actor, name: str) -> Hold:
    """Return the newest hold in force of that very name; raises NotFound."""
    access.require(actor, Permission.HOLD_READ)
    found = [
        hold
        for hold in uow.holds.in_force()
        if hold.name == name and _sees(actor, hold)
    ]
    if not found:
        raise NotFound("hold", name)
    return found[-1]


def _sees(actor: Actor, hold: Hold) -> bool:
    if actor.domains is None:
        return True
    return hold.domains is not None and actor.domains.issuperset(hold.domains)


def page(uow: UnitOfWork, actor: Actor, *, after: int = 0, limit: int) -> list[Hold]:
    """Return the holds that an actor may see, oldest first, those behind `after`."""
    access.require(actor, Permission.HOLD_READ)
    found: list[Hold] = []
    while batch := uow.holds.page(after=after, limit=limit):
        found += [hold for hold in batch if _sees(actor, hold)]
        after = batch[-1].id
        if len(found) >= limit:
            break
    return found[:limit]


def extent(uow: UnitOfWork, actor: Actor, hold_id: int) -> tuple[Hold, HeldCopies]:
    """Return a hold and how much it marks."""
    access.require(actor, Permission.HOLD_READ)
    return get(uow, actor, hold_id), uow.holds.extent(hold_id)


def extent_by_account(
    uow: UnitOfWork, actor: Actor, hold_id: int, *, after: int = 0, limit: int
) -> list[HeldAccount]:
    """Return how much a hold marks of each account, those behind the id `after`."""
    access.require(actor, Permission.HOLD_READ)
    get(uow, actor, hold_id)
    return uow.holds.extent_by_account(hold_id, after=after, limit=limit)


def holds_of(uow: UnitOfWork, copies: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Return the holds that mark each copy, those of none left out."""
    return uow.holds.of(copies)


def require_known(uow: UnitOfWork) -> None:
    """Raise Unavailable while a hold is still looking for what it marks."""
    for hold in uow.holds.in_force():
        if hold.state is HoldState.PLACING:
            raise Unavailable(
                f"hold {hold.id} is still being placed: nothing is destroyed until "
                "all that it holds is known"
            )


def with_holds(uow: UnitOfWork, items: Iterable[PlanItem]) -> list[PlanItem]:
    """Return the items of a plan with the holds that mark their copies now."""
    given = list(items)
    held = holds_of(uow, [item.copy for item in given])
    return [replace(item, hold=held.get(item.copy, ())) for item in given]


def _object(hold: Hold) -> str:
    return f"hold {hold.id}"
