"""The vault: where deleted and contained copies wait for their retention to end."""

from msgspec import UNSET

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.queries import read_query
from postwarden.dialects.native.references import given
from postwarden.dialects.native.schemas.cases import Restoring
from postwarden.dialects.native.schemas.fields import Writing
from postwarden.dialects.native.schemas.mail import Tracing
from postwarden.dialects.native.shapes import tasks as tasks_shapes
from postwarden.dialects.native.shapes import vault as shapes
from postwarden.model.addresses import Address
from postwarden.model.permissions import Permission
from postwarden.model.queries import Scope
from postwarden.services import finding, vault_restoring
from postwarden.services import vault as service

vault = Operations("Vault")


@vault.get("/vault", Permission.VAULT_READ, example=Example(query={"filter": "all"}))
async def find_vaulted(call: Call, query: Tracing) -> Listed[shapes.VaultedShape]:
    """List deleted and contained copies that match, and when they are destroyed."""
    asked = await read_query(call, query.filter, Scope.VAULT)
    ids = await call.read(service.find, call.actor, asked.query, asked.similar)
    return await call.found(query, ids, finding.facts, shape=shapes.vaulted)


@vault.post(
    "/vault/restore",
    Permission.VAULT_RESTORE,
    status=202,
    example=Example(body={"query": "from:ada@example.org"}),
)
async def restore_vaulted(
    call: Call, query: Writing, body: Restoring
) -> Written[tasks_shapes.TaskShape]:
    """Put deleted mail back where it lay, as a task."""
    asked = (
        None
        if body.query is UNSET
        else await read_query(call, body.query, Scope.VAULT, field="query")
    )
    wanted = vault_restoring.Wanted(
        query=None if asked is None else asked.query,
        item=given(body.item),
        to=None if body.to is UNSET else Address.parse(body.to),
    )
    return await call.write(
        lambda uow: tasks_shapes.task(vault_restoring.start(uow, call.actor, wanted)),
        at=lambda shape: ("tasks", shape["task"]),
    )


@vault.get("/vault/due", Permission.VAULT_EXPIRE)
async def show_due(call: Call) -> One[shapes.OverdueShape]:
    """Count what an expiry would destroy now, and what holds keep from it."""
    return One(
        shapes.overdue(await call.read(service.due, call.actor)), is_versioned=False
    )


@vault.post("/vault/expire", Permission.VAULT_EXPIRE, status=202)
async def expire_vault(call: Call, query: Writing) -> Written[tasks_shapes.TaskShape]:
    """Destroy what has come to the end of its retention and is not held, as a task."""
    return await call.write(
        lambda uow: tasks_shapes.task(service.expire(uow, call.actor)),
        at=lambda shape: ("tasks", shape["task"]),
    )
