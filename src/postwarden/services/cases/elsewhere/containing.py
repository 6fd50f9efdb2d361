"""Containing what a plan has on another system: write the order down, give it, settle.

Its mail is kept here since the preview, as evidence and so that undo has it. An order
without an answer is never taken for done, nor given again unasked.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from postwarden.model.cases import CaseState, Outcome, Plan, PlanItem
from postwarden.model.errors import NotFound
from postwarden.model.ledger import Event
from postwarden.services.cases import chunks
from postwarden.services.cases.elsewhere.copies import (
    answered,
    copy_of,
    moved,
    place_of,
    running_plan,
)
from postwarden.services.cases.elsewhere.telling import record
from postwarden.services.ingest import new_message
from postwarden.services.ports import MailSystem, Store, UnitOfWork
from postwarden.services.ports.cases import RemoteClaim
from postwarden.services.ports.systems import Location, Place, RemoteOutcome

BATCH = 25  # copies of one order
_GONE = "no longer where it lay"
PASSES = 3  # over items whose orders did not come through

Step = Callable[[], Awaitable[None]]
"""Called between orders; raises when the work shall end."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An item whose mail was read: still pending, or not to be touched."""

    item: PlanItem
    outcome: Outcome = Outcome.PENDING
    reason: str | None = None


async def contain(
    store: Store,
    way: MailSystem,
    case_id: int,
    *,
    system: str,
    step: Step,
    limit: int = BATCH,
) -> None:
    """Contain the pending items of a case on one system, unless the run is stopped.

    Raises Unreached when the system cannot be reached; what was ordered and not
    answered is then settled by whoever comes next.
    """
    plan = (await store.read(running_plan, case_id)).id
    for _ in range(PASSES):
        await _settle_orders(store, way, system, case_id)
        after = 0
        while items := await store.read(_pending, plan, system, after, limit):
            after = items[-1].item
            looked = [await _looked_at(way, item) for item in items]
            ordered = await store.transact(order, plan, system, looked)
            if ordered:
                outcomes = await answered(
                    way.contain([copy_of(item) for item in ordered])
                )
                await store.transact(settle, plan, ordered, outcomes)
            await step()
        if not after:
            return


def _goes_on(uow: UnitOfWork, plan: Plan) -> bool:
    """Whether it is still this plan that the case runs."""
    case = uow.cases.get(plan.case)
    return case.state is CaseState.RUNNING and case.plan == plan.id


def _pending(
    uow: UnitOfWork, plan_id: int, system: str, after: int, limit: int
) -> list[PlanItem]:
    if not _goes_on(uow, uow.cases.plan(plan_id)):
        return []
    return uow.cases.items(
        plan_id, after=after, limit=limit, outcomes=[Outcome.PENDING], system=system
    )


async def _looked_at(way: MailSystem, item: PlanItem) -> Looked:
    """Read an item's mail again, and say why it is not touched if it is not."""
    try:
        content = await answered(way.content(copy_of(item)))
    except NotFound:
        return Looked(item, Outcome.ALREADY_GONE, _GONE)
    if not _is_same(item, content):
        return Looked(item, Outcome.FAILED, "it is another mail than was planned")
    return Looked(item)


def _is_same(item: PlanItem, content: bytes) -> bool:
    """Whether a mail is the one that was planned.

    Octets may differ where a system makes them anew each time; the fingerprint tells.
    """
    sha256 = hashlib.sha256(content).digest()
    if sha256 == item.sha256:
        return True
    known = place_of(item).fingerprint
    return known is not None and known == new_message(sha256, content).fingerprint


def order(
    uow: UnitOfWork, plan_id: int, system: str, looked: Sequence[Looked]
) -> list[PlanItem]:
    """Write down what the system is about to be told; return those items.

    None when the run was stopped. What another case has in hand is left to it.
    """
    plan = uow.cases.plan(plan_id)
    if not _goes_on(uow, plan):
        return []
    looked = _untouched(uow, plan, system, looked)
    references = [place_of(each.item).reference for each in looked]
    claims = uow.cases.remote_claims(plan.id, system, references)
    ordered: list[PlanItem] = []
    judged: list[PlanItem] = []
    for each in looked:
        item, place = each.item, place_of(each.item)
        claim = claims.get(place.reference)
        if claim is not None:
            judged.append(_claimed(uow, item, claim))
        elif each.outcome is not Outcome.PENDING:
            judged.append(replace(item, outcome=each.outcome, reason=each.reason))
        elif not _is_kept(uow, item):
            failed = replace(item, outcome=Outcome.FAILED)
            judged.append(replace(failed, reason="no evidence of it is kept here"))
        else:
            asked = replace(place, is_asked=True)
            ordered.append(replace(item, remote=asked, reason=None))
    uow.cases.update_items(plan.id, ordered)
    chunks.record(uow, uow.cases.get(plan.case), plan, "case.order", ordered)
    _write(uow, plan, judged)
    return ordered


def _untouched(
    uow: UnitOfWork, plan: Plan, system: str, looked: Sequence[Looked]
) -> list[Looked]:
    """Leave out what another worker has taken over since it was looked at."""
    if not looked:
        return []
    first, last = looked[0].item.item, looked[-1].item.item
    pending = uow.cases.items(
        plan.id,
        after=first - 1,
        limit=last - first + 1,
        outcomes=[Outcome.PENDING],
        system=system,
    )
    now = {item.item: item for item in pending}
    return [each for each in looked if now.get(each.item.item) == each.item]


def _is_kept(uow: UnitOfWork, item: PlanItem) -> bool:
    message = uow.messages.find(item.sha256)
    return message is not None and not message.is_emptied


def _claimed(uow: UnitOfWork, item: PlanItem, claim: RemoteClaim) -> PlanItem:
    other = uow.cases.plan(claim.plan).case
    if claim.is_asked:
        return replace(item, reason=f"case {other} is acting on it")
    reason = f"case {other} has contained it"
    return replace(item, outcome=Outcome.ALREADY_GONE, reason=reason)


def settle(
    uow: UnitOfWork,
    plan_id: int,
    ordered: Sequence[PlanItem],
    outcomes: Sequence[RemoteOutcome],
) -> None:
    """Write down what became of an order; what has no answer stays ordered."""
    plan = uow.cases.plan(plan_id)
    judged = []
    for item, outcome in zip(ordered, outcomes, strict=True):
        if outcome.is_unknown:
            continue
        if outcome.reference is not None:
            judged.append(_contained(item, outcome.reference))
        elif outcome.reason is not None:
            failed = moved(item, Outcome.FAILED)
            judged.append(replace(failed, reason=outcome.reason))
        else:
            gone = moved(item, Outcome.ALREADY_GONE)
            judged.append(replace(gone, reason=_GONE))
    _write(uow, plan, judged)


def _contained(item: PlanItem, reference: str) -> PlanItem:
    done = moved(item, Outcome.REMOVED, reference)
    return replace(done, acted_mailbox=item.mailbox)


async def _settle_orders(
    store: Store, way: MailSystem, system: str, case_id: int
) -> None:
    """Ask where copies are whose order was not answered, and write it down.

    Of older plans of the case, too.
    """
    for plan in await store.read(_plans, case_id):
        after = 0
        while items := await store.read(_ordered, plan, system, after):
            after = items[-1].item
            copies = [copy_of(item) for item in items]
            located = await answered(way.locate(copies, towards=Place.ASIDE))
            await store.transact(settle_located, plan, items, located)


def _plans(uow: UnitOfWork, case_id: int) -> list[int]:
    return [plan.id for plan in uow.cases.plans_of(case_id)]


def _ordered(uow: UnitOfWork, plan: int, system: str, after: int) -> list[PlanItem]:
    return uow.cases.items(
        plan,
        after=after,
        limit=100,
        outcomes=[Outcome.PENDING],
        system=system,
        is_asked=True,
    )


def settle_located(
    uow: UnitOfWork,
    plan_id: int,
    asked: Sequence[PlanItem],
    located: Sequence[Location],
) -> None:
    """Write down where copies are that were ordered to be contained.

    What is where it lay is pending again; what is nowhere has failed, for nobody can
    say who took it.
    """
    plan = uow.cases.plan(plan_id)
    judged = []
    for item, location in zip(asked, located, strict=True):
        if location.place is Place.ASIDE and location.reference is not None:
            judged.append(_contained(item, location.reference))
        elif location.place is Place.HOME:
            judged.append(moved(item, Outcome.PENDING))
        else:
            failed = moved(item, Outcome.FAILED)
            reason = "its order was not answered, and it is in neither place"
            judged.append(replace(failed, reason=reason))
    _write(uow, plan, judged)


def _write(uow: UnitOfWork, plan: Plan, judged: Sequence[PlanItem]) -> None:
    uow.cases.update_items(plan.id, judged)
    decided = [item for item in judged if item.outcome is not Outcome.PENDING]
    chunks.record(uow, uow.cases.get(plan.case), plan, "case.act", decided)
    contained = [item for item in judged if item.outcome is Outcome.REMOVED]
    record(uow, plan.case, Event.CONTAIN, contained)
