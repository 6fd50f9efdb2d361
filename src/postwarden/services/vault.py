"""The vault: where what was deleted waits for its retention to end.

Retention starts when something is deleted, when the case that contained it is
closed, and when its account is removed. What has come to its end is destroyed in
chunks, unless it is held; nothing else destroys what is not ordered to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import WORKER, Actor
from postwarden.model.domains import MailDomain
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope
from postwarden.model.tasks import Task
from postwarden.services import (
    access,
    audit,
    finding,
    holds,
    placement,
    retention,
    tasks,
)
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.mail import Overdue, SimilarSets

EXPIRE = "vault.expire"  # the task that destroys what has come to its end
REDATE = "vault.redate"  # the task that dates a domain's vault by its new retention
NOW = "now"  # the subject of an expiry that somebody asked for
CHUNK = 500  # copies per transaction
_SOURCE = "vault"
_LOOK_AGAIN = timedelta(days=1)  # for the mail of a removed account that is still here
_JOURNAL = 5000  # rows of expunge journals forgotten per transaction

HIDDEN = (CopyState.CONTAINED, CopyState.VAULTED)
"""Who destroys what nobody asked to keep longer."""


def find(
    uow: UnitOfWork, actor: Actor, query: Query, similar: SimilarSets
) -> Sequence[int]:
    """Return the ids of matching copies out of sight: vaulted and contained."""
    access.require(actor, Permission.VAULT_READ)
    return finding.find(uow, actor, query, similar, states=HIDDEN, scope=Scope.VAULT)


def start_clock(
    uow: UnitOfWork, copies: Sequence[Copy], *, source: str, detail: str
) -> list[Copy]:
    """Turn contained copies into vaulted ones, whose retention begins now.

    This is what the end of a case does to what it contained; copies in another
    state are left as they are.
    """
    contained = [copy for copy in copies if copy.state is CopyState.CONTAINED]
    vaulted = retention.clocked(
        uow, [replace(copy, state=CopyState.VAULTED) for copy in contained]
    )
    uow.copies.update(vaulted)
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in vaulted})
    names = {
        copy.id: mailboxes[copy.mailbox].name
        for copy in vaulted
        if copy.mailbox in mailboxes
    }
    record_copies(uow, Event.DELETE, vaulted, names.get, source=source, detail=detail)
    return vaulted


def due(uow: UnitOfWork, actor: Actor) -> Overdue:
    """Count what an expiry would destroy now, and what holds keep from it."""
    access.require(actor, Permission.VAULT_EXPIRE)
    access.everything(actor, "expire the vault")
    return uow.copies.expired_extent(uow.now)


def expire(uow: UnitOfWork, actor: Actor) -> Task:
    """Make a task of destroying what has come to the end of its retention."""
    access.require(actor, Permission.VAULT_EXPIRE)
    access.everything(actor, "expire the vault")
    overdue = uow.copies.expired_extent(uow.now)
    audit.record(
        uow,
        actor,
        "vault.expire",
        "vault",
        after={"copies": overdue.copies, "octets": overdue.octets},
    )
    return tasks.submit(uow, actor, EXPIRE, NOW, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What one chunk of an expiry did; `left` says whether there may be more."""

    destroyed: int = 0
    octets: int = 0
    left: bool = False


def expire_chunk(uow: UnitOfWork, *, limit: int = CHUNK) -> Expired:
    """Destroy the next copies whose retention is over.

    A retention that was changed meanwhile counts, whether its copies are dated anew
    already or not. Each chunk leaves an audit entry in its own transaction.
    """
    expired = uow.copies.expired(uow.now, limit)
    if not expired:
        return Expired()
    holds.require_known(uow)
    # The index leaves held copies out; if it does not, their marks were miscounted.
    held = holds.holds_of(uow, [copy.id for copy in expired])
    uow.holds.recount(sorted(held))
    longer = {
        copy.id: copy
        for copy in retention.dated(uow, expired)
        if copy.expires_at is not None and copy.expires_at > uow.now
    }
    uow.copies.update(longer.values())
    over = [copy for copy in expired if copy.id not in longer and copy.id not in held]
    if over:
        placement.destroy(uow, over, source=_SOURCE, detail="retention ended")
        audit.record(
            uow,
            WORKER,
            "vault.purge",
            "vault",
            before={
                "copies": len(over),
                "octets": sum(copy.size for copy in over),
                "accounts": len({copy.account for copy in over}),
            },
            reason="retention ended",
            domains=_domains_of(uow, over),
        )
    return Expired(
        destroyed=len(over), octets=sum(copy.size for copy in over), left=True
    )


def _domains_of(uow: UnitOfWork, copies: Sequence[Copy]) -> set[str]:
    accounts = uow.accounts.many({copy.account for copy in copies})
    return {account.address.domain for account in accounts.values()}


def redate(uow: UnitOfWork, actor: Actor, domain: MailDomain) -> Task:
    """Make a task of dating a domain's vault by its retention."""
    payload = {"domain": domain.name}
    subject = _dating(domain)
    return tasks.submit(uow, actor, REDATE, subject, payload, domain=domain.name)


def redating(uow: UnitOfWork, domain: MailDomain) -> Task | None:
    """Return the unfinished task of dating a domain's vault."""
    return uow.tasks.unfinished(REDATE, _dating(domain))


def _dating(domain: MailDomain) -> str:
    # Named by what it is about, so that a change while it runs makes another one.
    vault, removed = domain.vault_retention, domain.removed_account_retention
    return f"{domain.name} {vault.total_seconds():.0f} {removed.total_seconds():.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """How far a dating is: the account, and the copy in it that was last."""

    account: int = 0
    copy: Copy | None = None
    done: int = 0


def redate_chunk(
    uow: UnitOfWork, domain: str, after: Dated, *, limit: int = CHUNK
) -> Dated | None:
    """Date the next copies by the retention that holds now; None ends it."""
    account = after.account
    if not account:
        following = uow.accounts.in_domain(domain, after=0, limit=1)
        if not following:
            return None
        account = following[0]
    copies = uow.copies.in_vault(account, after=after.copy, limit=limit)
    if copies:
        uow.copies.update(retention.dated(uow, copies))
        done = after.done + len(copies)
        return Dated(account=account, copy=copies[-1], done=done)
    following = uow.accounts.in_domain(domain, after=account, limit=1)
    return Dated(account=following[0], done=after.done) if following else None


def end_account(uow: UnitOfWork) -> bool:
    """Take the next removed account out that has no mail any more.

    One whose mail is still here, held or contained, is looked at again a day later.
    Its row stays, nameless, for the ledger. Returns False when none is due.
    """
    accounts = uow.accounts.ending(uow.now, 1)
    if not accounts:
        return False
    [account] = accounts
    if uow.copies.has_any(account.id):
        uow.accounts.replace(replace(account, ends_at=uow.now + _LOOK_AGAIN))
        return True
    for mailbox in uow.mailboxes.of_account(account.id):
        if uow.mailboxes.forget_expunged(mailbox.id, _JOURNAL) == _JOURNAL:
            return True  # the rest in the next transaction
        uow.mailboxes.remove(mailbox.id)
    _end(uow, account)
    return True


def _end(uow: UnitOfWork, account: Account) -> None:
    uow.accounts.replace(
        replace(account, state=AccountState.REMOVED, name="", ends_at=None)
    )
    audit.record(
        uow,
        WORKER,
        "account.end",
        f"account {account.address}",
        before={"state": account.state.value},
        after={"state": AccountState.REMOVED.value},
        reason="no mail of it is left",
    )
