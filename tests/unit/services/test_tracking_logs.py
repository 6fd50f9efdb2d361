"""Who sees what of imported logs, and what leaves in a log that is written."""

from typing import Any

import pytest

from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden
from postwarden.model.ledger import Event
from postwarden.model.queries import parse
from postwarden.services import tracing
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.tracking_logs import exporting, importing
from postwarden.wire.tracking_log import Row
from tests.support.factories import ADA, BOB, NOW, Clock, ledger_event, message
from tests.support.tracking import organisation, row
from tests.unit.services.cases.actors import of_domains

HEIDI = of_domains("example.org")


def rows_of(*rows: dict[str, str]) -> list[Row]:
    filled = [{k: v for k, v in each.items() if v} for each in rows]
    return [Row(n, NOW, each) for n, each in enumerate(filled, 1)]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(clock=Clock())


async def export(store: Store, actor: Actor, query: str) -> list[exporting.Fields]:
    def found(uow: UnitOfWork) -> list[int]:
        return list(tracing.trace(uow, actor, parse(query, now=NOW), {}))

    events = await store.read(found)
    pages = [page async for page in exporting.pages(store, actor, events)]
    return [fields for page in pages for fields in page]


async def test_who_manages_some_domains_imports_no_log(store: Store) -> None:
    rows = rows_of(row(NOW, "SEND", "ada@example.org"))
    with pytest.raises(Forbidden):
        await store.transact(importing.file, HEIDI, rows, "tracking-log")


async def test_one_sees_events_of_recipients_in_ones_domains_and_no_others(
    store: Store,
) -> None:
    servers = organisation(NOW)
    rows = rows_of(*(each for rows in servers.values() for each in rows))
    await store.transact(importing.file, OPERATOR, rows, "tracking-log")
    mixed = row(
        NOW,
        "SEND",
        *("ada@example.org", "eve@example.net"),
        recipient_status="250 for ada;250 for eve",
        related_recipient_address="list@example.net",
        source_context="eve",
        custom_data="S:To=eve@example.net",
    )
    await store.transact(importing.file, OPERATOR, rows_of(mixed), "tracking-log")

    seen = await export(store, HEIDI, "all")

    away = {e["event-id"] for e in seen if "elsewhere" in e["recipient-address"]}
    assert away == {"REDIRECT"}  # of carl, who is there
    (last,) = [each for each in seen if "for ada" in each.get("recipient-status", "")]
    assert last["recipient-address"] == "ada@example.org"
    assert last["recipient-status"] == "250 for ada"
    assert last["recipient-count"] == "1"
    hidden = {"related-recipient-address", "source-context", "custom-data"}
    assert hidden.isdisjoint(last)
    assert len(await export(store, of_domains("nowhere.example"), "all")) == 0


async def test_what_happens_here_is_told_in_exchanges_words(store: Store) -> None:
    def write(uow: UnitOfWork) -> None:
        number = uow.messages.add(message("m", size=7)).id
        received: dict[str, Any] = {
            "message": number,
            "has_envelope": True,
            "client_ip": "192.0.2.7",
        }
        uow.ledger.record(
            [
                ledger_event(source="smtp", forward_path=ADA, **received),
                ledger_event(source="smtp", forward_path=BOB, **received),
                ledger_event(
                    Event.EXPAND,
                    message=number,
                    forward_path=BOB,
                    source="smtp",
                    detail="ada@example.org, x@example.net",
                ),
                ledger_event(Event.CONTAIN, message=number, source="case", detail="c"),
            ]
        )

    await store.transact(write)
    received, expanded, contained = await export(store, OPERATOR, "all")

    assert received == {
        "date-time": "2026-11-21T12:00:00.000Z",
        "client-ip": "192.0.2.7",
        "source": "SMTP",
        "event-id": "RECEIVE",
        "message-id": "<m@example.org>",
        "network-message-id": "trace1",
        "recipient-address": "ada@example.org;bob@example.org",
        "total-bytes": "7",
        "recipient-count": "2",
        "message-subject": "m",
        "return-path": "<>",
        "directionality": "Incoming",
        "original-client-ip": "192.0.2.7",
        "custom-data": "S:Source=smtp;S:Sha256=" + message("m").sha256.hex(),
    }
    assert expanded["related-recipient-address"] == "bob@example.org"
    assert expanded["recipient-address"] == "ada@example.org;x@example.net"
    assert (contained["event-id"], contained["source"]) == ("CONTAIN", "ADMIN")
    assert contained["recipient-status"] == "c"


async def test_a_row_twice_in_one_batch_is_filed_once(store: Store) -> None:
    rows = rows_of(*[row(NOW, "SEND", "ada@example.org")] * 2)
    new = await store.transact(importing.file, OPERATOR, rows, "tracking-log")
    assert new == rows[:1]
    assert len(await export(store, OPERATOR, "all")) == 1


async def test_mail_without_a_network_message_id_is_found_by_its_message_id(
    store: Store,
) -> None:
    old = row(NOW, "SEND", "ada@example.org", network_message_id="", message_id="<1@x>")
    bare = row(NOW, "LOAD", network_message_id="", message_id="")
    await store.transact(importing.file, OPERATOR, rows_of(old, bare), "tracking-log")

    assert len(await export(store, OPERATOR, "message-id:<1@x>")) == 1
    assert len(await export(store, OPERATOR, "event:LOAD")) == 1
