"""The audit log and inventories."""

from postwarden.dialects.native.answers import Listed, One
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import aware, domain_or_none, given
from postwarden.dialects.native.schemas import AuditQuery, InDomain
from postwarden.dialects.native.shapes import inventory as rows
from postwarden.dialects.native.shapes import operations as shapes
from postwarden.model.permissions import Permission
from postwarden.services import audit as service
from postwarden.services import inventory as holdings
from postwarden.services.audit import verification

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


@audit.get("/audit/verification", Permission.AUDIT_READ)
async def verify_audit(call: Call) -> One[shapes.VerdictShape]:
    """Follow the chain of hashes from the first entry to the newest.

    What was cut off at the end shows only against a head that is kept elsewhere:
    compare `entries` and `hash` with it.
    """
    verdict = await verification.verify(call.house.store, call.actor)
    return One(shapes.verdict(verdict), is_versioned=False)


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
