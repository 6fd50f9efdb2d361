"""Previewing: a frozen plan, written in chunks and then sealed by its hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import (
    DEFAULT_CLASSES,
    Action,
    Case,
    CaseState,
    ClassCount,
    MatchClass,
    OwnerNotice,
    Plan,
    PlanItem,
)
from postwarden.model.errors import (
    Invalid,
    LimitExceeded,
    Refused,
    Stale,
    Unavailable,
)
from postwarden.model.messages import NewMessage
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope, check_scope, parse
from postwarden.services import access, audit, finding
from postwarden.services.cases import crowding, gathering, notifying, reach, traced
from postwarden.services.cases.acting import STATES
from postwarden.services.cases.drafting import Draft
from postwarden.services.cases.elsewhere import looking
from postwarden.services.cases.elsewhere.copies import Outside
from postwarden.services.cases.elsewhere.looking import Sight
from postwarden.services.cases.excluding import Exclusions, exclusions
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.ports.mail import SimilarSets
from postwarden.services.systems import registry, searching
from postwarden.services.systems.registry import Where
from postwarden.services.systems.searching import Asked

CHUNK = 1000  # items per transaction
_EDITABLE = {
    CaseState.OPEN,
    CaseState.PREVIEWED,
    CaseState.APPROVED,
    CaseState.STOPPED,
    CaseState.DONE,
    CaseState.UNDONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a plan shall do: an action, to which classes, and to which copies not.

    `exclude` has addresses and `@domain`s, `exclude_items` numbers of the case's
    newest plan. `systems` are names of where to look, our own store without any.
    """

    action: Action = Action.CONTAIN
    include: frozenset[MatchClass] = frozenset()
    exclude: tuple[str, ...] = ()
    exclude_items: tuple[int, ...] = ()
    include_sent: bool = False
    notice: OwnerNotice = OwnerNotice.SILENT
    systems: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[MatchClass, ...]:
        return tuple(sorted(DEFAULT_CLASSES | self.include))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Where a preview looks, and what it asks of systems elsewhere."""

    where: Where
    what: Asked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a plan will list: copies `chosen` here, and `elsewhere` system by system."""

    searcher: Actor
    chosen: Sequence[int]
    class_of: Mapping[int, MatchClass]
    elsewhere: Sequence[looking.Classified]
    exclusions: Exclusions
    counts: tuple[ClassCount, ...]
    related: int
    warnings: tuple[str, ...]

    @property
    def copies(self) -> int:
        return len(self.chosen) + sum(map(len, self.elsewhere))


async def preview(
    store: Store,
    actor: Actor,
    case_id: int,
    rules: CaseRules,
    wanted: Wanted,
    *,
    outside: Outside | None = None,
) -> Plan:
    """Freeze a new plan for a case and return it.

    An older plan and its approval are void from then on. A system that cannot be
    looked into is named in the plan and stops no other; what is found on one is kept
    here from now on, as evidence. Raises Refused while the case runs or when the plan
    would take too much of one mailbox, LimitExceeded when it would be too large,
    Invalid for an action that other systems do not know.
    """
    plan = await draft(store, actor, case_id, rules, wanted, outside=outside)
    return await store.transact(finish, actor, plan)


async def draft(
    store: Store,
    actor: Actor,
    case_id: int,
    rules: CaseRules,
    wanted: Wanted,
    *,
    keep: bool = True,
    outside: Outside | None = None,
) -> Plan:
    """Return a plan as `preview` makes it, for `finish` to put in force.

    Without `keep` nothing of it is written, as for who rehearses.
    """
    asked = await store.read(_ask, actor, case_id, wanted)
    sights = await _look_elsewhere(asked, rules, outside, keep=keep)
    seen = await store.read(
        _look, actor, case_id, wanted, where=asked.where, sights=sights
    )
    if seen.copies > rules.max_copies:
        raise LimitExceeded("copies of one plan", rules.max_copies)
    run = store.transact if keep else store.read
    plan = await run(_begin, actor, case_id, wanted, keep=keep)
    drafted = Draft(plan, seen.exclusions)
    for start in range(0, len(seen.chosen), CHUNK):
        facts = await store.read(finding.facts, seen.chosen[start : start + CHUNK])
        items = drafted.add(facts, seen.class_of)
        if keep:
            await store.transact(_add_items, plan.id, items)
    if sights and asked.where.is_local:
        drafted.end_local()
    for sight, found in zip(sights, seen.elsewhere, strict=True):
        for start in range(0, len(found), CHUNK):
            some = found[start : start + CHUNK]
            items = drafted.add_remote(sight.system.name, some)
            if keep:
                messages = [each.message for each, _ in some]
                await store.transact(_add_kept, plan.id, items, messages)
        drafted.end_remote(sight)
    contents = drafted.contents
    if len(contents.accounts) > rules.max_accounts:
        raise LimitExceeded("accounts of one plan", rules.max_accounts)
    crowded = await store.read(crowding.shares, contents.crowded(), rules)
    compared = await traced.compare(
        store,
        seen.searcher,
        list(contents.messages),
        drafted.addresses,
        message_ids=contents.message_ids,
    )
    return replace(
        drafted.finished(),
        related=seen.related,
        counts=seen.counts,
        traced=compared,
        warnings=(*seen.warnings, *contents.warnings(), *crowded),
    )


def _ask(uow: UnitOfWork, actor: Actor, case_id: int, wanted: Wanted) -> _Asked:
    access.require(actor, Permission.CASE_OPEN)
    if wanted.action is Action.SHRED:
        access.require(actor, Permission.CASE_SHRED)
    if (
        wanted.notice is not OwnerNotice.SILENT
        and wanted.action not in notifying.ACTIONS
    ):
        raise Invalid(
            f"{wanted.action} leaves nothing to give notice of", field="notice"
        )
    case = _previewable(uow, actor, case_id)
    searcher = reach.searcher(actor, case)
    where = registry.named(uow, searcher, wanted.systems)
    if not where.systems:
        return _Asked(where=where, what=None)
    if wanted.action is not Action.CONTAIN:
        raise Invalid("other systems contain only: leave --system out", field="action")
    if wanted.notice is not OwnerNotice.SILENT:
        raise Invalid("owners on other systems are not told", field="notice")
    query, similar = _query(uow, searcher, case)
    return _Asked(where=where, what=searching.asked_of(uow, query, similar))


async def _look_elsewhere(
    asked: _Asked, rules: CaseRules, outside: Outside | None, *, keep: bool
) -> list[Sight]:
    if asked.what is None:
        return []
    if outside is None:
        raise Unavailable("other systems cannot be reached from here")
    systems, most = asked.where.systems, rules.max_copies
    return await looking.look(outside, systems, asked.what, most=most, keeps=keep)


def _query(uow: UnitOfWork, searcher: Actor, case: Case) -> tuple[Query, SimilarSets]:
    query = parse(case.query, now=case.opened_at)
    check_scope(query, Scope.CASE)
    return gathering.prepared(uow, searcher, query)


def _look(
    uow: UnitOfWork,
    actor: Actor,
    case_id: int,
    wanted: Wanted,
    *,
    where: Where,
    sights: Sequence[Sight],
) -> _Seen:
    case = _previewable(uow, actor, case_id)
    searcher = reach.searcher(actor, case)
    query, similar = _query(uow, searcher, case)
    gathered = gathering.gather(
        uow,
        query,
        similar,
        relatives=True,
        states=STATES.get(wanted.action),
        elsewhere=looking.carriers(sights, query),
    )
    if not where.is_local:
        gathered = replace(gathered, copies={})
    classified = looking.classified(sights, query, gathered.forked)
    counts = gathering.class_counts(uow, gathered, wanted.classes)
    return _Seen(
        searcher=searcher,
        chosen=gathered.chosen(wanted.classes),
        class_of=gathered.class_of(),
        elsewhere=[
            [each for each in found if each[1] in wanted.classes]
            for found in classified
        ],
        exclusions=exclusions(
            uow,
            searcher,
            case.plan,
            wanted.exclude,
            wanted.exclude_items,
            include_sent=wanted.include_sent,
            elsewhere=bool(sights),
        ),
        counts=looking.counted(counts, classified, wanted.classes),
        # Who refers to it may be anywhere, so a case of some domains is not told.
        related=gathered.related if searcher.domains is None else 0,
        warnings=gathered.warnings,
    )


def _previewable(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    case = reach.case(uow, actor, case_id)
    if case.state not in _EDITABLE:
        raise Refused(f"case {case_id} is {case.state}")
    return case


def _begin(
    uow: UnitOfWork, actor: Actor, case_id: int, wanted: Wanted, *, keep: bool
) -> Plan:
    case = _previewable(uow, actor, case_id)
    plan = Plan(
        case=case_id,
        query=case.query,
        action=wanted.action,
        classes=wanted.classes,
        created_at=uow.now,
        created_by=actor.name,
        exclude=wanted.exclude,
        notice=wanted.notice,
    )
    return uow.cases.add_plan(plan) if keep else plan


def _add_items(uow: UnitOfWork, plan: int, items: Sequence[PlanItem]) -> None:
    uow.cases.add_items(plan, items)


def _add_kept(
    uow: UnitOfWork,
    plan: int,
    items: Sequence[PlanItem],
    messages: Sequence[NewMessage],
) -> None:
    """Add items of another system, and their mail, which no copy of ours has."""
    new = {each.sha256: each for each in messages}
    known = [uow.messages.add(each).id for each in new.values()]
    uow.disposal.offer(known, uow.now)  # it goes when no case needs it any more
    uow.cases.add_items(plan, items)


def finish(uow: UnitOfWork, actor: Actor, plan: Plan) -> Plan:
    """Put a plan in force; raises Stale for a case that was edited meanwhile."""
    access.require(actor, Permission.CASE_OPEN)
    if not plan.id:  # it was not kept
        plan = uow.cases.add_plan(plan)
    case = _previewable(uow, actor, plan.case)
    if case.query != plan.query:
        raise Stale(f"case {case.id} was edited meanwhile: preview it again")
    uow.cases.replace_plan(plan)
    uow.cases.replace(replace(case, state=CaseState.PREVIEWED, plan=plan.id))
    audit.record(
        uow,
        actor,
        "case.preview",
        f"case {case.id}",
        after={
            "plan": plan.sha256.hex() if plan.sha256 else None,
            "action": plan.action.value,
            "copies": plan.copies,
            "excluded": plan.excluded,
        },
        domains=case.domains,
    )
    return plan
