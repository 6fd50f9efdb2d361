"""Cases, plans and approvals in SQL."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.plan_items import SqlPlanItems
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    ids_json,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    one_of,
    replacement,
    time_of,
    time_or_none,
)
from postwarden.model.cases import (
    Action,
    Approval,
    Case,
    CaseState,
    ClassCount,
    Cluster,
    MatchClass,
    Missing,
    OwnerNotice,
    Plan,
    PlanPart,
    Traced,
)
from postwarden.model.errors import NotFound
from postwarden.services.ports.cases import PlacedNotice

_c = tables.cases.c
_p = tables.plans.c
_a = tables.approvals.c
_n = tables.case_notices.c
P = sa.bindparam


_CASE = sa.select(tables.cases)
_GET = Prepared(_CASE.where(_c.id == P("case_id")))
_PAGE = Prepared(_CASE.where(_c.id > P("after")).order_by(_c.id).limit(P("count")))
_ADD = Prepared(insert_returning_id(tables.cases))
_REPLACE = Prepared(replacement(tables.cases, id="case_id"))
_PLAN = Prepared(sa.select(tables.plans).where(_p.id == P("plan")))
_PLANS_OF = Prepared(
    sa.select(tables.plans).where(_p.case_id == P("case_id")).order_by(_p.id)
)
_ADD_PLAN = Prepared(insert_returning_id(tables.plans))
_REPLACE_PLAN = Prepared(replacement(tables.plans, id="plan"))
_ADD_NOTICE = Prepared(insert(tables.case_notices))
_NOTICES = Prepared(
    sa.select(_n["copy"], _n.account_id, _n.item).where(
        _n.plan_id == P("plan"), one_of(_n.account_id, "accounts")
    )
)
_REMOVE_NOTICE = Prepared(
    sa.delete(tables.case_notices).where(
        _n.plan_id == P("plan"), _n.account_id == P("account"), _n.item == P("number")
    )
)
_ANY_NOTICE = Prepared(sa.select(_n["copy"]).limit(1))
_AMONG = Prepared(sa.select(_n["copy"]).where(one_of(_n["copy"], "copies")))
_ADD_APPROVAL = Prepared(insert(tables.approvals))
_REVIEW = Prepared(
    sa.update(tables.approvals)
    .where(_a.id == P("approval"))
    .values(
        {
            _a.reviewed_by: P("new_reviewer"),
            _a.reviewed_at: P("new_time"),
            _a.review: P("new_review"),
        }
    )
)
_APPROVALS = Prepared(
    sa.select(tables.approvals).where(_a.case_id == P("case_id")).order_by(_a.id)
)


class SqlCases(SqlPlanItems):
    """See `services.ports.Cases`."""

    def add(self, case: Case) -> Case:
        row = self._connection.one(_ADD, **_case_values(case))
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(case, id=row[0])

    def get(self, case: int) -> Case:
        row = self._connection.one(_GET, case_id=case)
        if row is None:
            raise NotFound("case", str(case))
        return _case(row)

    def replace(self, case: Case) -> None:
        values = _case_values(case)
        if not self._connection.run(_REPLACE, case_id=case.id, **values):
            raise NotFound("case", str(case.id))

    def page(self, *, after: int = 0, limit: int) -> list[Case]:
        rows = self._connection.rows(_PAGE, after=after, count=limit)
        return [_case(row) for row in rows]

    def add_plan(self, plan: Plan) -> Plan:
        row = self._connection.one(_ADD_PLAN, **_plan_values(plan))
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(plan, id=row[0])

    def plan(self, plan: int) -> Plan:
        row = self._connection.one(_PLAN, plan=plan)
        if row is None:
            raise NotFound("plan", str(plan))
        return _plan(row)

    def replace_plan(self, plan: Plan) -> None:
        values = _plan_values(plan)
        if not self._connection.run(_REPLACE_PLAN, plan=plan.id, **values):
            raise NotFound("plan", str(plan.id))

    def plans_of(self, case: int) -> list[Plan]:
        rows = self._connection.rows(_PLANS_OF, case_id=case)
        return [_plan(row) for row in rows]

    def add_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None:
        self._connection.run_many(
            _ADD_NOTICE,
            (
                {
                    "plan_id": plan,
                    "account_id": each.account,
                    "item": each.item,
                    "copy": each.copy,
                }
                for each in notices
            ),
        )

    def notices(self, plan: int, accounts: Sequence[int]) -> list[PlacedNotice]:
        rows = self._connection.rows(_NOTICES, plan=plan, accounts=ids_json(accounts))
        return [PlacedNotice(copy=row[0], account=row[1], item=row[2]) for row in rows]

    def remove_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None:
        self._connection.run_many(
            _REMOVE_NOTICE,
            (
                {"plan": plan, "account": each.account, "number": each.item}
                for each in notices
            ),
        )

    def notices_among(self, copies: Sequence[int]) -> set[int]:
        if self._connection.one(_ANY_NOTICE) is None:
            return set()
        rows = self._connection.rows(_AMONG, copies=ids_json(copies))
        return {row[0] for row in rows}

    def add_approval(self, approval: Approval) -> None:
        self._connection.run(
            _ADD_APPROVAL,
            case_id=approval.case,
            plan_sha256=approval.plan_sha256,
            actor=approval.actor,
            approved_at=instant(approval.approved_at),
            expires_at=instant(approval.expires_at),
            break_glass=approval.break_glass,
            reviewed_by=approval.reviewed_by,
            reviewed_at=instant_or_none(approval.reviewed_at),
            review=approval.review,
        )

    def review(self, approval: Approval) -> None:
        self._connection.run(
            _REVIEW,
            approval=approval.id,
            new_reviewer=approval.reviewed_by,
            new_time=instant_or_none(approval.reviewed_at),
            new_review=approval.review,
        )

    def approvals(self, case: int) -> list[Approval]:
        rows = self._connection.rows(_APPROVALS, case_id=case)
        return [_approval(row) for row in rows]


def _case(row: Row) -> Case:
    return Case(
        id=row[0],
        query=row[1],
        reason=row[2],
        ticket=row[3],
        state=CaseState(row[4]),
        opened_by=row[5],
        opened_at=time_of(row[6]),
        plan=row[7],
        domains=None if row[8] is None else tuple(json.loads(row[8])),
        edited_by=tuple(json.loads(row[9] or "[]")),
    )


def _case_values(case: Case) -> Values:
    return {
        "query": case.query,
        "reason": case.reason,
        "ticket": case.ticket,
        "state": case.state.value,
        "opened_by": case.opened_by,
        "opened_at": instant(case.opened_at),
        "plan_id": case.plan,
        "domains": None if case.domains is None else json.dumps(case.domains),
        "edited_by": json.dumps(case.edited_by) if case.edited_by else None,
    }


def _plan(row: Row) -> Plan:
    summary = json.loads(row[11])
    return Plan(
        id=row[0],
        case=row[1],
        query=row[2],
        action=Action(row[3]),
        classes=tuple(MatchClass(name) for name in row[4].split()),
        created_at=time_of(row[5]),
        created_by=row[6],
        sha256=row[7],
        messages=row[8],
        copies=row[9],
        accounts=row[10],
        related=summary["related"],
        excluded=summary.get("excluded", 0),
        exclude=tuple(summary.get("exclude", ())),
        notice=OwnerNotice(summary.get("notice", OwnerNotice.SILENT)),
        counts=tuple(
            ClassCount(**{**each, "match_class": MatchClass(each["match_class"])})
            for each in summary["counts"]
        ),
        clusters=tuple(Cluster(**each) for each in summary["clusters"]),
        traced=_traced(summary.get("traced")),
        warnings=tuple(summary["warnings"]),
        parts=tuple(map(_part, summary.get("parts", ()))),
    )


def _part(found: dict[str, Any]) -> PlanPart:
    several = {name: tuple(found[name]) for name in ("problems", "lacks")}
    return PlanPart(**{**found, **several})


def _traced(found: dict[str, Any] | None) -> Traced | None:
    if found is None:
        return None
    shown = tuple(Missing(**each) for each in found["shown"])
    return Traced(**{**found, "shown": shown})


def _plan_values(plan: Plan) -> Values:
    return {
        "case_id": plan.case,
        "query": plan.query,
        "action": plan.action.value,
        "classes": " ".join(each.value for each in plan.classes),
        "created_at": instant(plan.created_at),
        "created_by": plan.created_by,
        "sha256": plan.sha256,
        "messages": plan.messages,
        "copies": plan.copies,
        "accounts": plan.accounts,
        "summary": json.dumps(
            {
                "related": plan.related,
                "excluded": plan.excluded,
                "exclude": plan.exclude,
                "notice": plan.notice.value,
                "counts": [asdict(each) for each in plan.counts],
                "clusters": [asdict(each) for each in plan.clusters],
                "traced": plan.traced and asdict(plan.traced),
                "warnings": list(plan.warnings),
                "parts": [asdict(each) for each in plan.parts],
            }
        ),
    }


def _approval(row: Row) -> Approval:
    return Approval(
        id=row[0],
        case=row[1],
        plan_sha256=row[2],
        actor=row[3],
        approved_at=time_of(row[4]),
        expires_at=time_of(row[5]),
        break_glass=row[6],
        reviewed_by=row[7],
        reviewed_at=time_or_none(row[8]),
        review=row[9],
    )
