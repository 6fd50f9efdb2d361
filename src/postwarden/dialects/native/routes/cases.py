"""Cases: open, preview, approve, run, verify, undo."""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from msgspec import UNSET

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.native.answers import Listed, One, Raw, Streamed, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.queries import read_query
from postwarden.dialects.native.references import given, number
from postwarden.dialects.native.schemas.cases import (
    Arming,
    CaseEdit,
    NewCase,
    PlanApproval,
    Preview,
    UndoOrder,
)
from postwarden.dialects.native.schemas.fields import Paging, Reasoned, Writing
from postwarden.dialects.native.shapes import cases as shapes
from postwarden.dialects.native.shapes import reports
from postwarden.dialects.native.shapes.mail import copy
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import CaseState, MatchClass, Plan
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope
from postwarden.model.tasks import Task
from postwarden.services.cases import (
    approving,
    arming,
    closing,
    evidence,
    opening,
    previewing,
    reading,
    reporting,
    running,
    undoing,
    verifying,
)
from postwarden.services.cases.elsewhere import verifying as everywhere
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork

cases = Operations("Cases")

_SHOWN = 1000  # residual copies that a verification lists; it counts them all
_FIRST = {"case": "1"}
_AT_WORK = {CaseState.RUNNING.value, CaseState.UNDOING.value}


@cases.get("/cases", Permission.CASE_READ)
async def list_cases(call: Call, query: Paging) -> Listed[shapes.CaseShape]:
    """List all cases, oldest first."""
    return await call.page(
        query,
        lambda uow, after, limit: reading.page(uow, call.actor, after, limit),
        first=0,
        key=lambda case: case.id,
        shape=shapes.case,
    )


@cases.post(
    "/cases",
    Permission.CASE_OPEN,
    example=Example(body={"query": "from:ada@example.org", "reason": "phishing"}),
)
async def open_case(
    call: Call, query: Writing, body: NewCase
) -> Written[shapes.CaseShape]:
    """Open a case over what a query finds. Nothing is touched before it runs."""
    asked = await read_query(call, body.query, Scope.CASE, field="query")
    return await call.write(
        lambda uow: shapes.case(
            opening.open_case(
                uow, call.actor, asked.query, reason=body.reason, ticket=body.ticket
            )
        ),
        at=lambda shape: ("cases", shape["case"]),
    )


@cases.get("/cases/{case}", Permission.CASE_READ, example=Example(variables=_FIRST))
async def show_case(call: Call, case: str) -> One[shapes.CaseStatusShape]:
    """Show a case, its newest plan in numbers, and what became of the items."""
    return await call.one(_status, call, number(case, "case"))


def _status(uow: UnitOfWork, call: Call, case: int) -> shapes.CaseStatusShape:
    return shapes.status(_seen(uow, call, case))


def _seen(uow: UnitOfWork, call: Call, case: int) -> reading.Status:
    return reading.status(uow, call.actor, case, call.house.rules)


@cases.patch(
    "/cases/{case}",
    Permission.CASE_OPEN,
    example=Example(variables=_FIRST, body={"query": "from:ada@example.org news"}),
)
async def edit_case(
    call: Call, case: str, query: Writing, body: CaseEdit
) -> Written[shapes.CaseShape]:
    """Give a case that has not acted yet another query; its plan is void then."""
    edited = number(case, "case")
    asked = await read_query(call, body.query, Scope.CASE, field="query")
    return await call.write(
        lambda uow: shapes.case(opening.edit(uow, call.actor, edited, asked.query)),
        current=lambda uow: _status(uow, call, edited),
    )


@cases.post(
    "/cases/{case}/preview",
    Permission.CASE_OPEN,
    status=200,
    example=Example(variables=_FIRST, body={}),
)
async def preview_case(
    call: Call, case: str, query: Writing, body: Preview
) -> Written[shapes.PreviewedShape]:
    """Freeze a plan: every copy it would act on, sealed by a SHA-256."""
    previewed = number(case, "case")
    wanted = previewing.Wanted(
        action=body.action,
        include=frozenset(map(MatchClass, body.include)),
        exclude=tuple(body.exclude),
        exclude_items=tuple(body.exclude_items),
        include_sent=body.include_sent,
        notice=body.notice,
        systems=tuple(body.systems),
    )

    def finish(uow: UnitOfWork, plan: Plan) -> shapes.PreviewedShape:
        made = previewing.finish(uow, call.actor, plan)
        return shapes.previewed(_seen(uow, call, previewed), made)

    return await call.write_after(
        lambda: previewing.draft(
            call.house.store,
            call.actor,
            previewed,
            call.house.rules,
            wanted,
            keep=not call.dry_run,
            outside=call.house.outside,
        ),
        finish,
        current=lambda uow: _status(uow, call, previewed),
    )


@cases.get(
    "/cases/{case}/items", Permission.CASE_READ, example=Example(variables=_FIRST)
)
async def list_case_items(
    call: Call, case: str, query: Paging
) -> Listed[shapes.ItemShape]:
    """List the copies of a case's newest plan, and what became of each."""
    listed = number(case, "case")
    plan = await call.read(reading.newest_plan, call.actor, listed)
    return await call.page(
        query,
        lambda uow, after, limit: reading.items_page(
            uow, call.actor, listed, plan.id, after=after, limit=limit
        ),
        first=0,
        key=lambda item: item.item,
        shape=lambda item: shapes.item(plan, item),
        total=lambda _: plan.copies + plan.excluded,
    )


@cases.post(
    "/cases/{case}/approve",
    Permission.CASE_APPROVE,
    status=200,
    example=Example(variables=_FIRST, body={"plan": "PLAN"}),
)
async def approve_case(
    call: Call, case: str, query: Writing, body: PlanApproval
) -> Written[shapes.CaseShape]:
    """Approve exactly one plan; the approval expires after a while."""
    approved, digest = number(case, "case"), bytes.fromhex(body.plan)
    return await call.write(
        lambda uow: shapes.case(
            approving.approve(
                uow,
                call.actor,
                approved,
                digest,
                call.house.rules,
                break_glass=given(body.break_glass),
            )
        ),
        current=lambda uow: _status(uow, call, approved),
    )


@cases.post(
    "/cases/{case}/review",
    Permission.CASE_APPROVE,
    status=200,
    example=Example(variables={"case": "4"}, body={"reason": "it was justified"}),
)
async def review_case(
    call: Call, case: str, query: Writing, body: Reasoned
) -> Written[shapes.ReviewShape]:
    """Review what somebody else approved by breaking the glass."""
    reviewed = number(case, "case")
    return await call.write(
        lambda uow: shapes.review(
            reviewed, approving.review(uow, call.actor, reviewed, reason=body.reason)
        ),
        current=lambda uow: _status(uow, call, reviewed),
    )


@cases.post(
    "/cases/{case}/run",
    Permission.CASE_RUN,
    status=202,
    example=Example(variables={"case": "2"}),
)
async def run_case(
    call: Call, case: str, query: Writing
) -> Written[shapes.CaseTaskShape]:
    """Run the approved plan, as a task."""
    return await _set_going(call, number(case, "case"), running.begin)


async def _set_going(
    call: Call,
    case: int,
    begin: Callable[[UnitOfWork, Actor, int, CaseRules], Task | None],
) -> Written[shapes.CaseTaskShape]:
    """Check a plan, and make its run a task."""
    store, rules = call.house.store, call.house.rules

    def go(uow: UnitOfWork, _: None) -> shapes.CaseTaskShape:
        task = begin(uow, call.actor, case, rules)
        return shapes.case_task(_seen(uow, call, case).case, task)

    return await call.write_after(
        lambda: running.check(store, call.actor, case),
        go,
        current=lambda uow: _status(uow, call, case),
        at=_task_of,
    )


def _task_of(shape: shapes.CaseTaskShape) -> tuple[str, object] | None:
    return None if shape["task"] is None else ("tasks", shape["task"])


@cases.post(
    "/cases/{case}/stop",
    Permission.CASE_RUN,
    status=200,
    example=Example(variables={"case": "5"}),
)
async def stop_case(call: Call, case: str, query: Writing) -> Written[shapes.CaseShape]:
    """Stop a run or an undo before its next batch; what is done stays done."""
    stopped = number(case, "case")
    return await call.write(
        lambda uow: shapes.case(running.stop(uow, call.actor, stopped)),
        current=lambda uow: _status(uow, call, stopped),
    )


@cases.post(
    "/cases/{case}/resume",
    Permission.CASE_RUN,
    status=202,
    example=Example(variables={"case": "6"}),
)
async def resume_case(
    call: Call, case: str, query: Writing
) -> Written[shapes.CaseTaskShape]:
    """Let a stopped run go on; its approval must not have expired."""
    return await _set_going(call, number(case, "case"), running.go_on)


@cases.get(
    "/cases/{case}/verification",
    Permission.CASE_READ,
    example=Example(variables=_FIRST),
)
async def verify_case(call: Call, case: str) -> One[shapes.VerificationShape]:
    """Search everywhere again; `items` are the first thousand that are left."""
    verified = number(case, "case")
    seen = await everywhere.verify(
        call.house.store, call.actor, verified, call.house.outside
    )
    residual = seen.residual
    left = await call.read(verifying.residual_facts, residual.copies[:_SHOWN])
    items = [copy(each, residual.class_of[each.id]) for each in left]
    shape = shapes.verification(verified, seen, items, limit=_SHOWN)
    return One(shape, is_versioned=False)


@cases.get(
    "/cases/{case}/report", Permission.CASE_READ, example=Example(variables=_FIRST)
)
async def report_case(call: Call, case: str) -> One[reports.ReportShape]:
    """Tell who had the mail, what they did with it, and for how long; worst first."""
    reported = number(case, "case")
    made = await reporting.report(call.house.store, call.actor, reported)
    return One(reports.report(made), is_versioned=False)


@cases.post(
    "/cases/{case}/export",
    Permission.CASE_EXPORT,
    status=200,
    example=Example(variables={"case": "3"}),
)
async def export_case(call: Call, case: str) -> Raw[Literal["application/zip"]]:
    """Export the evidence of a case, signed: mails, where they lay, ledger, audit.

    The archive is sent while it is made; unpacked, `postwarden case check` proves that
    it is whole and unaltered on any machine. One that ends too soon cannot be opened.
    """
    exported, house = number(case, "case"), call.house
    await call.read(evidence.exportable, call.actor, exported)  # before the status
    pieces = house.package().pieces(
        lambda sink: evidence.export(
            house.store, house.blobs, sink, call.actor, exported
        )
    )
    name = f'attachment; filename="case-{exported}.zip"'
    headers = {"content-disposition": name}
    return Raw(Answer(body=pieces, media_type="application/zip", headers=headers))


@cases.post(
    "/cases/{case}/undo",
    Permission.CASE_UNDO,
    status=202,
    example=Example(variables={"case": "3"}, body={}),
)
async def undo_case(
    call: Call, case: str, query: Writing, body: UndoOrder
) -> Written[shapes.CaseTaskShape]:
    """Put back what a case removed, as a task."""
    undone = number(case, "case")
    accounts = [Address.parse(text) for text in body.accounts]
    to = None if body.to is UNSET else Address.parse(body.to)

    def undo(uow: UnitOfWork) -> shapes.CaseTaskShape:
        task = undoing.start(uow, call.actor, undone, accounts, to)
        return shapes.case_task(_seen(uow, call, undone).case, task)

    return await call.write(
        undo, current=lambda uow: _status(uow, call, undone), at=_task_of
    )


@cases.get(
    "/cases/{case}/undo", Permission.CASE_READ, example=Example(variables=_FIRST)
)
async def show_undo(call: Call, case: str) -> One[shapes.UndoShape]:
    """Show how many copies of a case are back, and how many could not be returned."""
    undone = number(case, "case")
    seen = await call.read(reading.undone, call.actor, undone)
    return One(shapes.undo(undone, seen), is_versioned=False)


@cases.post(
    "/cases/{case}/close",
    Permission.CASE_RUN,
    status=202,
    example=Example(variables={"case": "3"}),
)
async def close_case(
    call: Call, case: str, query: Writing
) -> Written[shapes.CaseTaskShape]:
    """End a case: contained copies get their retention clock, undo is over."""
    closed = number(case, "case")
    return await call.write(
        lambda uow: shapes.case_task(*closing.close(uow, call.actor, closed)),
        current=lambda uow: _status(uow, call, closed),
        at=_task_of,
    )


@cases.post(
    "/cases/{case}/arm",
    Permission.CASE_RUN,
    example=Example(variables={"case": "3"}, body={"hours": 24}),
)
async def arm_case(
    call: Call, case: str, query: Writing, body: Arming
) -> Written[shapes.ArmedRuleShape]:
    """Catch late copies as they are delivered, for some hours."""
    armed, lasts = number(case, "case"), timedelta(hours=body.hours)

    def arm(uow: UnitOfWork) -> shapes.ArmedRuleShape:
        rule = arming.arm(uow, call.actor, armed, call.house.rules, lasts)
        return shapes.armed_rule(rule, rule.armed_at)

    return await call.write(arm, current=lambda uow: _status(uow, call, armed))


@cases.post(
    "/cases/{case}/disarm",
    Permission.CASE_RUN,
    status=200,
    example=Example(variables={"case": "7"}),
)
async def disarm_case(
    call: Call, case: str, query: Writing
) -> Written[shapes.DisarmedShape]:
    """Let late copies through again."""
    disarmed = number(case, "case")
    return await call.write(
        lambda uow: shapes.disarmed(disarmed, arming.disarm(uow, call.actor, disarmed)),
        current=lambda uow: _status(uow, call, disarmed),
    )


@cases.get(
    "/cases/{case}/events", Permission.CASE_READ, example=Example(variables=_FIRST)
)
async def watch_case(call: Call, case: str) -> Streamed[shapes.RunShape]:
    """Hear of a case's progress as server-sent events, until it is at rest."""
    watched = number(case, "case")
    return await call.events(
        lambda uow: shapes.run(_seen(uow, call, watched)),
        is_over=lambda shape: shape["state"] not in _AT_WORK,
    )
