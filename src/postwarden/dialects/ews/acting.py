"""In whose place a request acts: an owner in his own, an administrator in others'."""

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Forbidden, Invalid, NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access, owners
from postwarden.services.ports import Store, UnitOfWork


async def impersonating(store: Store, actor: Actor, name: str) -> Actor:
    """Return the actor in the place of a mailbox's owner; raises Failed.

    What is not there and what the actor does not manage is said alike.
    """
    if actor.account is not None:
        if is_own(actor, name):
            return actor
        raise Failed(Code.IMPERSONATE_USER_DENIED, _DENIED)
    try:
        return await owners.logged_in_as(store, actor, Address.parse(name))
    except Forbidden as error:
        raise Failed(Code.IMPERSONATE_USER_DENIED, _DENIED) from error
    except (NotFound, Invalid) as error:
        raise _no_mailbox() from error


async def owner_at(store: Store, actor: Actor, name: str | None) -> Actor:
    """Return who acts in the mailbox of an address, None for one's own.

    Raises Failed: somebody else's is no mailbox to an owner.
    """
    if name is None:
        if actor.account is None:
            message = f"{actor.name} has no mailbox: name one, or impersonate its owner"
            raise Failed(Code.NON_EXISTENT_MAILBOX, message)
        return actor
    if actor.account is None:
        return await impersonating(store, actor, name)
    if not is_own(actor, name):
        raise _no_mailbox()
    return actor


async def owner_of(store: Store, actor: Actor, account: int) -> Actor:
    """Return who acts in the mailbox with this number; raises NotFound, Forbidden."""
    if actor.account is not None:
        if actor.account != account:
            raise NotFound("account", str(account))
        return actor
    address = await store.peek(_address_of, actor, account)
    return await owners.logged_in_as(store, actor, address)


def address_of(actor: Actor) -> Address:
    """Return the address of the account in which an owner acts."""
    return Address.parse(actor.on_behalf_of or actor.name)


def is_own(actor: Actor, name: str) -> bool:
    """Whether an address is that of the account in which the actor acts."""
    try:
        return Address.parse(name).key == address_of(actor).key
    except Invalid:
        return False


_DENIED = "The account does not have permission to impersonate the requested user."


def _no_mailbox() -> Failed:
    message = "The SMTP address has no mailbox associated with it."
    return Failed(Code.NON_EXISTENT_MAILBOX, message)


def _address_of(uow: UnitOfWork, actor: Actor, account: int) -> Address:
    access.require(actor, Permission.ACCOUNT_LOG_IN_AS)
    return access.account_by_id(uow, actor, account).address
