"""The audit log and inventories."""

import msgspec
from msgspec import UNSET

from postwarden.dialects.native.answers import Listed, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import aware, domain_or_none, given
from postwarden.dialects.native.schemas.administration import AuditCheck, AuditQuery
from postwarden.dialects.native.schemas.fields import InDomain, Writing
from postwarden.dialects.native.shapes import inventory as rows
from postwarden.dialects.native.shapes import operations as shapes
from postwarden.dialects.native.shapes import tasks as tasks_shapes
from postwarden.model.audit_heads import parse_head
from postwarden.model.permissions import Permission
from postwarden.services import audit as service
from postwarden.services import inventory as holdings
from postwarden.services.audit import verifying

audit = Operations("Audit")
inventory = Operations("Inventory")


@audit.get("/audit", Permission.AUDIT_READ, example=Example(query={"limit": "5"}))
async def list_audit(call: Call, query: AuditQuery) -> Listed[shapes.AuditShape]:
    """List administrative acts, oldest first."""
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow,
            call.actor,
            after=after,
            limit=limit,
            by=given(query.actor),
            dialect=given(query.dialect),
            object=given(query.object),
            since=aware(given(query.since)),
        ),
        first=0,
        key=lambda entry: entry.id,
        shape=shapes.audit,
    )


@audit.post(
    "/audit/verification",
    Permission.AUDIT_READ,
    status=202,
    example=Example(body={}),
)
async def verify_audit(
    call: Call, query: Writing, body: AuditCheck
) -> Written[tasks_shapes.TaskShape]:
    """Follow the chain of hashes from the first entry to the newest, as a task.

    The task's `result` is the verdict. What was cut off at the end shows only
    against heads that are kept elsewhere: give them as `anchors`.
    """
    anchors = [parse_head(msgspec.to_builtins(each)) for each in body.anchors]
    key = None if body.public_key is UNSET else bytes.fromhex(body.public_key)
    return await call.write(
        lambda uow: tasks_shapes.task(
            verifying.start(uow, call.actor, anchors=anchors, key=key)
        ),
        at=lambda shape: ("tasks", shape["task"]),
    )


@inventory.get("/inventory/accounts", Permission.DIRECTORY_READ)
async def inventory_accounts(call: Call, query: InDomain) -> Listed[rows.HoldingShape]:
    """List every account, alias and group with all that is known of it."""
    domain = domain_or_none(query.domain)
    return await call.page(
        query,
        lambda uow, after, limit: holdings.accounts(
            uow, call.actor, domain=domain, after=after, limit=limit
        ),
        first="",
        key=lambda holding: holding.key,
        shape=rows.account_json,
    )


@inventory.get("/inventory/lists", Permission.DIRECTORY_READ)
async def inventory_lists(call: Call, query: InDomain) -> Listed[rows.HoldingShape]:
    """List every mailing list with all that is known of it."""
    domain = domain_or_none(query.domain)
    return await call.page(
        query,
        lambda uow, after, limit: holdings.lists(
            uow, call.actor, domain=domain, after=after, limit=limit
        ),
        first="",
        key=lambda holding: holding.key,
        shape=rows.list_json,
    )
