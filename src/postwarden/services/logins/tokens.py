"""Access tokens of programs: given at a login, renewed for a while, each once.

An access token lives for minutes and a refresh token for days (RFC 6749 §1.5); both
are random, and only their SHA-256 is kept. A refresh token that comes again after
its use has been stolen from somebody, and ends the grant (RFC 9700 §4.14.2). So does
a new password, a disabled owner, and another login of the same program.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.administrators import Administrator
from postwarden.model.errors import Forbidden, Invalid, Unauthenticated
from postwarden.model.logins import Factor, GuardRules, Origin
from postwarden.model.permissions import Permission
from postwarden.model.tokens import TokenGrant, TokenRules
from postwarden.services import access, actors, owners
from postwarden.services.keys import digest_of
from postwarden.services.logins import authentication
from postwarden.services.logins import passwords as administrators
from postwarden.services.ports import Passwords, Sealer, Store, UnitOfWork

MAX_GRANTS = 50  # that one administrator or account holds; the oldest goes
MAX_CLIENT = 200  # characters of what a program calls itself
REFUSED = "this token opens nothing: it is unknown or has ended"
_MARK = "pwt_"
_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a grant is for, beside who holds it."""

    client: str = ""
    account: int | None = None  # that an administrator acts as
    domain: str | None = None  # that an administrator keeps to


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A grant with its two tokens, which nobody can see again."""

    grant: TokenGrant
    access: str
    refresh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who comes with a token: an administrator, an account's owner, or both in one.

    An administrator who acts as an account comes with both.
    """

    grant: TokenGrant
    administrator: Administrator | None = None
    account: Account | None = None


async def log_in(
    store: Store,
    passwords: Passwords,
    sealer: Sealer,
    username: str,
    password: str,
    *,
    code: str = "",
    client: str = "",
    origin: Origin,
    guard_rules: GuardRules,
    rules: TokenRules,
) -> tuple[Bearer, Tokens]:
    """Let in an administrator, or the owner of an account; raises Unauthenticated.

    A name that is both an administrator's with a password and an account's is the
    administrator's. Whoever is nobody costs the same look-ups and one hash.
    """
    if len(client) > MAX_CLIENT:
        raise Invalid(f"a client has {MAX_CLIENT} characters at most", field="clientId")
    opening = Opening(client=client)

    def enter(uow: UnitOfWork, owner: Administrator, _: Factor) -> Tokens:
        uow.administrators.remember_login(owner.id, uow.now)
        return issue(uow, owner, opening, rules)

    if await store.peek(_is_administrator, username):
        tokens = await administrators.shown(
            store,
            passwords,
            sealer,
            username,
            password,
            code=code,
            origin=origin,
            guard_rules=guard_rules,
            enter=enter,
        )
    else:
        account = await authentication.login(
            store, passwords, username, password, origin=origin, rules=guard_rules
        )
        is_outdated = passwords.is_outdated(account.password_hash or "")

        def enter_account(uow: UnitOfWork) -> Tokens:
            now = uow.accounts.get(account.id)
            same = now.password_hash == account.password_hash or is_outdated
            if now.state is not AccountState.ACTIVE or not same:
                raise Unauthenticated
            return issue(uow, now, opening, rules)

        tokens = await store.transact(enter_account)
    return await store.read(bearer_of, tokens.access), tokens


def _is_administrator(uow: UnitOfWork, username: str) -> bool:
    found = uow.administrators.find(username.strip().lower())
    return found is not None and found.password_hash is not None


def issue(
    uow: UnitOfWork,
    owner: Administrator | Account,
    opening: Opening,
    rules: TokenRules,
    *,
    until: datetime | None = None,
) -> Tokens:
    """Give somebody who has shown who he is a pair of tokens.

    What the same program of his had before ends.
    """
    is_admin = isinstance(owner, Administrator)
    access, refresh = _new_token(), _new_token()
    grant = TokenGrant(
        id=0,
        administrator=owner.id if is_admin else None,
        account=opening.account if is_admin else owner.id,
        domain=opening.domain,
        client=opening.client,
        access=digest_of(access),
        refresh=digest_of(refresh),
        proof=_proof_of(owner),
        created_at=uow.now,
        access_until=uow.now + rules.access,
        until=until or uow.now + rules.refresh,
    )
    held = uow.tokens.of(grant.holder, limit=MAX_GRANTS)
    if len(held) >= MAX_GRANTS:
        uow.tokens.remove(held[0].id)
    return Tokens(grant=uow.tokens.put(grant), access=access, refresh=refresh)


def confine(
    uow: UnitOfWork, actor: Actor, token: str, domain: str, *, rules: TokenRules
) -> Tokens:
    """Give an administrator tokens that open one of his domains; raises NotFound.

    They end no later than what he came with.
    """
    bearer = bearer_of(uow, token)
    name = access.managed_domain(uow, actor, domain).name
    if bearer.administrator is None:
        raise Forbidden(f"{actor.name} administers nothing")
    client = f"{bearer.grant.client[:MAX_CLIENT]} for {name}"
    opening = Opening(client=client, domain=name)
    return issue(uow, bearer.administrator, opening, rules, until=bearer.grant.until)


def impersonate(
    uow: UnitOfWork, actor: Actor, token: str, address: Address, *, rules: TokenRules
) -> Tokens:
    """Give an administrator tokens with which to act as an account's owner.

    It is written down. Raises Forbidden, NotFound.
    """
    access.require(actor, Permission.ACCOUNT_LOG_IN_AS)
    bearer = bearer_of(uow, token)
    acting = owners.log_in_as(uow, actor, address)
    if bearer.administrator is None or bearer.account is not None:
        raise Forbidden(f"{actor.name} acts as nobody else")
    client = f"{bearer.grant.client[:MAX_CLIENT]} as {acting.on_behalf_of}"
    opening = Opening(client=client, account=acting.account, domain=bearer.grant.domain)
    return issue(uow, bearer.administrator, opening, rules, until=bearer.grant.until)


async def renew(
    store: Store, token: str, *, client: str | None = None, rules: TokenRules
) -> tuple[Bearer, Tokens]:
    """Take a refresh token and return new tokens; raises Unauthenticated.

    One that comes a second time ends what it once opened.
    """
    tokens = await store.transact(_renew, token, client, rules)
    if tokens is None:
        raise Unauthenticated(REFUSED)
    return await store.read(bearer_of, tokens.access), tokens


def _renew(
    uow: UnitOfWork, token: str, client: str | None, rules: TokenRules
) -> Tokens | None:
    digest = digest_of(token)
    grant = uow.tokens.with_refresh(digest)
    if grant is None:
        return None
    is_known = client is None or client == grant.client
    if digest == grant.spent or not is_known or _bearer(uow, grant) is None:
        uow.tokens.remove(grant.id)
        return None
    access, refresh = _new_token(), _new_token()
    renewed = replace(
        grant,
        access=digest_of(access),
        refresh=digest_of(refresh),
        spent=digest,
        access_until=uow.now + rules.access,
        until=grant.until if grant.is_lent else uow.now + rules.refresh,
    )
    uow.tokens.replace(renewed)
    return Tokens(grant=renewed, access=access, refresh=refresh)


def bearer_of(uow: UnitOfWork, token: str) -> Bearer:
    """Return who comes with an access token; raises Unauthenticated."""
    grant = uow.tokens.with_access(digest_of(token))
    if grant is None or grant.access_until <= uow.now:
        raise Unauthenticated(REFUSED)
    bearer = _bearer(uow, grant)
    if bearer is None:
        raise Unauthenticated(REFUSED)
    return bearer


def _bearer(uow: UnitOfWork, grant: TokenGrant) -> Bearer | None:
    """Return who holds a grant, unless it has ended for one reason or another."""
    if grant.until <= uow.now:
        return None
    account = None
    if grant.account is not None:
        account = uow.accounts.many([grant.account]).get(grant.account)
        if account is None or account.is_removed:
            return None
    if grant.administrator is None:
        is_open = account is not None and account.state is AccountState.ACTIVE
        holds = is_open and account is not None and _proof_of(account) == grant.proof
        return Bearer(grant=grant, account=account) if holds else None
    owner = uow.administrators.with_id(grant.administrator)
    if (
        owner is None
        or actors.rights_of(uow, owner) is None
        or _proof_of(owner) != grant.proof
    ):
        return None
    return Bearer(grant=grant, administrator=owner, account=account)


def leave(uow: UnitOfWork, token: str) -> None:
    """End what a token opens; one that opens nothing ends nothing."""
    grant = uow.tokens.with_access(digest_of(token))
    if grant is not None:
        uow.tokens.remove(grant.id)


def is_token(secret: str) -> bool:
    """Whether a secret has the form of such a token."""
    return secret.startswith(_MARK)


def _new_token() -> str:
    return _MARK + secrets.token_urlsafe(_OCTETS)


def _proof_of(owner: Administrator | Account) -> bytes:
    return hashlib.sha256((owner.password_hash or "").encode()).digest()


def actor_of(
    uow: UnitOfWork,
    bearer: Bearer,
    *,
    dialect: str,
    client_ip: str | None = None,
    request_id: str | None = None,
) -> Actor:
    """Return who comes with a token, as he may act now.

    That is an administrator, also where he comes to act as an account (which
    `owners` lets him), or the owner of an account. Raises Unauthenticated.
    """
    owner = bearer.administrator
    if owner is None and bearer.account is not None:
        return owners.owner(
            bearer.account, dialect=dialect, client_ip=client_ip, request_id=request_id
        )
    permissions = actors.rights_of(uow, owner)
    if owner is None or permissions is None:
        raise Unauthenticated(REFUSED)
    domains, kept = owner.domains, bearer.grant.domain
    if kept is not None:
        domains = frozenset({kept} if domains is None or kept in domains else ())
    return Actor(
        name=owner.name,
        dialect=dialect,
        permissions=permissions,
        domains=domains,
        client_ip=client_ip,
        request_id=request_id,
    )
