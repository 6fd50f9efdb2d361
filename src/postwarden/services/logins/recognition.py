"""Who comes with a secret, be it a key or the token of a session."""

from postwarden.model.actors import Actor
from postwarden.services import actors
from postwarden.services.logins import sessions
from postwarden.services.ports import Store


async def recognised(
    store: Store,
    secret: str,
    *,
    dialect: str,
    client_ip: str | None = None,
    request_id: str | None = None,
) -> Actor:
    """Return who comes with a secret, and write down that it was used.

    Raises Unauthenticated. This is what an edge calls for each request; it keeps a
    session awake.
    """
    look = sessions.by_token if sessions.is_token(secret) else actors.by_key
    found = await store.peek(
        look, secret, client_ip=client_ip, dialect=dialect, request_id=request_id
    )
    if found.mark is not None:
        await store.transact(found.mark)
    return found.actor
