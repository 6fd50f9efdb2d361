"""Holds: what they protect is not destroyed by anybody."""

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.queries import parse_query
from postwarden.dialects.native.references import number
from postwarden.dialects.native.schemas.cases import NewHold
from postwarden.dialects.native.schemas.fields import (
    MAX_PAGE,
    Paging,
    Reasoned,
    Writing,
)
from postwarden.dialects.native.shapes import holds as shapes
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.holds import HeldAccount
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope
from postwarden.services import holds as service
from postwarden.services.ports import UnitOfWork

holds = Operations("Holds")

_FIRST = {"hold": "1"}


@holds.get("/holds", Permission.HOLD_READ)
async def list_holds(call: Call, query: Paging) -> Listed[shapes.HoldShape]:
    """List all holds, released ones included, oldest first."""
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow, call.actor, after=after, limit=limit
        ),
        first=0,
        key=lambda hold: hold.id,
        shape=shapes.hold,
    )


@holds.post(
    "/holds",
    Permission.HOLD_CREATE,
    status=202,
    example=Example(body={"account": "ada@example.org", "reason": "litigation"}),
)
async def create_hold(
    call: Call, query: Writing, body: NewHold
) -> Written[shapes.HoldTaskShape]:
    """Hold what matches, and what matches as it arrives; a task marks what is there."""
    new = service.NewHold(
        query=None
        if body.query is None
        else parse_query(call, body.query, Scope.HOLD, field="query"),
        account=None if body.account is None else Address.parse(body.account),
        case=body.case,
        name=body.name,
        reason=body.reason,
    )
    return await call.write(
        lambda uow: shapes.with_task(*service.create(uow, call.actor, new)),
        at=lambda shape: ("tasks", shape["task"]),
    )


@holds.get("/holds/{hold}", Permission.HOLD_READ, example=Example(variables=_FIRST))
async def show_hold(call: Call, hold: str) -> One[shapes.WholeHoldShape]:
    """Show a hold and how much it holds."""
    return await call.one(_shown, call.actor, number(hold, "hold"))


def _shown(uow: UnitOfWork, actor: Actor, hold: int) -> shapes.WholeHoldShape:
    return shapes.whole(*service.extent(uow, actor, hold))


@holds.get(
    "/holds/{hold}/accounts", Permission.HOLD_READ, example=Example(variables=_FIRST)
)
async def list_held_accounts(
    call: Call, hold: str, query: Paging
) -> Listed[shapes.HeldAccountShape]:
    """List the accounts in which a hold holds something, and how much."""
    held = number(hold, "hold")
    return await call.page(
        query,
        lambda uow, after, limit: service.extent_by_account(
            uow, call.actor, held, after=after, limit=limit
        ),
        first=0,
        key=lambda each: each.account,
        shape=shapes.held_account,
    )


@holds.get(
    "/holds/{hold}/report", Permission.HOLD_READ, example=Example(variables=_FIRST)
)
async def report_hold(call: Call, hold: str) -> One[shapes.HoldReportShape]:
    """Show what a hold protects: how much, in which state, in which accounts."""
    held = number(hold, "hold")
    extent = await call.read(service.extent, call.actor, held)
    accounts: list[HeldAccount] = []
    while page := await call.read(
        service.extent_by_account,
        call.actor,
        held,
        after=accounts[-1].account if accounts else 0,
        limit=MAX_PAGE,
    ):
        accounts += page
    return One(shapes.report(*extent, accounts), is_versioned=False)


@holds.post(
    "/holds/{hold}/release",
    Permission.HOLD_RELEASE,
    status=202,
    example=Example(variables=_FIRST, body={"reason": "the dispute is settled"}),
)
async def release_hold(
    call: Call, hold: str, query: Writing, body: Reasoned
) -> Written[shapes.HoldTaskShape]:
    """Let go of what a hold holds; a task takes the marks off."""
    released = number(hold, "hold")
    return await call.write(
        lambda uow: shapes.with_task(
            *service.release(uow, call.actor, released, reason=body.reason)
        ),
        current=lambda uow: _shown(uow, call.actor, released),
        at=lambda shape: ("tasks", shape["task"]),
    )
