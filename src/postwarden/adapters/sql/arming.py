"""Armed rules in SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    time_of,
    time_or_none,
)
from postwarden.model.cases import ArmedRule, MatchClass
from postwarden.services.ports.arming import Mark

_r = tables.armed_rules.c
_m = tables.armed_marks.c
P = sa.bindparam

_ORDER = (MatchClass.EXACT, MatchClass.SAME, MatchClass.VARIANT)
_ADD = Prepared(insert_returning_id(tables.armed_rules))
_ADD_MARK = Prepared(insert(tables.armed_marks))
_REPLACE = Prepared(
    sa.update(tables.armed_rules)
    .where(_r.id == P("rule"))
    .values({_r.ended_at: P("new_end"), _r.caught: P("new_caught")})
)
_FORGET = Prepared(sa.delete(tables.armed_marks).where(_m.rule_id == P("rule")))
_OF_CASE = Prepared(
    sa.select(tables.armed_rules).where(_r.case_id == P("case_id")).order_by(_r.id)
)
_ARMED = Prepared(
    sa.select(sa.func.count()).where(_r.until > P("now"), _r.ended_at.is_(None))
)
_OVER = Prepared(
    sa.select(_r.id)
    .where(
        _r.until <= P("now"),
        sa.exists().where(_m.rule_id == _r.id),
    )
    .order_by(_r.id)
    .limit(P("count"))
)
_MATCHING = Prepared(
    sa.select(tables.armed_rules, _m["class"], _m.value)
    .join(tables.armed_rules, _r.id == _m.rule_id)
    .where(
        sa.or_(_m.value == P("one"), _m.value == P("two"), _m.value == P("three")),
        _r.until > P("now"),
        _r.ended_at.is_(None),
    )
    .order_by(_r.id)
)


class SqlArming:
    """See `services.ports.Arming`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rule: ArmedRule, marks: Iterable[Mark]) -> ArmedRule:
        row = self._connection.one(
            _ADD,
            case_id=rule.case,
            plan_id=rule.plan,
            caught_plan_id=rule.caught_plan,
            accounts=rule.accounts,
            armed_by=rule.armed_by,
            armed_at=instant(rule.armed_at),
            until=instant(rule.until),
            ended_at=instant_or_none(rule.ended_at),
            caught=rule.caught,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        self._connection.run_many(
            _ADD_MARK,
            (
                {"value": value, "rule_id": row[0], "class": match_class.value}
                for match_class, value in marks
            ),
        )
        return replace(rule, id=row[0])

    def replace(self, rule: ArmedRule) -> None:
        self._connection.run(
            _REPLACE,
            rule=rule.id,
            new_end=instant_or_none(rule.ended_at),
            new_caught=rule.caught,
        )

    def forget(self, rule: int) -> None:
        self._connection.run(_FORGET, rule=rule)

    def of_case(self, case: int) -> list[ArmedRule]:
        return [_rule(row) for row in self._connection.rows(_OF_CASE, case_id=case)]

    def armed(self, now: datetime) -> int:
        row = self._connection.one(_ARMED, now=instant(now))
        return 0 if row is None else int(row[0])

    def over(self, now: datetime, limit: int) -> list[int]:
        rows = self._connection.rows(_OVER, now=instant(now), count=limit)
        return [row[0] for row in rows]

    def matching(
        self, marks: Sequence[Mark], now: datetime
    ) -> list[tuple[ArmedRule, MatchClass]]:
        wanted = set(marks)
        one, two, three = (*(value for _, value in marks), *[None] * 3)[:3]
        found: dict[int, tuple[ArmedRule, MatchClass]] = {}
        for row in self._connection.rows(
            _MATCHING, one=one, two=two, three=three, now=instant(now)
        ):
            match_class = MatchClass(row[10])
            if (match_class, row[11]) not in wanted:
                continue
            known = found.get(row[0])
            if known is None or _ORDER.index(match_class) < _ORDER.index(known[1]):
                found[row[0]] = (_rule(row), match_class)
        return list(found.values())


def _rule(row: Row) -> ArmedRule:
    return ArmedRule(
        id=row[0],
        case=row[1],
        plan=row[2],
        caught_plan=row[3],
        accounts=row[4],
        armed_by=row[5],
        armed_at=time_of(row[6]),
        until=time_of(row[7]),
        ended_at=time_or_none(row[8]),
        caught=row[9],
    )
