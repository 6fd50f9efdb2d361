"""Counters of mailboxes and accounts, counted anew from the copies there are."""

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.portable import largest
from postwarden.adapters.sql.statements import Prepared, Row
from postwarden.model.mailboxes import Flag

_m, _a, _c = tables.mailboxes.c, tables.accounts.c, tables.copies.c
P = sa.bindparam

_sum, _max = sa.func.sum, sa.func.max
_IS_LIVE = _c.state == "live"


def _if_live(value: object) -> sa.ColumnElement[int]:
    return sa.func.coalesce(_sum(sa.case((_IS_LIVE, value), else_=0)), 0)


def _if_hidden(value: object) -> sa.ColumnElement[int]:
    return sa.func.coalesce(_sum(sa.case((_IS_LIVE, 0), else_=value)), 0)


_IN_MAILBOXES = (
    sa.select(
        _m.id,
        _if_live(1).label("messages"),
        _if_live(sa.case((_c.flags.op("&")(int(Flag.SEEN)) == 0, 1), else_=0)).label(
            "unseen"
        ),
        _if_live(_c.size).label("octets"),
        sa.func.coalesce(_max(_c.uid), 0).label("last_uid"),
        sa.func.coalesce(_max(_c.modseq), 0).label("modseq"),
    )
    .outerjoin_from(tables.mailboxes, tables.copies, _c.mailbox_id == _m.id)
    .group_by(_m.id)
    .subquery()
)
_WRONG_MAILBOXES = Prepared(
    sa.select(_IN_MAILBOXES)
    .join(tables.mailboxes, _m.id == _IN_MAILBOXES.c.id)
    .where(
        sa.or_(
            _m.messages != _IN_MAILBOXES.c.messages,
            _m.unseen != _IN_MAILBOXES.c.unseen,
            _m.octets != _IN_MAILBOXES.c.octets,
            _m.uid_next <= _IN_MAILBOXES.c.last_uid,
            _m.highest_modseq < _IN_MAILBOXES.c.modseq,
        )
    )
)
_COUNT_MAILBOX = Prepared(
    sa.update(tables.mailboxes)
    .where(_m.id == P("mailbox"))
    .values(
        messages=P("right_messages"),
        unseen=P("right_unseen"),
        octets=P("right_octets"),
        # A UID is never given twice, so these two only grow.
        uid_next=largest(_m.uid_next, P("last_uid") + 1),
        highest_modseq=largest(_m.highest_modseq, P("modseq")),
    )
)
_OF_ACCOUNTS = (
    sa.select(
        _a.id,
        _if_live(_c.size).label("used_octets"),
        _if_live(1).label("used_messages"),
        _if_hidden(_c.size).label("vault_octets"),
        # An outer join has one empty row for an account without copies.
        _if_hidden(sa.case((_c.id.is_(None), 0), else_=1)).label("vault_messages"),
    )
    .outerjoin_from(tables.accounts, tables.copies, _c.account_id == _a.id)
    .group_by(_a.id)
    .subquery()
)
_USAGE = ("used_octets", "used_messages", "vault_octets", "vault_messages")
_WRONG_ACCOUNTS = Prepared(
    sa.select(_OF_ACCOUNTS)
    .join(tables.accounts, _a.id == _OF_ACCOUNTS.c.id)
    .where(sa.or_(*(_a[name] != _OF_ACCOUNTS.c[name] for name in _USAGE)))
)
_COUNT_ACCOUNT = Prepared(
    sa.update(tables.accounts)
    .where(_a.id == P("account"))
    .values({name: P(f"right_{name}") for name in _USAGE})
)


def wrong(connection: Connection) -> tuple[int, int]:
    """Return how many mailboxes and accounts count other than their copies."""
    mailboxes = sum(1 for _ in connection.rows(_WRONG_MAILBOXES))
    return mailboxes, sum(1 for _ in connection.rows(_WRONG_ACCOUNTS))


def recount(connection: Connection) -> None:
    """Count anew what counts wrongly; the caller has begun and commits."""
    mailboxes = list(connection.rows(_WRONG_MAILBOXES))
    connection.run_many(_COUNT_MAILBOX, map(_mailbox_values, mailboxes))
    accounts = list(connection.rows(_WRONG_ACCOUNTS))
    connection.run_many(_COUNT_ACCOUNT, map(_account_values, accounts))


def _mailbox_values(row: Row) -> dict[str, object]:
    return {
        "mailbox": row[0],
        "right_messages": row[1],
        "right_unseen": row[2],
        "right_octets": row[3],
        "last_uid": row[4],
        "modseq": row[5],
    }


def _account_values(row: Row) -> dict[str, object]:
    named = zip(_USAGE, row[1:], strict=True)
    return {"account": row[0], **{f"right_{name}": value for name, value in named}}
