"""Late arrivals: an armed rule does to them what the case has done to the others.

It acts in the transaction that delivers, so nobody ever sees what it catches. It
knows mail by content only, stays within the accounts of the case, ends by itself,
and what it catches is items of the case, which undo takes back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.cases import (
    DEFAULT_CLASSES,
    Action,
    ArmedRule,
    Case,
    CaseState,
    MatchClass,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import Invalid, LimitExceeded, Refused
from postwarden.model.mailboxes import Copy
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, format_query, parse
from postwarden.model.queries.terms import Node
from postwarden.model.queries.trees import all_of
from postwarden.services import access, audit
from postwarden.services.cases import acting, gathering, reach
from postwarden.services.cases.outcomes import ACTED
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.arming import Mark

PURGE = "case.disarm"  # the periodic task that forgets rules whose time is over
MAX_CONTENTS = 3000  # different messages that one rule looks for
_ARMABLE = {CaseState.RUNNING, CaseState.DONE}
_ACTIONS = {Action.CONTAIN, Action.MOVE_JUNK}
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # conditions on accounts have no time


def arm(
    uow: UnitOfWork, actor: Actor, case_id: int, rules: CaseRules, lasts: timedelta
) -> ArmedRule:
    """Let a case act on late copies of what its plan has taken, for a while.

    Copies of the same content, that is, and variants where the plan takes these;
    whom the plan leaves alone the rule does. Raises Refused for a case that has not
    run or does something else than contain or move-junk, Invalid for a length of
    time that is not offered, LimitExceeded.
    """
    access.require(actor, Permission.CASE_RUN)
    if not timedelta(0) < lasts <= rules.max_armed:
        raise Invalid(
            f"a rule is armed for {rules.max_armed} at most, and longer than no time",
            field="for",
        )
    case = reach.case(uow, actor, case_id)
    if case.plan is None or case.state not in _ARMABLE:
        raise Refused(f"case {case_id} is {case.state}: it arms what it has run")
    plan = uow.cases.plan(case.plan)
    if plan.action not in _ACTIONS:
        raise Refused(f"a plan that does {plan.action} cannot be armed")
    if uow.arming.armed(uow.now) >= rules.armed_rules:
        raise LimitExceeded("rules armed at a time", rules.armed_rules)
    marks = _marks(uow, plan)
    if not marks:
        raise Refused(f"case {case_id} has taken nothing that could arrive late")
    caught = uow.cases.add_plan(
        Plan(
            case=case_id,
            query=plan.query,
            action=plan.action,
            classes=plan.classes,
            created_at=uow.now,
            created_by=actor.name,
            exclude=plan.exclude,
            warnings=("late arrivals, caught by an armed rule",),
        )
    )
    rule = uow.arming.add(
        ArmedRule(
            case=case_id,
            plan=plan.id,
            caught_plan=caught.id,
            accounts=_accounts(actor, case),
            armed_by=actor.name,
            armed_at=uow.now,
            until=uow.now + lasts,
        ),
        marks,
    )
    audit.record(
        uow,
        actor,
        "case.arm",
        f"case {case_id}",
        after={
            "rule": rule.id,
            "until": rule.until.isoformat(),
            "plan": plan.sha256.hex() if plan.sha256 else None,
            "action": plan.action.value,
        },
        domains=case.domains,
    )
    return rule


def disarm(uow: UnitOfWork, actor: Actor, case_id: int) -> list[ArmedRule]:
    """End the armed rules of a case; return them, none when none is armed."""
    access.require(actor, Permission.CASE_RUN)
    case = reach.case(uow, actor, case_id)
    ended = end(uow, case.id)
    if ended:
        audit.record(
            uow,
            actor,
            "case.disarm",
            f"case {case_id}",
            after={"rules": [rule.id for rule in ended]},
            domains=case.domains,
        )
    return ended


def end(uow: UnitOfWork, case_id: int) -> list[ArmedRule]:
    """End the rules of a case that are armed, and return them."""
    ended = [
        replace(rule, ended_at=uow.now)
        for rule in uow.arming.of_case(case_id)
        if rule.is_armed(uow.now)
    ]
    for rule in ended:
        uow.arming.replace(rule)
        uow.arming.forget(rule.id)
    return ended


def forget_chunk(uow: UnitOfWork, *, limit: int = 100) -> int:
    """Forget what rules look for whose time is over; return how many there were."""
    over = uow.arming.over(uow.now, limit)
    for rule in over:
        uow.arming.forget(rule)
    return len(over)


def catch(uow: UnitOfWork, message: Message, copies: Sequence[Copy]) -> None:
    """Act on copies that were just delivered, if a rule is armed for their message."""
    for rule, match_class in uow.arming.matching(_marks_of(message), uow.now):
        accounts = uow.accounts.many({copy.account for copy in copies})
        plan = uow.cases.plan(rule.caught_plan)
        taken = [copy for copy in copies if _takes(rule, plan, accounts[copy.account])]
        if not taken:
            continue
        mailboxes = uow.mailboxes.many({copy.mailbox for copy in taken})
        items = [
            _item(
                number,
                copy,
                message,
                match_class,
                address=str(accounts[copy.account].address),
                mailbox=mailboxes[copy.mailbox].name,
            )
            for number, copy in enumerate(taken, rule.caught + 1)
        ]
        uow.cases.add_items(plan.id, items)
        acted = acting.act(uow, plan, items)
        note = f"caught by armed rule {rule.id}"
        uow.cases.update_items(plan.id, [replace(each, reason=note) for each in acted])
        caught = rule.caught + len(items)
        uow.cases.replace_plan(replace(plan, copies=caught))
        uow.arming.replace(replace(rule, caught=caught))
        copies = [copy for copy in copies if copy not in taken]
        if not copies:
            return


def _takes(rule: ArmedRule, plan: Plan, account: Account) -> bool:
    address = account.address
    if {str(address), f"@{address.domain}"} & set(plan.exclude):
        return False
    return rule.accounts is None or gathering.meets(
        _condition(rule.accounts), address.key
    )


@lru_cache(maxsize=200)
def _condition(text: str) -> Node:
    return parse(text, now=_ANY_TIME).root


def _accounts(actor: Actor, case: Case) -> str | None:
    """Return what the query says about accounts, and where the case may look."""
    query = gathering.within(
        reach.searcher(actor, case), parse(case.query, now=case.opened_at)
    )
    conditions = gathering.accounts_of(query)
    return format_query(Query(all_of(conditions))) if conditions else None


def _marks(uow: UnitOfWork, plan: Plan) -> set[Mark]:
    """Return what the plan has acted on, by content; variants only if it takes them."""
    known: dict[bytes, Message] = {}
    after = 0
    while items := uow.cases.items(plan.id, after=after, limit=1000, outcomes=ACTED):
        after = items[-1].item
        new = {i.sha256 for i in items if i.match_class in DEFAULT_CLASSES} - set(known)
        if len(known) + len(new) > MAX_CONTENTS:
            raise LimitExceeded("different messages of one rule", MAX_CONTENTS)
        for sha256 in new:
            if (message := uow.messages.find(sha256)) is not None:
                known[sha256] = message
    variants = MatchClass.VARIANT in plan.classes
    return {
        mark
        for message in known.values()
        for mark in _marks_of(message)
        if variants or mark[0] is not MatchClass.VARIANT
    }


def _marks_of(message: Message) -> list[Mark]:
    marks: Iterable[tuple[MatchClass, bytes | None]] = (
        (MatchClass.EXACT, message.sha256),
        (MatchClass.SAME, message.fingerprint),
        (MatchClass.VARIANT, message.content_fingerprint),
    )
    return [(match_class, value) for match_class, value in marks if value]


def _item(
    number: int,
    copy: Copy,
    message: Message,
    match_class: MatchClass,
    *,
    address: str,
    mailbox: str,
) -> PlanItem:
    return PlanItem(
        item=number,
        copy=copy.id,
        account=copy.account,
        address=address,
        mailbox=mailbox,
        uid=copy.uid,
        flags=copy.flags,
        keywords=copy.keywords,
        internal_date=copy.internal_date,
        size=copy.size,
        sha256=message.sha256,
        message_id=message.message_id,
        match_class=match_class,
        outcome=Outcome.PENDING,
    )
