"""Mail in the order that people look at it."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.statements import Prepared, one_of
from postwarden.model.mailboxes import Order, SortField

_c = tables.copies.c
_m = tables.messages.c
P = sa.bindparam

_OF_COPY: dict[SortField, tuple[sa.ColumnElement[Any], ...]] = {
    SortField.UID: (_c.uid,),
    SortField.RECEIVED: (_c.internal_date, _c.uid),
}
_OF_MESSAGE: dict[SortField, sa.ColumnElement[Any]] = {
    SortField.DATE: sa.func.coalesce(_m.date, _c.internal_date),
    SortField.SIZE: _m.size,
    SortField.SUBJECT: sa.func.lower(_m.subject),
    SortField.AUTHOR: sa.func.lower(_m.author),
}

# Literals, not parameters: only so does SQLite take the partial indexes.
_LIVE = _c.state == sa.literal_column("'live'")
_DISCARDED = sa.and_(
    sa.text("copies.discarded IS NOT NULL"),
    _c.account_id == P("account"),
    _c.discarded == P("kind"),
    sa.or_(P("mailbox", type_=sa.BigInteger).is_(None), _c.mailbox_id == P("mailbox")),
)

CHANGED = Prepared(
    sa.select(_c.id)
    .where(
        _c.mailbox_id == P("mailbox"),
        _LIVE,
        _c.modseq >= P("modseq"),
        sa.or_(_c.modseq > P("modseq"), _c.uid > P("uid")),
    )
    .order_by(_c.modseq, _c.uid)
    .limit(P("count"))
)
DISCARDED = Prepared(
    sa.select(_c.id)
    .where(_DISCARDED)
    .order_by(_c.vaulted_at.desc(), _c.id.desc())
    .limit(P("count"))
    .offset(P("offset"))
)
COUNT_DISCARDED = Prepared(sa.select(sa.func.count()).where(_DISCARDED))


@cache
def in_mailbox(order: Order) -> Prepared:
    """Select ids of the live copies in `mailbox`, `count` behind `offset`."""
    return _arranged(order, _c.mailbox_id == P("mailbox"), _LIVE)


@cache
def among(order: Order) -> Prepared:
    """Select those of `ids` that are there, `count` behind `offset`."""
    return _arranged(order, one_of(_c.id, "ids"), last=(_c.id,))


def _arranged(
    order: Order,
    *where: sa.ColumnElement[bool],
    last: tuple[sa.ColumnElement[Any], ...] = (),
) -> Prepared:
    selected = sa.select(_c.id)
    keys = _OF_COPY.get(order.field)
    if keys is None:
        selected = selected.join(tables.messages, _m.id == _c.message)
        keys = (_OF_MESSAGE[order.field], _c.uid)
    by = [key.desc() if order.descending else key for key in (*keys, *last)]
    page = selected.where(*where).order_by(*by)
    return Prepared(page.limit(P("count")).offset(P("offset")))
