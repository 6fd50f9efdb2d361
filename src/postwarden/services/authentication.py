"""Who is this: a username and a password become an account, or nothing."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, Unauthenticated
from postwarden.services import resolution
from postwarden.services.ports import Passwords, Store, UnitOfWork

_REMEMBERED = timedelta(minutes=1)  # how exact the time of the last login is


async def login(
    store: Store, passwords: Passwords, username: str, password: str
) -> Account:
    """Return the active account of an address whose password this is.

    Raises Unauthenticated alike for an unknown address, a wrong password, an
    account without one and a disabled account, at the cost of one hash each.
    """
    account = await store.peek(_active_account, username)
    known = account.password_hash if account is not None else None
    if not await passwords.verify(password, known):
        raise Unauthenticated
    if account is None or known is None:
        raise Unauthenticated
    new = await passwords.hash(password) if passwords.is_outdated(known) else None
    if new is not None or await store.peek(_is_due, account):
        await store.transact(_remember, account, new)
    return account


def _active_account(uow: UnitOfWork, username: str) -> Account | None:
    try:
        address = Address.parse(username)
    except Invalid:
        return None
    domain = resolution.local_domain(uow, address.domain)
    if domain is None:
        return None
    entry = uow.directory.find(Address(address.local_part, domain.name))
    if entry is None or entry.account is None:
        return None
    account = uow.accounts.get(entry.account)
    return account if account.state is AccountState.ACTIVE else None


def _is_due(uow: UnitOfWork, account: Account) -> bool:
    last = account.last_login_at
    return last is None or uow.now - last >= _REMEMBERED


def _remember(uow: UnitOfWork, account: Account, password_hash: str | None) -> None:
    """Write the time, and the new hash unless the password has changed since."""
    now = uow.accounts.get(account.id)
    if password_hash is not None and now.password_hash == account.password_hash:
        uow.accounts.replace(replace(now, password_hash=password_hash))
    uow.accounts.remember_login(account.id, uow.now)
