"""Items of plans in SQL."""

import json
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    ids_json,
    insert,
    instant,
    one_of,
    time_of,
)
from postwarden.model.cases import (
    MatchClass,
    Outcome,
    PlanItem,
    RemotePlace,
)
from postwarden.model.mailboxes import Flag
from postwarden.services.ports.cases import RemoteClaim

_i = tables.plan_items.c
P = sa.bindparam

_ADD_ITEM = Prepared(insert(tables.plan_items))
_ITEMS = Prepared(
    sa.select(tables.plan_items)
    .where(
        _i.plan_id == P("plan"),
        _i.item > P("after"),
        sa.or_(P("outcomes") == "[]", one_of(_i.outcome, "outcomes")),
        sa.or_(P("accounts") == "[]", one_of(_i.account_id, "accounts")),
        sa.or_(P("system", type_=sa.Text).is_(None), _i.system == P("system")),
        sa.or_(P("addresses") == "[]", one_of(_i.address, "addresses")),
        sa.or_(P("is_asked") == 0, _i.asked == 1),
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
            _i.acted_reference: P("new_reference"),
            _i.asked: P("new_asked"),
        }
    )
)
_MARK = Prepared(
    sa.update(tables.plan_items)
    .where(
        _i.plan_id == P("plan"),
        _i.system == P("of_system"),
        one_of(_i.outcome, "outcomes"),
        sa.or_(P("addresses") == "[]", one_of(_i.address, "addresses")),
    )
    .values({_i.outcome: P("new_outcome"), _i.reason: P("new_reason")})
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
_REMOTE_CLAIMS = Prepared(
    sa.select(_i.reference, _i.plan_id, _i.item, _i.asked)
    .where(
        one_of(_i.reference, "references"),
        _i.reference.is_not(None),
        _i.system == P("system"),
        _i.plan_id != P("plan"),
        sa.or_(_i.asked == sa.literal_column("1"), one_of(_i.outcome, "outcomes")),
    )
    .order_by(_i.plan_id)
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


class SqlPlanItems:
    """What `services.ports.Cases` says of items."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        system: str | None = None,
        addresses: Sequence[str] = (),
        is_asked: bool = False,
    ) -> list[PlanItem]:
        rows = self._connection.rows(
            _ITEMS,
            plan=plan,
            after=after,
            count=limit,
            outcomes=json.dumps([outcome.value for outcome in outcomes]),
            accounts=ids_json(accounts),
            system=system,
            addresses=json.dumps(list(addresses)),
            is_asked=int(is_asked),
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
                    "new_reference": item.remote and item.remote.acted_reference,
                    "new_asked": item.remote and int(item.remote.is_asked),
                }
                for item in items
            ),
        )

    def mark(
        self,
        plan: int,
        system: str,
        outcomes: Sequence[Outcome],
        *,
        outcome: Outcome,
        reason: str,
        addresses: Sequence[str] = (),
    ) -> int:
        return self._connection.run(
            _MARK,
            plan=plan,
            of_system=system,
            outcomes=json.dumps([each.value for each in outcomes]),
            addresses=json.dumps(list(addresses)),
            new_outcome=outcome.value,
            new_reason=reason,
        )

    def revive(self, plan: int, reason: str) -> int:
        return self._connection.run(
            _REVIVE, plan=plan, begins=reason, length=len(reason)
        )

    def claims(self, copies: Sequence[int]) -> dict[int, int]:
        rows = self._connection.rows(_CLAIMS, copies=ids_json(copies), outcomes=_ACTED)
        return {row[0]: row[1] for row in rows}

    def remote_claims(
        self, plan: int, system: str, references: Sequence[str]
    ) -> dict[str, RemoteClaim]:
        rows = self._connection.rows(
            _REMOTE_CLAIMS,
            plan=plan,
            system=system,
            references=json.dumps(list(references)),
            outcomes=_ACTED,
        )
        return {
            row[0]: RemoteClaim(plan=row[1], item=row[2], is_asked=bool(row[3]))
            for row in rows
        }

    def accounts_named(self, plan: int, address: str) -> list[int]:
        rows = self._connection.rows(_NAMED, plan=plan, name=address)
        return [row[0] for row in rows]

    def outcomes(self, plan: int) -> dict[Outcome, int]:
        rows = self._connection.rows(_OUTCOMES, plan=plan)
        return {Outcome(row[0]): row[1] for row in rows}


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
        remote=None
        if row[18] is None
        else RemotePlace(
            reference=row[18],
            **json.loads(row[19]),
            fingerprint=row[20],
            acted_reference=row[21],
            is_asked=bool(row[22]),
        ),
    )


def _item_values(plan: int, item: PlanItem) -> Values:
    remote = item.remote
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
        "reference": remote and remote.reference,
        "listed": remote and _listed(remote),
        "fingerprint": remote and remote.fingerprint,
        "acted_reference": remote and remote.acted_reference,
        "asked": remote and int(remote.is_asked),
    }


def _listed(remote: RemotePlace) -> str:
    names = ("size", "subject", "author", "message_id")
    return json.dumps({name: getattr(remote, name) for name in names})
