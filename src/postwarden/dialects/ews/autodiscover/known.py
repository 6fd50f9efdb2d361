"""Whom autodiscover knows, and where they are sent."""

from postwarden.dialects.ews import acting
from postwarden.dialects.ews.house import House
from postwarden.dialects.kit.requests import Request
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Forbidden, Invalid, NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import UnitOfWork

PATH = "/EWS/Exchange.asmx"


async def account_at(house: House, actor: Actor, name: str) -> Account | None:
    """Return the mailbox that an address has for the actor, None if it has none."""
    try:
        return await house.store.peek(_account, actor, name)
    except (Forbidden, Invalid, NotFound):
        return None


def _account(uow: UnitOfWork, actor: Actor, name: str) -> Account:
    if actor.account is not None:
        if not acting.is_own(actor, name):
            raise NotFound("account", name)
        return access.mailbox_owner(uow, actor, actor.account)
    access.require(actor, Permission.ACCOUNT_LOG_IN_AS)
    return access.account(uow, actor, Address.parse(name))


def url(house: House, request: Request) -> str:
    """Return where EWS is: as it is set, else at the host that the client asked."""
    scheme = "https" if request.encrypted else "http"
    host = request.headers.get("host", "localhost")
    return (house.url or f"{scheme}://{host}") + PATH
