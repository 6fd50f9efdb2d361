"""Rows of other systems' tracking logs in SQL."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Values,
    chunks,
    ids_json,
    insert,
    one_of,
)
from postwarden.model.tracking import LogRow, indexed_line
from postwarden.services.ports.tracking import LoggedEvents

_r = tables.log_rows.c
_t = tables.log_texts.c
_l = tables.ledger.c

_KNOWN = Prepared(sa.select(_r.id).where(_r.digest == sa.bindparam("digest")))
_ADD = Prepared(insert(tables.log_rows))
_TEXT = Prepared(sa.select(_t.id).where(_t.digest == sa.bindparam("digest")))
_ADD_TEXT = Prepared(insert(tables.log_texts))
_ADD_WORDS = Prepared(insert(tables.log_words))
_FIELDS = Prepared(sa.select(_r.id, _r.fields).where(one_of(_r.id, "ids")))
_EVENTS = Prepared(
    sa.select(_l.message, _l.id).where(one_of(_l.message, "messages")).order_by(_l.id)
)

_TEXTS_OF = Prepared(sa.select(_r.subject, _r.sender).where(one_of(_r.id, "ids")))
_has_event = sa.exists().where(_l.message == -_r.id)
_REMOVE = Prepared(sa.delete(tables.log_rows).where(one_of(_r.id, "ids"), ~_has_event))
_UNUSED = Prepared(
    sa.select(_t.id, _t.line).where(
        one_of(_t.id, "ids"),
        ~sa.exists().where(_r.subject == _t.id),
        ~sa.exists().where(_r.sender == _t.id),
    )
)
_REMOVE_WORD = Prepared(
    sa.delete(tables.log_words).where(
        tables.log_words.c.word == sa.bindparam("word"),
        tables.log_words.c.text == sa.bindparam("text"),
    )
)
_REMOVE_TEXT = Prepared(
    sa.delete(tables.log_texts).where(_t.id == sa.bindparam("text"))
)


_JSON = json.JSONEncoder(ensure_ascii=False)


class SqlLogRows:
    """See `services.ports.LogRows`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        one = self._connection.one
        return {each for each in digests if one(_KNOWN, digest=each)}

    def add(self, rows: Sequence[LogRow]) -> list[int]:
        texts = self._texts(
            {text for row in rows for text in (row.subject, row.sender)}
        )
        return self._connection.add_many(_ADD, [_values(row, texts) for row in rows])

    def logged(self, rows: Sequence[int]) -> dict[int, LoggedEvents]:
        found: dict[int, LoggedEvents] = {}
        for chunk in chunks(rows):
            events: dict[int, list[int]] = {each: [] for each in chunk}
            own = ids_json(-each for each in chunk)
            for message, event in self._connection.rows(_EVENTS, messages=own):
                events[-message].append(event)
            for number, fields in self._connection.rows(_FIELDS, ids=ids_json(chunk)):
                found[number] = LoggedEvents(
                    fields=json.loads(fields), events=events[number]
                )
        return found

    def _texts(self, texts: Iterable[str]) -> dict[str, int]:
        """Return the ids of texts; those that are new become findable by words."""
        found: dict[str, int] = {}
        for text in sorted(texts):
            digest = hashlib.sha256(text.encode()).digest()
            known = self._connection.one(_TEXT, digest=digest)
            found[text] = self._new_text(text, digest) if known is None else known[0]
        return found

    def _new_text(self, text: str, digest: bytes) -> int:
        line = indexed_line(text)
        new = {"digest": digest, "text": text, "line": line}
        (number,) = self._connection.add_many(_ADD_TEXT, [new])
        self._connection.run_many(
            _ADD_WORDS, ({"word": word, "text": number} for word in set(line.split()))
        )
        return number


def forget_unused(connection: Connection, rows: Sequence[int]) -> None:
    """Forget those rows that no event stands on, and texts that no row has."""
    ids = ids_json(rows)
    texts = {text for pair in connection.rows(_TEXTS_OF, ids=ids) for text in pair}
    connection.run(_REMOVE, ids=ids)
    for text, line in [*connection.rows(_UNUSED, ids=ids_json(texts))]:
        words = ({"word": word, "text": text} for word in set(line.split()))
        connection.run_many(_REMOVE_WORD, words)
        connection.run(_REMOVE_TEXT, text=text)


def _values(row: LogRow, texts: Mapping[str, int]) -> Values:
    sender = row.sender_address
    return {
        "digest": row.digest,
        "message_id": row.message_id,
        "subject": texts[row.subject],
        "sender": texts[row.sender],
        "sender_key": None if sender is None else sender.key,
        "size": row.size,
        "fields": _JSON.encode(dict(row.fields)),
    }
