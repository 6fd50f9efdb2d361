"""Holds and their marks in SQL."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    chunks,
    ids_json,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    one_of,
    time_of,
    time_or_none,
)
from postwarden.model.errors import NotFound
from postwarden.model.holds import HeldAccount, HeldCopies, Hold, HoldState
from postwarden.model.mailboxes import CopyState

_h = tables.holds.c
_m = tables.hold_marks.c
_c = tables.copies.c
_a = tables.accounts.c
P = sa.bindparam

_HOLD = sa.select(tables.holds)
_ADD = Prepared(insert_returning_id(tables.holds))
_GET = Prepared(_HOLD.where(_h.id == P("hold")))
_REPLACE = Prepared(
    sa.update(tables.holds)
    .where(_h.id == P("hold"))
    .values(
        {
            _h[name]: P(f"new_{name}")
            for name in ("state", "released_by", "released_at", "release_reason")
        }
    )
)
_PAGE = Prepared(_HOLD.where(_h.id > P("after")).order_by(_h.id).limit(P("count")))
# Literals, not parameters: only so does SQLite take the partial index.
_IN_FORCE = Prepared(
    _HOLD.where(sa.text("holds.state IN ('placing', 'active')")).order_by(_h.id)
)
_UNFINISHED = Prepared(
    _HOLD.where(sa.text("holds.state IN ('placing', 'releasing')"), _h.id > P("after"))
    .order_by(_h.id)
    .limit(P("count"))
)
_NEW = Prepared(
    sa.select(_c.id)
    .where(
        one_of(_c.id, "ids"),
        _c.id.not_in(sa.select(_m.copy).where(_m.hold == P("hold"), _m.copy == _c.id)),
    )
    .order_by(_c.id)
)
_MARK = Prepared(insert(tables.hold_marks))
_UNMARK = Prepared(
    sa.delete(tables.hold_marks).where(_m.copy == P("held"), _m.hold == P("hold"))
)
_IS_MARKED = Prepared(
    sa.select(_m.copy).where(_m.hold == P("hold"), one_of(_m.copy, "ids"))
)
_COUNT = Prepared(
    sa.update(tables.copies)
    .where(_c.id == P("held_copy"))
    .values(held=_c.held + P("more"))
)
_RECOUNT = Prepared(
    sa.update(tables.copies)
    .where(_c.id == P("held_copy"))
    .values(
        held=sa.select(sa.func.count())
        .select_from(tables.hold_marks)
        .where(_m.copy == _c.id)
        .scalar_subquery()
    )
)
_MARKED = Prepared(
    sa.select(_m.copy)
    .where(_m.hold == P("hold"), _m.copy > P("after"))
    .order_by(_m.copy)
    .limit(P("count"))
)
_OF = Prepared(
    sa.select(_m.copy, _m.hold).where(one_of(_m.copy, "ids")).order_by(_m.copy, _m.hold)
)
_marked_copies = sa.join(tables.hold_marks, tables.copies, _c.id == _m.copy)
_EXTENT = Prepared(
    sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(_c.size), 0),
        sa.func.count(sa.distinct(_c.message)),
        sa.func.count(sa.distinct(_c.account_id)),
        *(
            sa.func.coalesce(sa.func.sum(sa.case((_c.state == state, 1), else_=0)), 0)
            for state in (CopyState.LIVE, CopyState.CONTAINED, CopyState.VAULTED)
        ),
    )
    .select_from(_marked_copies)
    .where(_m.hold == P("hold"))
)
_BY_ACCOUNT = Prepared(
    sa.select(_a.id, _a.address, sa.func.count(), sa.func.sum(_c.size))
    .select_from(_marked_copies.join(tables.accounts, _a.id == _c.account_id))
    .where(_m.hold == P("hold"), _a.id > P("after"))
    .group_by(_a.id, _a.address)
    .order_by(_a.id)
    .limit(P("count"))
)


class SqlHolds:
    """See `services.ports.Holds`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, hold: Hold) -> Hold:
        row = self._connection.one(
            _ADD,
            name=hold.name,
            query=hold.query,
            reason=hold.reason,
            state=hold.state.value,
            created_by=hold.created_by,
            created_at=instant(hold.created_at),
            accounts=json.dumps(hold.accounts),
            domains=None if hold.domains is None else json.dumps(hold.domains),
            case_id=hold.case,
            released_by=hold.released_by,
            released_at=instant_or_none(hold.released_at),
            release_reason=hold.release_reason,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return self.get(row[0])

    def get(self, hold: int) -> Hold:
        row = self._connection.one(_GET, hold=hold)
        if row is None:
            raise NotFound("hold", str(hold))
        return _hold(row)

    def replace(self, hold: Hold) -> None:
        changed = self._connection.run(
            _REPLACE,
            hold=hold.id,
            new_state=hold.state.value,
            new_released_by=hold.released_by,
            new_released_at=instant_or_none(hold.released_at),
            new_release_reason=hold.release_reason,
        )
        if not changed:
            raise NotFound("hold", str(hold.id))

    def page(self, *, after: int = 0, limit: int) -> list[Hold]:
        return [
            _hold(row) for row in self._connection.rows(_PAGE, after=after, count=limit)
        ]

    def in_force(self) -> list[Hold]:
        return [_hold(row) for row in self._connection.rows(_IN_FORCE)]

    def unfinished(self, *, after: int = 0, limit: int) -> list[Hold]:
        rows = self._connection.rows(_UNFINISHED, after=after, count=limit)
        return [_hold(row) for row in rows]

    def mark(self, hold: int, copies: Sequence[int]) -> list[int]:
        rows = self._connection.rows(_NEW, ids=ids_json(copies), hold=hold)
        new = [row[0] for row in rows]
        self._connection.run_many(_MARK, ({"copy": c, "hold": hold} for c in new))
        self._count(new, 1)
        return new

    def unmark(self, hold: int, copies: Sequence[int]) -> None:
        rows = self._connection.rows(_IS_MARKED, ids=ids_json(copies), hold=hold)
        known = [row[0] for row in rows]
        self._connection.run_many(_UNMARK, ({"held": c, "hold": hold} for c in known))
        self._count(known, -1)

    def _count(self, copies: Sequence[int], more: int) -> None:
        self._connection.run_many(
            _COUNT, ({"held_copy": copy, "more": more} for copy in copies)
        )

    def recount(self, copies: Sequence[int]) -> None:
        self._connection.run_many(_RECOUNT, ({"held_copy": copy} for copy in copies))

    def marked(self, hold: int, *, after: int = 0, limit: int) -> list[int]:
        rows = self._connection.rows(_MARKED, hold=hold, after=after, count=limit)
        return [row[0] for row in rows]

    def of(self, copies: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        found: dict[int, list[int]] = defaultdict(list)
        for chunk in chunks(copies):
            for copy, hold in self._connection.rows(_OF, ids=ids_json(chunk)):
                found[copy].append(hold)
        return {copy: tuple(holds) for copy, holds in found.items()}

    def extent(self, hold: int) -> HeldCopies:
        row = self._connection.one(_EXTENT, hold=hold)
        assert row is not None  # noqa: S101  an aggregate always answers
        copies, octets, messages, accounts, live, contained, vaulted = row
        return HeldCopies(
            copies=copies,
            octets=octets,
            messages=messages,
            accounts=accounts,
            live=live,
            contained=contained,
            vaulted=vaulted,
        )

    def extent_by_account(
        self, hold: int, *, after: int = 0, limit: int
    ) -> list[HeldAccount]:
        rows = self._connection.rows(_BY_ACCOUNT, hold=hold, after=after, count=limit)
        return [
            HeldAccount(account=row[0], address=row[1], copies=row[2], octets=row[3])
            for row in rows
        ]


def _hold(row: Row) -> Hold:
    return Hold(
        id=row[0],
        name=row[1],
        query=row[2],
        reason=row[3],
        state=HoldState(row[4]),
        created_by=row[5],
        created_at=time_of(row[6]),
        accounts=tuple((key, tuple(ids)) for key, ids in json.loads(row[7])),
        domains=None if row[8] is None else tuple(json.loads(row[8])),
        case=row[9],
        released_by=row[10],
        released_at=time_or_none(row[11]),
        release_reason=row[12],
    )
