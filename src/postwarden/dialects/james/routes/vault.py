"""The vault of deleted messages (WebAdmin's "Deleted Messages Vault")."""

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.routes.tasks import made
from postwarden.dialects.james.selecting import selected
from postwarden.dialects.kit.asgi import Answer
from postwarden.services import vault as service

vault = Operations()


@vault.delete("/deletedMessages")
async def purge(call: Call) -> Answer:
    """Destroy what has lain in the vault for as long as it is kept, unless held."""
    selected(call, "scope", "expired")
    return made(await call.write(service.expire))
