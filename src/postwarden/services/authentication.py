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
    matches = await passwords.verify(password, known)
    if not matches or account is None or known is None:
        raise Unauthenticated
    new = await passwords.hash(password) if passwords.is_outdated(known) else None
    scram = await passwords.scram(password) if account.scram is None else None
    is_due = await store.peek(_is_due, account)
    if new or scram or is_due:
        await store.transact(_remember, account, new, scram)
    return account


async def scram_verifier(store: Store, username: str) -> str | None:
    """Return what an active account keeps for SCRAM-SHA-256, None without one."""
    account = await store.peek(_active_account, username)
    return None if account is None else account.scram


async def proven(store: Store, username: str) -> Account:
    """Return the account whose password a SCRAM exchange proved.

    Raises Unauthenticated when it was removed or disabled meanwhile.
    """
    account = await store.peek(_active_account, username)
    if account is None:
        raise Unauthenticated
    if await store.peek(_is_due, account):
        await store.transact(_remember, account, None, None)
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


def _remember(
    uow: UnitOfWork, account: Account, password_hash: str | None, scram: str | None
) -> None:
    """Write the time, and what is new unless the password has changed since."""
    now = uow.accounts.get(account.id)
    if (password_hash or scram) and now.password_hash == account.password_hash:
        uow.accounts.replace(
            replace(
                now,
                password_hash=password_hash or now.password_hash,
                scram=scram or now.scram,
            )
        )
    uow.accounts.remember_login(account.id, uow.now)
