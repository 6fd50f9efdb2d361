"""Exporting a case: the mails, where they lay, and all that was done.

The package stands for itself: `postwarden case check` needs nothing else.
"""

import csv
import io
import json
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Protocol

import postwarden
from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry
from postwarden.model.audit import facts as audit_facts
from postwarden.model.audit_heads import head_facts
from postwarden.model.cases import Case, Plan, PlanItem
from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.ledger import LedgerRow
from postwarden.model.mailboxes import flag_names
from postwarden.model.permissions import Permission
from postwarden.services import access, audit, holds
from postwarden.services.audit.anchoring import sign_head
from postwarden.services.cases import history, reach
from postwarden.services.cases.outcomes import has_run
from postwarden.services.ports import Blobs, Signer, Store, UnitOfWork

COPIES = (
    *("item", "system", "account", "mailbox", "uid", "flags", "internal_date", "size"),
    *("sha256", "message_id", "class", "hold", "action", "outcome", "reason"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class EvidenceSink(Protocol):
    """Where a package is written; names are relative, with `/` between levels."""

    @property
    def signer(self) -> Signer:
        """Who signs the manifest."""
        ...

    async def add(self, name: str, content: bytes) -> None: ...

    async def stream(self, name: str, content: AsyncIterator[bytes]) -> None: ...

    async def finish(self) -> bytes:
        """Write and sign the manifest, all durable; return its SHA-256."""
        ...


class EvidenceArchive(EvidenceSink, Protocol):
    """A package in one file, sent while it is made."""

    def pieces(
        self, make: Callable[[EvidenceSink], Awaitable[object]]
    ) -> AsyncGenerator[bytes, None]:
        """Yield the archive as `make` fills it; what `make` raises is raised here."""
        ...


async def export(
    store: Store, blobs: Blobs, sink: EvidenceSink, actor: Actor, case_id: int
) -> bytes:
    """Write the evidence of a case; return the manifest's SHA-256.

    `case.json` says who signs the manifest, has the head of the audit log, and names
    as `destroyed` the messages whose content was destroyed for good.

    Raises NotFound for an unknown case, Unavailable when content is damaged.
    """
    case = await store.transact(_record_export, actor, case_id)
    plans, facts = await store.read(_describe, case_id)
    searcher = reach.searcher(actor, case)
    seen: dict[bytes, None] = {}
    await sink.stream("copies.csv", _copies(store, plans, seen))
    destroyed: list[str] = []
    for sha256 in seen:
        content = await _content(store, blobs, sha256)
        if content is None:
            destroyed.append(sha256.hex())
        else:
            await sink.add(f"messages/{sha256.hex()}.eml", content)
    await sink.stream("ledger.jsonl", _ledger(store, searcher, list(seen)))
    await sink.stream("audit.jsonl", _audit(store, case))
    head = await sign_head(store, sink.signer)
    facts = {
        **facts,
        "destroyed": destroyed,
        "signed_by": sink.signer.public_key().hex(),
        "audit_head": head and head_facts(head),
    }
    await sink.add("case.json", json.dumps(facts, indent=2, sort_keys=True).encode())
    return await sink.finish()


async def _content(store: Store, blobs: Blobs, sha256: bytes) -> bytes | None:
    try:
        return await blobs.get(sha256)
    except NotFound as error:
        if await store.read(_is_emptied, sha256):
            return None
        # The store has the message: that its content is not there is damage.
        raise Unavailable(f"content {sha256.hex()} is missing") from error


def _is_emptied(uow: UnitOfWork, sha256: bytes) -> bool:
    message = uow.messages.find(sha256)
    return message is not None and message.is_emptied


def exportable(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    """Return a case whose evidence the actor may have; raises NotFound, Forbidden."""
    access.require(actor, Permission.CASE_EXPORT)
    return reach.case(uow, actor, case_id)


def _record_export(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    case = exportable(uow, actor, case_id)
    audit.record(
        uow,
        actor,
        "case.export",
        f"case {case_id}",
        after={"state": case.state.value},
        domains=case.domains,
    )
    return case


def _describe(uow: UnitOfWork, case_id: int) -> tuple[list[Plan], Mapping[str, object]]:
    case = uow.cases.get(case_id)
    plans = [plan for plan in uow.cases.plans_of(case_id) if _counts(uow, case, plan)]
    return (
        plans,
        {
            "case": case.id,
            "state": case.state.value,
            "query": case.query,
            "reason": case.reason,
            "ticket": case.ticket,
            "opened_by": case.opened_by,
            "opened_at": stamp(case.opened_at),
            "domains": case.domains,
            "exported_at": stamp(uow.now),
            "postwarden": postwarden.__version__,
            "plans": [_plan(uow, plan) for plan in plans],
            "approvals": [
                {
                    "plan": each.plan_sha256.hex(),
                    "actor": each.actor,
                    "approved_at": stamp(each.approved_at),
                    "expires_at": stamp(each.expires_at),
                    "break_glass": each.break_glass,
                    "reviewed_by": each.reviewed_by,
                    "reviewed_at": each.reviewed_at and stamp(each.reviewed_at),
                    "review": each.review,
                }
                for each in uow.cases.approvals(case_id)
            ],
            "late_arrivals": [
                {
                    "rule": each.id,
                    "armed_by": each.armed_by,
                    "armed_at": stamp(each.armed_at),
                    "until": stamp(each.until),
                    "ended_at": each.ended_at and stamp(each.ended_at),
                    "caught": each.caught,
                }
                for each in uow.arming.of_case(case_id)
            ],
        },
    )


def _counts(uow: UnitOfWork, case: Case, plan: Plan) -> bool:
    """Whether a plan belongs to the evidence: it is the newest, or it has run."""
    return plan.id == case.plan or has_run(uow.cases.outcomes(plan.id))


def _plan(uow: UnitOfWork, plan: Plan) -> Mapping[str, object]:
    return {
        "sha256": plan.sha256.hex() if plan.sha256 else None,
        "action": plan.action.value,
        "classes": [each.value for each in plan.classes],
        "created_at": stamp(plan.created_at),
        "created_by": plan.created_by,
        "messages": plan.messages,
        "copies": plan.copies,
        "accounts": plan.accounts,
        "excluded": plan.excluded,
        "exclude": plan.exclude,
        "notice": plan.notice.value,
        "related": plan.related,
        "counts": [asdict(each) for each in plan.counts],
        "clusters": [asdict(each) for each in plan.clusters],
        "traced": plan.traced and asdict(plan.traced),
        "warnings": list(plan.warnings),
        "systems": [asdict(each) for each in plan.parts],
        "outcomes": {k.value: n for k, n in uow.cases.outcomes(plan.id).items()},
    }


async def _copies(
    store: Store, plans: Iterable[Plan], seen: dict[bytes, None]
) -> AsyncIterator[bytes]:
    yield csv_rows([COPIES])
    for plan in plans:
        after = 0
        while items := await store.read(_items, plan.id, after):
            after = items[-1].item
            seen.update(dict.fromkeys(item.sha256 for item in items))
            yield csv_rows(
                [cell(value) for value in item_facts(plan, item).values()]
                for item in items
            )


def _items(uow: UnitOfWork, plan: int, after: int) -> list[PlanItem]:
    return holds.with_holds(uow, uow.cases.items(plan, after=after, limit=1000))


def item_facts(plan: Plan, item: PlanItem) -> dict[str, object]:
    """Return an item as the contract names its fields."""
    return {
        "item": item.item,
        "system": item.system,
        "account": item.address,
        "mailbox": item.mailbox,
        "uid": item.uid if item.remote is None else None,
        "flags": flag_names(item.flags, item.keywords),
        "internal_date": stamp(item.internal_date),
        "size": item.size,
        "sha256": item.sha256.hex(),
        "message_id": item.message_id and f"<{item.message_id}>",
        "class": item.match_class.value,
        "hold": list(item.hold),
        "action": plan.action.value,
        "outcome": item.outcome.value,
        "reason": item.reason,
    }


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows of a CSV file, in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)  # RFC 4180: CRLF between rows
    return text.getvalue().encode()


def cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, list):
        value = " ".join(map(str, value))
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


async def _ledger(
    store: Store, searcher: Actor, sha256s: list[bytes]
) -> AsyncIterator[bytes]:
    async for rows in history.rows(store, searcher, sha256s):
        yield b"".join(_line(event_facts(row)) for row in rows)


def event_facts(row: LedgerRow) -> dict[str, object]:
    """Return a ledger event as the contract names its fields."""
    return {
        "time": stamp(row.time),
        "event": row.event.value,
        "trace_id": row.trace_id,
        "sha256": row.sha256 and row.sha256.hex(),
        "message_id": row.message_id and f"<{row.message_id}>",
        "reverse_path": row.reverse_path,
        "forward_path": row.forward_path,
        "account": row.account,
        "mailbox": row.mailbox,
        "uid": row.uid,
        "size": row.size,
        "subject": row.subject,
        "client_ip": row.client_ip,
        "source": row.source,
        "detail": row.detail,
    }


async def _audit(store: Store, case: Case) -> AsyncIterator[bytes]:
    after = 0
    while entries := await store.read(_audit_of, f"case {case.id}", after):
        after = entries[-1].id
        yield b"".join(_line(audit_facts(entry)) for entry in entries)


def _audit_of(uow: UnitOfWork, name: str, after: int) -> list[AuditEntry]:
    return uow.audit.page(after=after, limit=1000, object=name)


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def stamp(time: datetime) -> str:
    """Return RFC 3339 in UTC."""
    return (
        time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )
