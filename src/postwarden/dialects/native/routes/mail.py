"""Find and trace: where copies lie, and what happened to mail."""

from msgspec import UnsetType

from postwarden.dialects.native.answers import Listed, One
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.queries import read_query
from postwarden.dialects.native.schemas.mail import (
    Counting,
    CountingEvents,
    Finding,
    Tracing,
)
from postwarden.dialects.native.shapes import mail as shapes
from postwarden.model.mailboxes import CopyState
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope
from postwarden.services import finding, tracing

mail = Operations("Mail")

_FROM_ADA = Example(query={"filter": "from:ada@example.org"})


@mail.get("/copies", Permission.MAIL_FIND, example=_FROM_ADA)
async def find(call: Call, query: Finding) -> Listed[shapes.CopyShape]:
    """List the copies that match, where they lie now."""
    asked = await read_query(call, query.filter, Scope.FIND)
    ids = await call.read(
        finding.find,
        call.actor,
        asked.query,
        asked.similar,
        states=_states(query.state),
    )
    return await call.found(
        query,
        ids,
        finding.facts,
        shape=lambda facts: shapes.copy(facts, asked.class_of(facts)),
    )


@mail.get("/copies/count", Permission.MAIL_FIND, example=_FROM_ADA)
async def count_copies(call: Call, query: Counting) -> One[shapes.CountShape]:
    """Count the copies that match, their messages and their accounts."""
    asked = await read_query(call, query.filter, Scope.FIND)
    ids = await call.read(
        finding.find,
        call.actor,
        asked.query,
        asked.similar,
        states=_states(query.state),
    )
    return await call.counted(finding.count, ids)


@mail.get("/ledger", Permission.MAIL_TRACE, example=_FROM_ADA)
async def trace(call: Call, query: Tracing) -> Listed[shapes.EventShape]:
    """Tell what happened to the mail that matches, oldest event first."""
    asked = await read_query(call, query.filter, Scope.TRACE)
    ids = await call.read(tracing.trace, call.actor, asked.query, asked.similar)
    return await call.found(query, ids, tracing.rows, shape=shapes.event)


@mail.get("/ledger/count", Permission.MAIL_TRACE, example=_FROM_ADA)
async def count_events(call: Call, query: CountingEvents) -> One[shapes.CountShape]:
    """Count the messages, copies and accounts that matching events name."""
    asked = await read_query(call, query.filter, Scope.TRACE)
    ids = await call.read(tracing.trace, call.actor, asked.query, asked.similar)
    return await call.counted(tracing.count, ids)


def _states(word: str | UnsetType) -> tuple[CopyState, ...] | None:
    if isinstance(word, UnsetType):
        return None
    return tuple(CopyState) if word == "any" else (CopyState(word),)
