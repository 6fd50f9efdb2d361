"""A store with a long past: a large ledger over many messages, built in bulk.

Each message went to several recipients; the words of its subject are indexed. Rows go
in by statements over whole ranges of messages, on the connection of the adapter: one
by one through the ports ten million of them take an hour.
"""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.fixtures import DOMAIN, opened, user
from bench.mails import Mails
from postwarden.adapters.sql import tables
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.adapters.sql.statements import Prepared, instant
from postwarden.bootstrap import Platform
from postwarden.model.ledger import Event
from postwarden.model.messages import NewMessage, SearchText
from postwarden.model.networks import ip_key
from postwarden.model.queries import word_line
from postwarden.services.ingest import new_message
from postwarden.services.ports import UnitOfWork

EVENTS_EACH = 20  # of one message: it was received, and delivered to the others
_WORDS = 3  # of a subject
_MESSAGES_OF_A_WORD = 15
_CHUNK = 5000  # messages per transaction
_BEGAN = datetime(2025, 11, 1, tzinfo=UTC)
_YEAR = timedelta(days=365)
_CLIENT = "192.0.2.7"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How long the past is: `events`, in equal parts to each of `recipients`."""

    events: int
    recipients: int

    @property
    def messages(self) -> int:
        return max(self.events // EVENTS_EACH, 1)

    @property
    def words(self) -> int:
        """How many different words subjects have."""
        return max(self.messages * _WORDS // _MESSAGES_OF_A_WORD, _WORDS)

    def message_id(self, number: int) -> str:
        return f"{number}.past@example.net"

    def address(self, number: int) -> str:
        return f"{user(number)}@{DOMAIN}"

    def trace_id(self, number: int) -> str:
        return f"past-{number}"

    def word(self, number: int) -> str:
        return f"w{number:06}"


def build(data: Path, history: History) -> None:
    """Make the store in a new data directory."""
    platform = opened(data, create=True)
    try:
        asyncio.run(_add_messages(platform, history))
    finally:
        platform.close()
    connection = SqliteConnection(data / "postwarden.db", None)
    try:
        # It is built anew after a power cut, so it need not survive one.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        for after in range(0, history.messages, _CHUNK):
            connection.run(_deliveries(history), after=after, up_to=after + _CHUNK)
    finally:
        connection.close()


async def _add_messages(platform: Platform, history: History) -> None:
    sample = Mails(2048).next()
    scanned = replace(
        new_message(hashlib.sha256(sample).digest(), sample), header=b"", envelope=b""
    )
    chance = random.Random(3)
    for start in range(0, history.messages, _CHUNK):
        chunk = range(start, min(start + _CHUNK, history.messages))
        new = [_message(scanned, history, number, chance) for number in chunk]
        ids = await platform.store.transact(_add, new)
        texts = [
            _text(message, row.subject) for message, row in zip(ids, new, strict=True)
        ]
        await platform.search.add(texts, ids[-1])


def _message(
    scanned: NewMessage, history: History, number: int, chance: random.Random
) -> NewMessage:
    token = hashlib.sha256(f"past {number}".encode()).digest()
    words = (history.word(chance.randrange(history.words)) for _ in range(_WORDS))
    return replace(
        scanned,
        sha256=token,
        message_id=history.message_id(number),
        subject=" ".join(words),
        fingerprint=hashlib.sha256(b"f" + token).digest(),
        content_fingerprint=hashlib.sha256(b"c" + token).digest(),
    )


def _text(message: int, subject: str) -> SearchText:
    return SearchText(
        message=message,
        subject=word_line(subject),
        body="",
        author="",
        header_to="",
        cc="",
        filenames="",
    )


def _add(uow: UnitOfWork, new: Sequence[NewMessage]) -> list[int]:
    return [uow.messages.add(each).id for each in new]


def _deliveries(history: History) -> Prepared:
    """Return the statement that writes what happened to a range of messages."""
    _m = tables.messages.c
    steps = sa.select(sa.literal(0).label("n")).cte("steps", recursive=True)
    more = sa.select(steps.c.n + 1).where(steps.c.n < EVENTS_EACH - 1)
    steps = steps.union_all(more)
    number = (_m.id * EVENTS_EACH + steps.c.n) % history.recipients
    name = sa.func.printf(sa.literal("u%07d"), number)
    apart = _YEAR // history.messages
    is_first = steps.c.n == 0
    values = {
        "time": instant(_BEGAN) + _m.id * (apart // timedelta(microseconds=1)),
        "event": sa.case((is_first, Event.RECEIVE.value), else_=Event.DELIVER.value),
        "trace_id": sa.literal("past-") + sa.cast(_m.id - 1, sa.Text),
        "message": _m.id,
        "reverse_path": sa.literal("ada@example.net"),
        "reverse_key": sa.literal("example.net/ada"),
        "forward_path": name + f"@{DOMAIN}",
        "forward_key": sa.literal(f"{DOMAIN}/") + name,
        "account_id": number + 1,
        "mailbox": sa.literal("INBOX"),
        "mailbox_key": sa.literal("inbox"),
        "client_ip": sa.literal(_CLIENT),
        "client_key": sa.literal(ip_key(_CLIENT), sa.LargeBinary),
        "source": sa.literal("smtp"),
        "detail": sa.literal(""),
    }
    rows = sa.select(*values.values()).select_from(
        tables.messages.join(steps, sa.true())
    )
    wanted = rows.where(_m.id > sa.bindparam("after"), _m.id <= sa.bindparam("up_to"))
    return Prepared(sa.insert(tables.ledger).from_select([*values], wanted))
