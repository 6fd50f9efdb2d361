"""Cases, plans and approvals in SQL."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
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
    Outcome,
    OwnerNotice,
    Plan,
    PlanItem,
    Traced,
)
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import Flag
from postwarden.services.ports.cases import PlacedNotice

_c = tables.cases.c
_p = tables.plans.c
_i = tables.plan_items.c
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
_ADD_ITEM = Prepared(insert(tables.plan_items))
_ITEMS = Prepared(
    sa.select(tables.plan_items)
    .where(
        _i.plan_id == P("plan"),
        _i.item > P("after"),
        sa.or_(P("outcomes") == "[]", one_of(_i.outcome, "outcomes")),
        sa.or_(P("accounts") == "[]", one_of(_i.account_id, "accounts")),
    )
    .order_by(_i.item)
    .limit(P("count"))
)
_UPDATE_ITEM = Prepared(
    sa.update(tables.plan_items)
    .where(_i.plan_id == P("plan"), _i.item == P("number"))
    .values(
        {
            _i.outcome: P("new_outcome"),
            _i.reason: P("new_reason"),
            _i.acted_mailbox: P("new_mailbox"),
        }
    )
)
_REVIVE = Prepared(
    sa.update(tables.plan_items)
    .where(
        _i.plan_id == P("plan"),
        _i.outcome == Outcome.FAILED.value,
        sa.func.substr(_i.reason, 1, P("length")) == P("begins"),
    )
    .values(
        {_i.outcome: sa.literal_column(f"'{Outcome.REMOVED}'"), _i.reason: sa.null()}
    )
)
_CLAIMS = Prepared(
    sa.select(_i["copy"], sa.func.max(_i.plan_id))
    .where(one_of(_i["copy"], "copies"), one_of(_i.outcome, "outcomes"))
    .group_by(_i["copy"])
)
_NAMED = Prepared(
    sa.select(_i.account_id)
    .distinct()
    .where(_i.plan_id == P("plan"), _i.address == P("name"))
    .order_by(_i.account_id)
)
_ACTED = json.dumps([Outcome.REMOVED.value, Outcome.MOVED.value])
_OUTCOMES = Prepared(
    sa.select(_i.outcome, sa.func.count())
    .where(_i.plan_id == P("plan"))
    .group_by(_i.outcome)
)
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


class SqlCases:
    """See `services.ports.Cases`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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

    def add_items(self, plan: int, items: Sequence[PlanItem]) -> None:
        self._connection.run_many(
            _ADD_ITEM, (_item_values(plan, item) for item in items)
        )

    def items(
        self,
        plan: int,
        *,
        after: int = 0,
        limit: int,
        outcomes: Sequence[Outcome] = (),
        accounts: Sequence[int] = (),
    ) -> list[PlanItem]:
        rows = self._connection.rows(
            _ITEMS,
            plan=plan,
            after=after,
            count=limit,
            outcomes=json.dumps([outcome.value for outcome in outcomes]),
            accounts=ids_json(accounts),
        )
        return [_item(row) for row in rows]

    def update_items(self, plan: int, items: Iterable[PlanItem]) -> None:
        self._connection.run_many(
            _UPDATE_ITEM,
            (
                {
                    "plan": plan,
                    "number": item.item,
                    "new_outcome": item.outcome.value,
                    "new_reason": item.reason,
                    "new_mailbox": item.acted_mailbox,
                }
                for item in items
            ),
        )

    def revive(self, plan: int, reason: str) -> int:
        return self._connection.run(
            _REVIVE, plan=plan, begins=reason, length=len(reason)
        )

    def claims(self, copies: Sequence[int]) -> dict[int, int]:
        rows = self._connection.rows(_CLAIMS, copies=ids_json(copies), outcomes=_ACTED)
        return {row[0]: row[1] for row in rows}

    def accounts_named(self, plan: int, address: str) -> list[int]:
        rows = self._connection.rows(_NAMED, plan=plan, name=address)
        return [row[0] for row in rows]

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

    def outcomes(self, plan: int) -> dict[Outcome, int]:
        rows = self._connection.rows(_OUTCOMES, plan=plan)
        return {Outcome(row[0]): row[1] for row in rows}

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
    )


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


def _item(row: Row) -> PlanItem:
    return PlanItem(
        item=row[1],
        system=row[2],
        copy=row[3],
        account=row[4],
        address=row[5],
        mailbox=row[6],
        uid=row[7],
        flags=Flag(row[8]),
        keywords=tuple(row[9].split()),
        internal_date=time_of(row[10]),
        size=row[11],
        sha256=row[12],
        message_id=row[13],
        match_class=MatchClass(row[14]),
        outcome=Outcome(row[15]),
        reason=row[16],
        acted_mailbox=row[17],
    )


def _item_values(plan: int, item: PlanItem) -> Values:
    return {
        "plan_id": plan,
        "item": item.item,
        "system": item.system,
        "copy": item.copy,
        "account_id": item.account,
        "address": item.address,
        "mailbox": item.mailbox,
        "uid": item.uid,
        "flags": int(item.flags),
        "keywords": " ".join(item.keywords),
        "internal_date": instant(item.internal_date),
        "size": item.size,
        "sha256": item.sha256,
        "message_id": item.message_id,
        "class": item.match_class.value,
        "outcome": item.outcome.value,
        "reason": item.reason,
        "acted_mailbox": item.acted_mailbox,
    }
