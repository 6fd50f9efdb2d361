"""Who is this: a username and a password become an account, or nothing."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, Unauthenticated
from postwarden.model.logins import GuardRules, Origin
from postwarden.services.logins import guard
from postwarden.services.logins.guard import Claim, Standing
from postwarden.services.ports import Passwords, Store, UnitOfWork

SCRAM = "SCRAM-SHA-256"
NOWHERE = Origin(protocol="smtp")
RULES = GuardRules()

_REMEMBERED = timedelta(minutes=1)  # how exact the time of the last login is


async def login(
    store: Store,
    passwords: Passwords,
    username: str,
    password: str,
    *,
    origin: Origin = NOWHERE,
    rules: GuardRules = RULES,
) -> Account:
    """Return the active account of an address whose password this is.

    Raises Unauthenticated alike for an unknown address, a wrong password, an
    account without one and a disabled account, at the cost of one hash each; and
    without any for a login or an address that failed too often.
    """
    account, claim, standing = await store.peek(
        _look, username, "password", origin, rules
    )
    await guard.refuse_if_blocked(store, claim, standing)
    known = account.password_hash if account is not None else None
    matches = await passwords.verify(password, known)
    if not matches or account is None or known is None:
        await store.transact(guard.fail, claim, rules)
        raise Unauthenticated
    new = await passwords.hash(password) if passwords.is_outdated(known) else None
    scram = await passwords.scram(password) if account.scram is None else None
    is_due = standing.has_failures or await store.peek(_is_due, account)
    if new or scram or is_due:
        await store.transact(_remember, account, claim, new, scram)
    return account


async def scram_verifier(
    store: Store,
    username: str,
    *,
    origin: Origin = NOWHERE,
    rules: GuardRules = RULES,
) -> str | None:
    """Return what an active account keeps for SCRAM-SHA-256, None without one.

    Nor does a login get it that failed too often: its exchange fails as well.
    """
    account, _, standing = await store.peek(_look, username, SCRAM, origin, rules)
    return None if account is None or standing.is_blocked else account.scram


async def unproven(
    store: Store,
    username: str,
    *,
    origin: Origin = NOWHERE,
    rules: GuardRules = RULES,
) -> None:
    """Count a SCRAM exchange that failed."""
    _, claim, _ = await store.peek(_look, username, SCRAM, origin, rules)
    await store.transact(guard.fail, claim, rules)


async def proven(
    store: Store,
    username: str,
    *,
    origin: Origin = NOWHERE,
    rules: GuardRules = RULES,
) -> Account:
    """Return the account whose password a SCRAM exchange proved.

    Raises Unauthenticated when it was removed or disabled meanwhile.
    """
    account, claim, standing = await store.peek(_look, username, SCRAM, origin, rules)
    if account is None:
        raise Unauthenticated
    if standing.has_failures or await store.peek(_is_due, account):
        await store.transact(_remember, account, claim, None, None)
    return account


def _look(
    uow: UnitOfWork, username: str, mechanism: str, origin: Origin, rules: GuardRules
) -> tuple[Account | None, Claim, Standing]:
    """Find the active account of a username, and what counts against it.

    It takes the same look-ups whatever there is.
    """
    try:
        address = Address.parse(username)
    except Invalid:
        address = Address("", "")
    hosted = uow.domains.find(address.domain)
    alias = uow.domains.find_alias(address.domain)
    if hosted is None and alias is not None:
        address = Address(address.local_part, alias.domain)
    ids = uow.accounts.known_as([address.key]).get(address.key, [])
    accounts = uow.accounts.many(ids).values()
    active = [each for each in accounts if each.state is AccountState.ACTIVE]
    account = active[0] if active else None
    claim = Claim(
        realm=guard.ACCOUNT,
        login=username,
        key=address.key if address.local_part else username,
        account=str(account.address) if account else "",
        mechanism=mechanism,
        origin=origin,
    )
    return account, claim, guard.standing(uow, claim, rules)


def _is_due(uow: UnitOfWork, account: Account) -> bool:
    last = account.last_login_at
    return last is None or uow.now - last >= _REMEMBERED


def _remember(
    uow: UnitOfWork,
    account: Account,
    claim: Claim,
    password_hash: str | None,
    scram: str | None,
) -> None:
    """Write the time, and what is new unless the password has changed since."""
    guard.succeed(uow, claim)
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
