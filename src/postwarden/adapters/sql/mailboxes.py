"""Mailboxes and the expunge journal in SQL."""

from collections.abc import Iterable

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection, ConstraintViolation
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    ids_json,
    insert,
    insert_returning_id,
    one_of,
)
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.mailboxes import Mailbox
from postwarden.model.queries import mailbox_key
from postwarden.services.ports.mail import Left, Mark

_m = tables.mailboxes.c
_e = tables.expunges.c
P = sa.bindparam

_MAILBOX = sa.select(tables.mailboxes)
_GET = Prepared(_MAILBOX.where(_m.id == P("mailbox")))
_MANY = Prepared(_MAILBOX.where(one_of(_m.id, "ids")))
_FIND = Prepared(_MAILBOX.where(_m.account_id == P("account"), _m.name == P("name")))
_OF_ACCOUNT = Prepared(_MAILBOX.where(_m.account_id == P("account")).order_by(_m.name))
_ADD = Prepared(insert_returning_id(tables.mailboxes))
_REMOVE = Prepared(sa.delete(tables.mailboxes).where(_m.id == P("mailbox")))
_UPDATE = Prepared(
    sa.update(tables.mailboxes)
    .where(_m.id == P("mailbox"))
    .values(
        {
            _m[name]: P(f"new_{name}")
            for name in ("uid_next", "highest_modseq", "messages", "unseen", "octets")
        }
    )
)
_EXPUNGED = Prepared(
    sa.select(_e.uid, _e.modseq)
    .where(_e.mailbox_id == P("mailbox"), _e.modseq > P("since"))
    .order_by(_e.modseq, _e.uid)
)
_SOME_EXPUNGED = Prepared(
    sa.select(_e.modseq, _e.uid).where(_e.mailbox_id == P("mailbox")).limit(P("count"))
)
_FORGET_EXPUNGED = Prepared(
    sa.delete(tables.expunges).where(
        _e.mailbox_id == P("mailbox"), _e.modseq == P("modseq"), _e.uid == P("uid")
    )
)
_LEFT = Prepared(
    sa.select(_e.uid, _e.modseq, _e.item)
    .where(
        _e.mailbox_id == P("mailbox"),
        _e.modseq >= P("since"),
        sa.or_(_e.modseq > P("since"), _e.uid > P("after")),
    )
    .order_by(_e.modseq, _e.uid)
    .limit(P("count"))
)
_RENAME = Prepared(
    sa.update(tables.mailboxes)
    .where(_m.id == P("mailbox"))
    .values({_m.name: P("new_name"), _m.name_key: P("new_key")})
)
_RECORD_EXPUNGED = Prepared(insert(tables.expunges))


class SqlMailboxes:
    """See `services.ports.Mailboxes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, mailbox: int) -> Mailbox:
        row = self._connection.one(_GET, mailbox=mailbox)
        if row is None:
            raise NotFound("mailbox", str(mailbox))
        return _mailbox(row)

    def many(self, mailboxes: Iterable[int]) -> dict[int, Mailbox]:
        wanted = list(mailboxes)
        if len(wanted) == 1:  # most often; by key it takes half the time
            row = self._connection.one(_GET, mailbox=wanted[0])
            return {row[0]: _mailbox(row)} if row else {}
        rows = self._connection.rows(_MANY, ids=ids_json(wanted))
        return {row[0]: _mailbox(row) for row in rows}

    def find(self, account: int, name: str) -> Mailbox | None:
        row = self._connection.one(_FIND, account=account, name=name)
        return _mailbox(row) if row else None

    def of_account(self, account: int) -> list[Mailbox]:
        return [
            _mailbox(r) for r in self._connection.rows(_OF_ACCOUNT, account=account)
        ]

    def add(self, account: int, name: str, uid_validity: int) -> Mailbox:
        new = Mailbox(id=0, account=account, name=name, uid_validity=uid_validity)
        try:
            with self._connection.constrained():
                row = self._connection.one(
                    _ADD,
                    account_id=account,
                    name=name,
                    name_key=mailbox_key(name),
                    uid_validity=uid_validity,
                    uid_next=new.uid_next,
                    highest_modseq=new.highest_modseq,
                    messages=0,
                    unseen=0,
                    octets=0,
                )
        except ConstraintViolation as error:
            raise AlreadyExists("mailbox", name) from error
        assert row is not None  # noqa: S101  RETURNING always answers
        return Mailbox(id=row[0], account=account, name=name, uid_validity=uid_validity)

    def remove(self, mailbox: int) -> None:
        self._connection.run(_REMOVE, mailbox=mailbox)

    def update(self, mailboxes: Iterable[Mailbox]) -> None:
        self._connection.run_many(
            _UPDATE,
            (
                {
                    "mailbox": mailbox.id,
                    "new_uid_next": mailbox.uid_next,
                    "new_highest_modseq": mailbox.highest_modseq,
                    "new_messages": mailbox.messages,
                    "new_unseen": mailbox.unseen,
                    "new_octets": mailbox.octets,
                }
                for mailbox in mailboxes
            ),
        )

    def rename(self, mailbox: int, name: str) -> None:
        try:
            with self._connection.constrained():
                self._connection.run(
                    _RENAME, mailbox=mailbox, new_name=name, new_key=mailbox_key(name)
                )
        except ConstraintViolation as error:
            raise AlreadyExists("mailbox", name) from error

    def expunged(self, mailbox: int, since_modseq: int) -> list[tuple[int, int]]:
        rows = self._connection.rows(_EXPUNGED, mailbox=mailbox, since=since_modseq)
        return [(row[0], row[1]) for row in rows]

    def left(self, mailbox: int, mark: Mark, limit: int) -> list[Left]:
        rows = self._connection.rows(
            _LEFT, mailbox=mailbox, since=mark.modseq, after=mark.uid, count=limit
        )
        return [Left(uid=row[0], modseq=row[1], item=row[2]) for row in rows]

    def forget_expunged(self, mailbox: int, limit: int) -> int:
        rows = list(self._connection.rows(_SOME_EXPUNGED, mailbox=mailbox, count=limit))
        self._connection.run_many(
            _FORGET_EXPUNGED,
            ({"mailbox": mailbox, "modseq": m, "uid": uid} for m, uid in rows),
        )
        return len(rows)

    def record_expunged(self, rows: Iterable[tuple[int, int, int, int]]) -> None:
        self._connection.run_many(
            _RECORD_EXPUNGED,
            (
                {"mailbox_id": mailbox, "uid": uid, "modseq": modseq, "item": item}
                for mailbox, uid, modseq, item in rows
            ),
        )


def _mailbox(row: Row) -> Mailbox:
    return Mailbox(
        id=row[0],
        account=row[1],
        name=row[2],
        uid_validity=row[4],
        uid_next=row[5],
        highest_modseq=row[6],
        messages=row[7],
        unseen=row[8],
        octets=row[9],
    )
