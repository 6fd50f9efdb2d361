"""Attempts to log in: counted for people to see, and limited where they fail.

Failures count against the login, whether there is such a one or not, and against
the address they come from. A login is not blocked where its owner has logged in
before, so that a stranger's failures do not lock him out. What was typed is kept
only where it is an address: it may have been a password.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, TooManyFailures
from postwarden.model.logins import (
    GuardRules,
    LoginAttempts,
    LoginFailures,
    LoginResult,
    Origin,
    network_name,
)
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import NoticeName
from postwarden.services import access, notices
from postwarden.services.ports import Store, UnitOfWork

ACCOUNT, ADMINISTRATOR = "account", "admin"  # the realms
KEPT = timedelta(days=30)
BLOCKED = "too many logins failed: wait a while, and try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says who he is: `login` as typed, `key` as it is compared.

    `account` is empty when there is no such one. `realm` keeps accounts and
    administrators of one name apart.
    """

    realm: str
    login: str
    key: str
    account: str
    mechanism: str
    origin: Origin

    @property
    def owner(self) -> str:
        """Whose attempts these are, as the log names him."""
        return f"{self.realm} {self.account}" if self.account else ""

    @property
    def shown(self) -> str:
        """What of the login may be kept."""
        try:
            return self.account or str(Address.parse(self.login))
        except Invalid:
            return ""

    @property
    def subject(self) -> str:
        """What failures of this login are counted under."""
        named = f"{self.realm} {self.key.strip().casefold()}"
        digest = hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()
        return f"login {digest}"

    @property
    def place(self) -> str:
        """What failures from this address are counted under."""
        return f"address {network_name(self.origin.client_ip)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a claim is heard at all, and whether failures are to be forgotten."""

    is_blocked: bool
    has_failures: bool
    wait: timedelta = timedelta()  # until failures count no more


def standing(uow: UnitOfWork, claim: Claim, rules: GuardRules) -> Standing:
    """Look up what counts against a claim, at the same cost for all."""
    found = uow.login_guard.failures([claim.subject, claim.place])
    is_at_home = uow.login_log.has_succeeded(claim.owner, _ip(claim))
    bounds = {
        claim.subject: None if is_at_home else rules.failures,
        claim.place: rules.failures_per_address,
    }
    waits = [
        failures.last_at + rules.window - uow.now
        for subject, failures in found.items()
        if (bound := bounds[subject]) is not None and failures.count >= bound
    ]
    wait = max([timedelta(), *waits])
    return Standing(
        is_blocked=wait > timedelta(), has_failures=claim.subject in found, wait=wait
    )


async def refuse_if_blocked(store: Store, claim: Claim, known: Standing) -> None:
    """Count an attempt that comes after too many; raises TooManyFailures."""
    if known.is_blocked:
        await store.transact(record, claim, LoginResult.BLOCKED)
        raise TooManyFailures(BLOCKED, ceil(known.wait.total_seconds()))


def record(uow: UnitOfWork, claim: Claim, result: LoginResult) -> None:
    """Count an attempt among those of its kind."""
    uow.login_log.record(
        LoginAttempts(
            day=uow.now.replace(hour=0, minute=0, second=0, microsecond=0),
            account=claim.owner,
            login=claim.shown,
            client_ip=_ip(claim),
            protocol=claim.origin.protocol,
            mechanism=claim.mechanism,
            result=result,
            first_at=uow.now,
            last_at=uow.now,
        )
    )


def fail(uow: UnitOfWork, claim: Claim, rules: GuardRules) -> None:
    """Count a failure, against the login and against the address."""
    record(uow, claim, LoginResult.FAILURE)
    found = uow.login_guard.failures([claim.subject, claim.place])
    limits = {
        claim.subject: rules.failures,
        claim.place: rules.failures_per_address,
    }
    for subject, limit in limits.items():
        before = found.get(subject)
        counts = before is not None and uow.now - before.last_at < rules.window
        count = 1 + (before.count if before is not None and counts else 0)
        uow.login_guard.put(
            LoginFailures(subject=subject, count=count, last_at=uow.now)
        )
        if count == limit:
            _tell_blocked(uow, claim, subject)


def _tell_blocked(uow: UnitOfWork, claim: Claim, subject: str) -> None:
    """Tell webhooks, of logins that are there and of others alike."""
    domain = claim.shown.rpartition("@")[2]
    whose = f"{claim.realm} {claim.shown}".strip()
    notices.tell(
        uow,
        NoticeName.LOGIN_BLOCKED,
        whose if subject == claim.subject else claim.place,
        domains=(domain,) if domain else (),
        data={"client_ip": _ip(claim), "protocol": claim.origin.protocol},
    )


def succeed(uow: UnitOfWork, claim: Claim) -> None:
    """Count a success, which forgives the failures of this login."""
    record(uow, claim, LoginResult.SUCCESS)
    uow.login_guard.remove(claim.subject)


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    account: str | None = None,
    after: int = 0,
    limit: int,
) -> list[LoginAttempts]:
    """Return attempts by day and kind, oldest first; of one owner with `account`.

    An actor with domains sees those of accounts there. Raises Forbidden.
    """
    access.require(actor, Permission.AUDIT_READ)
    found: list[LoginAttempts] = []
    while len(found) < limit:
        rows = uow.login_log.page(account=account, after=after, limit=limit)
        found += [each for each in rows if _sees(actor, each)]
        if len(rows) < limit:
            break
        after = rows[-1].id
    return found[:limit]


def _sees(actor: Actor, attempts: LoginAttempts) -> bool:
    if actor.domains is None:
        return True
    realm, _, owner = attempts.account.partition(" ")
    return realm == ACCOUNT and actor.manages(owner.rpartition("@")[2])


def forget_old(uow: UnitOfWork, *, limit: int = 1000) -> int:
    """Forget attempts of long ago and failures that count no more."""
    old = uow.login_log.remove_before(uow.now - KEPT, limit=limit)
    ended = uow.login_guard.remove_before(uow.now - timedelta(days=1), limit=limit)
    return old + ended


def _ip(claim: Claim) -> str:
    return claim.origin.client_ip or ""
