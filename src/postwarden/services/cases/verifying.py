"""Verifying that nothing is left: the search is made again, everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.cases import DEFAULT_CLASSES, MatchClass, Outcome, Plan
from postwarden.model.errors import NotFound, Refused
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, leaves, parse
from postwarden.model.queries.terms import MessageId
from postwarden.services import access, finding
from postwarden.services.cases import gathering, reach
from postwarden.services.cases.acting import DESTINATIONS, STATES
from postwarden.services.cases.outcomes import ACTED
from postwarden.services.ports import CopyFacts, References, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoverable:
    """Who could bring back what a plan has acted on: its owner, we, or nobody."""

    by_user: int = 0
    by_administrator: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Copies that a plan's classes still have; nothing should be left.

    Live copies, but hidden ones where a plan was to bring them back, and all where
    it was to destroy them.
    """

    copies: Sequence[int]
    class_of: Mapping[int, MatchClass]
    recoverable: Recoverable


def verify(uow: UnitOfWork, actor: Actor, case_id: int) -> Residual:
    """Search again, everywhere, later arrivals included.

    Copies that a move put where they are now do not count, nor do those that the
    plan was told to leave alone.
    """
    access.require(actor, Permission.CASE_READ)
    case = reach.case(uow, actor, case_id)
    if case.plan is None:
        raise Refused(f"case {case_id} has no plan to verify")
    plan = uow.cases.plan(case.plan)
    searcher = reach.searcher(actor, case)
    query = parse(case.query, now=case.opened_at)
    recoverable = _recoverable(uow, plan)
    try:
        query, similar = gathering.prepared(uow, searcher, query)
    except NotFound:
        if not recoverable.gone:
            raise
        return Residual(copies=(), class_of={}, recoverable=recoverable)
    widened = bool(set(plan.classes) - DEFAULT_CLASSES)
    gathered = gathering.gather(
        uow,
        query,
        similar,
        relatives=widened,
        states=STATES.get(plan.action),
        # What was removed is not found any more, so the plan itself says it.
        known=references(uow, plan) if widened or _names_ids(query) else None,
    )
    left = gathered.chosen(plan.classes)
    if plan.excluded or plan.exclude:
        left = _without_excluded(uow, plan, left)
    if plan.action in DESTINATIONS:
        left = _outside(uow, left, DESTINATIONS[plan.action])
    return Residual(copies=left, class_of=gathered.class_of(), recoverable=recoverable)


def _recoverable(uow: UnitOfWork, plan: Plan) -> Recoverable:
    by_user = hidden = gone = after = 0
    while found := uow.cases.items(plan.id, after=after, limit=1000, outcomes=ACTED):
        after = found[-1].item
        items = [item for item in found if item.remote is None]
        hidden += len(found) - len(items)  # what lies aside on other systems
        copies = uow.copies.many([item.copy for item in items])
        live = sum(copy.state is CopyState.LIVE for copy in copies.values())
        by_user += live
        hidden += len(copies) - live
        gone += len(items) - len(copies)
    return Recoverable(by_user=by_user, by_administrator=hidden, gone=gone)


def residual_facts(uow: UnitOfWork, copies: Sequence[int]) -> list[CopyFacts]:
    return uow.copies.facts(copies)


def _names_ids(query: Query) -> bool:
    return any(isinstance(leaf, MessageId) for leaf in leaves(query))


def references(uow: UnitOfWork, plan: Plan) -> References:
    """Return what the plan was about, but for items that were only like it."""
    messages: dict[bytes, Message] = {}
    after = 0
    while items := uow.cases.items(plan.id, after=after, limit=1000):
        after = items[-1].item
        new = {i.sha256 for i in items if i.match_class in DEFAULT_CLASSES}
        for sha256 in new - messages.keys():
            if (message := uow.messages.find(sha256)) is not None:
                messages[sha256] = message
    return finding.references_to(messages.values())


def _without_excluded(
    uow: UnitOfWork, plan: Plan, copies: Sequence[int]
) -> Sequence[int]:
    """Leave out the plan's excluded items, and all of accounts that it excludes."""
    excluded: set[int] = set()
    after = 0
    while items := uow.cases.items(
        plan.id, after=after, limit=1000, outcomes=[Outcome.EXCLUDED]
    ):
        after = items[-1].item
        excluded.update(item.copy for item in items)
    left = [copy for copy in copies if copy not in excluded]
    if not plan.exclude:
        return left
    return [
        facts.id
        for start in range(0, len(left), 1000)
        for facts in uow.copies.facts(left[start : start + 1000])
        if not {facts.address, f"@{facts.address.rpartition('@')[2]}"}
        & set(plan.exclude)
    ]


def _outside(uow: UnitOfWork, copies: Sequence[int], mailbox: str) -> list[int]:
    return [each.id for each in uow.copies.facts(copies) if each.mailbox != mailbox]
