"""Accounts that whoever asks may know of: his own, or those of his domains."""

from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts
from postwarden.services.ports import UnitOfWork

MAX_ACCOUNTS: Final = 1000  # of one answer
_PAGE: Final = 1000


async def administered(call: Call, text: str) -> Sequence[Account]:
    """Return the accounts that have a text in address or name; raises Failed.

    That are those of an administrator's domains; raises Forbidden for others.
    """
    exact = await call.read(_exact, call.actor, text)
    if exact is not None:
        return [exact]
    wanted = text.casefold()
    found: list[Account] = []
    after = ""
    while True:
        page = await call.read(accounts.page, call.actor, after=after, limit=_PAGE)
        found += [
            each
            for each in page
            if wanted in str(each.address).casefold() or wanted in each.name.casefold()
        ]
        if len(found) > MAX_ACCOUNTS:
            message = f"More than {MAX_ACCOUNTS} have this in them: say more."
            raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, message)
        if len(page) < _PAGE:
            return found
        after = page[-1].address.key


def _exact(uow: UnitOfWork, actor: Actor, text: str) -> Account | None:
    """Return the account whose whole address a text is, without a look at others."""
    access.require(actor, Permission.DIRECTORY_READ)
    try:
        return access.account(uow, actor, Address.parse(text))
    except (Invalid, NotFound):
        return None


async def known(call: Call, text: str) -> Sequence[Account]:
    """Like `administered`; an owner knows himself."""
    if call.actor.account is None:
        return await administered(call, text)
    own = await call.read(access.mailbox_owner, call.actor, call.actor.account)
    wanted = text.casefold()
    is_found = wanted in str(own.address).casefold() or wanted in own.name.casefold()
    return [own] if is_found else []
