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
    Outcome,
    OwnerNotice,
    Plan,
    PlanItem,
)
from postwarden.model.errors import Invalid, LimitExceeded, Refused, Stale
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope, check_scope, parse
from postwarden.services import access, audit, finding
from postwarden.services.cases import gathering, notifying, reach, traced
from postwarden.services.cases.acting import STATES
from postwarden.services.cases.contents import Contents
from postwarden.services.cases.excluding import Exclusions, exclusions
from postwarden.services.cases.gathering import Gathered
from postwarden.services.cases.plan_hash import PlanHash
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import CopyFacts, Store, UnitOfWork

CHUNK = 1000  # items per transaction
_MOST = 50  # percent of a mailbox that is more than most plans take
_WARNED = 10  # mailboxes that a plan warns of by name
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
    newest plan.
    """

    action: Action = Action.CONTAIN
    include: frozenset[MatchClass] = frozenset()
    exclude: tuple[str, ...] = ()
    exclude_items: tuple[int, ...] = ()
    include_sent: bool = False
    notice: OwnerNotice = OwnerNotice.SILENT

    @property
    def classes(self) -> tuple[MatchClass, ...]:
        return tuple(sorted(DEFAULT_CLASSES | self.include))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    searcher: Actor
    gathered: Gathered
    counts: tuple[ClassCount, ...]
    exclusions: Exclusions


async def preview(
    store: Store, actor: Actor, case_id: int, rules: CaseRules, wanted: Wanted
) -> Plan:
    """Freeze a new plan for a case and return it.

    An older plan and its approval are void from then on. Raises Refused while
    the case runs or when the plan would take too much of one mailbox,
    LimitExceeded when it would be too large.
    """
    plan = await draft(store, actor, case_id, rules, wanted)
    return await store.transact(finish, actor, plan)


async def draft(
    store: Store,
    actor: Actor,
    case_id: int,
    rules: CaseRules,
    wanted: Wanted,
    *,
    keep: bool = True,
) -> Plan:
    """Return a plan as `preview` makes it, for `finish` to put in force.

    Without `keep` nothing of it is written, as for who rehearses.
    """
    seen = await store.read(_look, actor, case_id, rules, wanted)
    chosen = seen.gathered.chosen(wanted.classes)
    if len(chosen) > rules.max_copies:
        raise LimitExceeded("copies of one plan", rules.max_copies)
    run = store.transact if keep else store.read
    plan = await run(_begin, actor, case_id, wanted, keep=keep)
    class_of = seen.gathered.class_of()
    seal, contents, excluded = PlanHash(plan), Contents(), 0
    found: set[str] = set()
    for start in range(0, len(chosen), CHUNK):
        facts = await store.read(finding.facts, chosen[start : start + CHUNK])
        items = _items(facts, class_of, seen.exclusions, first=seal.items + 1)
        if keep:
            await store.transact(_add_items, plan.id, items)
        seal.add(items)
        taken = [
            each
            for each, item in zip(facts, items, strict=True)
            if item.outcome is Outcome.PENDING
        ]
        contents.add(taken)
        found.update(item.address for item in items)
        excluded += len(items) - len(taken)
    if len(contents.accounts) > rules.max_accounts:
        raise LimitExceeded("accounts of one plan", rules.max_accounts)
    crowded = await store.read(_shares, contents.crowded(), rules)
    messages = list(contents.messages.values())
    compared = await traced.compare(store, seen.searcher, messages, found)
    return replace(
        plan,
        sha256=seal.digest(),
        copies=seal.items - excluded,
        excluded=excluded,
        messages=len(contents.messages),
        accounts=len(contents.accounts),
        # Who refers to it may be anywhere, so a case of some domains is not told.
        related=seen.gathered.related if seen.searcher.domains is None else 0,
        counts=seen.counts,
        clusters=contents.clusters(),
        traced=compared,
        warnings=(*seen.gathered.warnings, *contents.warnings(), *crowded),
    )


def _look(
    uow: UnitOfWork, actor: Actor, case_id: int, rules: CaseRules, wanted: Wanted
) -> _Seen:
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
    query = parse(case.query, now=case.opened_at)
    check_scope(query, Scope.CASE)
    query, similar = gathering.prepared(uow, searcher, query)
    gathered = gathering.gather(
        uow, query, similar, relatives=True, states=STATES.get(wanted.action)
    )
    return _Seen(
        searcher=searcher,
        gathered=gathered,
        counts=gathering.class_counts(uow, gathered, wanted.classes),
        exclusions=exclusions(
            uow,
            searcher,
            case.plan,
            wanted.exclude,
            wanted.exclude_items,
            include_sent=wanted.include_sent,
        ),
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


def _shares(
    uow: UnitOfWork, crowded: Mapping[int, int], rules: CaseRules
) -> tuple[str, ...]:
    """Return a warning for each mailbox that a plan takes most of: it looks too wide.

    Raises Refused for one that it takes more of than it may.
    """
    warnings = []
    for key, mailbox in uow.mailboxes.many(crowded).items():
        share = 100 * crowded[key] / max(1, mailbox.messages)
        account = uow.accounts.get(mailbox.account)
        told = (
            f"the plan takes {crowded[key]} of {mailbox.messages} mails in "
            f"{mailbox.name} of {account.address}"
        )
        if share > rules.max_share:
            raise Refused(
                f"{told}: over {rules.max_share} %; narrow the query, exclude the "
                "account, or raise cases.max_share"
            )
        if share > _MOST:
            warnings.append(told)
    if len(warnings) > _WARNED:
        more = f"and so in {len(warnings) - _WARNED} mailboxes more"
        return (*warnings[:_WARNED], more)
    return tuple(warnings)


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


def _items(
    facts: Sequence[CopyFacts],
    class_of: Mapping[int, MatchClass],
    excluded: Exclusions,
    *,
    first: int,
) -> list[PlanItem]:
    return [
        _item(number, each, class_of[each.id], excluded.reason(each))
        for number, each in enumerate(facts, first)
    ]


def _item(
    number: int, facts: CopyFacts, match_class: MatchClass, excluded: str | None
) -> PlanItem:
    return PlanItem(
        item=number,
        copy=facts.id,
        account=facts.account,
        address=facts.address,
        mailbox=facts.mailbox,
        uid=facts.uid,
        flags=facts.flags,
        keywords=facts.keywords,
        internal_date=facts.internal_date,
        size=facts.size,
        sha256=facts.sha256,
        message_id=facts.message_id,
        match_class=match_class,
        outcome=Outcome.PENDING if excluded is None else Outcome.EXCLUDED,
        reason=excluded,
    )
