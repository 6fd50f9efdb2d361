"""Quotas at three levels: what each says, what holds, and that accounts keep to it.

What one account may keep is written with it at once. What a domain says, or everybody's
level, is written to the accounts that have nothing of their own by a task in chunks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.model.quotas import LARGEST, UNLIMITED, Levels, Limits
from postwarden.services import access, accounts, audit, tasks
from postwarden.services.limits import rights_to_quota
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import levels

APPLY = "quota.apply"  # writes what wider levels say to the accounts that inherit it
CHUNK = 500  # accounts per transaction
_RIGHTS = (Permission.ACCOUNT_QUOTA, Permission.ACCOUNT_UNLIMITED_QUOTA)
_NAMES = ("octets", "messages")

Changes = Mapping[str, int | None]
"""New values by `octets` and `messages`; what is not there stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuota:
    """What holds for an account, and how much of it is used."""

    account: Account
    levels: Levels


def everywhere(uow: UnitOfWork, actor: Actor) -> Limits:
    """Return what is said for every account."""
    access.require(actor, Permission.DIRECTORY_READ)
    return uow.quotas.get(levels.EVERYWHERE) or Limits()


def of_domain(uow: UnitOfWork, actor: Actor, name: str) -> Levels:
    """Return what is said for the accounts of a domain; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    return levels.of_domain(uow, access.managed_domain(uow, actor, name).name)


def of_account(uow: UnitOfWork, actor: Actor, address: Address) -> AccountQuota:
    """Return what is said for an account; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    account = access.account(uow, actor, address)
    wider = levels.of_domain(uow, account.address.domain)
    return AccountQuota(account=account, levels=levels.of_account(uow, account, wider))


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[AccountQuota]:
    """Return what is said for accounts, in order of their addresses' keys."""
    access.require(actor, Permission.DIRECTORY_READ)
    found = accounts.page(uow, actor, domain=domain, after=after, limit=limit)
    names = {each.address.domain for each in found}
    wider = {name: levels.of_domain(uow, name) for name in names}
    return [
        AccountQuota(
            account=each,
            levels=levels.of_account(uow, each, wider[each.address.domain]),
        )
        for each in found
    ]


def say_everywhere(uow: UnitOfWork, actor: Actor, changes: Changes) -> Limits:
    """Say what every account may keep where nothing narrower is said."""
    access.require(actor, *_RIGHTS)
    access.everything(actor, "set quotas for every domain")
    return _say(uow, actor, levels.EVERYWHERE, changes, domain=None)


def say_of_domain(uow: UnitOfWork, actor: Actor, name: str, changes: Changes) -> Limits:
    """Say what the accounts of a domain may keep; raises NotFound."""
    access.require(actor, *_RIGHTS)
    domain = access.managed_domain(uow, actor, name).name
    return _say(uow, actor, levels.domain_key(domain), changes, domain=domain)


def say_of_account(
    uow: UnitOfWork, actor: Actor, address: Address, changes: Changes
) -> Limits:
    """Say what one account may keep; raises NotFound."""
    access.require(actor, Permission.ACCOUNT_QUOTA)
    account = access.account(uow, actor, address)
    wider = levels.of_domain(uow, account.address.domain)
    old = levels.of_account(uow, account, wider)
    new = replace(old, own=_changed(old.own, changes))
    octets, messages = new.computed.kept
    access.require(
        actor,
        *rights_to_quota(account.quota_octets, octets),
        *rights_to_quota(account.quota_messages, messages),
    )
    uow.quotas.put(levels.account_key(account.id), new.own)
    levels.inherit(uow, account, new)
    _record(uow, actor, f"account {account.address}", old.own, new.own)
    return new.own


def apply_chunk(
    uow: UnitOfWork, domain: str | None, after: str, *, limit: int = CHUNK
) -> tuple[str, int] | None:
    """Write what wider levels say now to the next accounts; None ends it.

    Returns the key of the last account looked at, and how many were.
    """
    found = uow.directory.page(
        [EntryKind.ACCOUNT], domain=domain, after=after, limit=limit
    )
    known = uow.accounts.many(each.account for each in found if each.account)
    wider = {
        name: levels.of_domain(uow, name)
        for name in {each.address.domain for each in known.values()}
    }
    for account in known.values():
        said = levels.of_account(uow, account, wider[account.address.domain])
        levels.inherit(uow, account, said)
    return (found[-1].address.key, len(found)) if found else None


def _say(
    uow: UnitOfWork, actor: Actor, key: str, changes: Changes, *, domain: str | None
) -> Limits:
    old = uow.quotas.get(key) or Limits()
    new = _changed(old, changes)
    uow.quotas.put(key, new)
    payload = {"domain": domain}
    # Named by what is said, so that a change while it runs makes another one.
    subject = f"{domain or tasks.STORE} {new.octets} {new.messages}"
    tasks.submit(uow, actor, APPLY, subject, payload, domain=domain)
    what = "store" if domain is None else f"domain {domain}"
    _record(uow, actor, what, old, new)
    return new


def _changed(old: Limits, changes: Changes) -> Limits:
    for name, limit in changes.items():
        if name not in _NAMES or not (limit is None or UNLIMITED <= limit <= LARGEST):
            raise Invalid(f"a limit is from {UNLIMITED} to {LARGEST}", field=name)
    return replace(old, **changes)


def _record(uow: UnitOfWork, actor: Actor, what: str, old: Limits, new: Limits) -> None:
    before, after = audit.difference(_facts(old), _facts(new))
    audit.record(uow, actor, "quota.set", what, before=before, after=after)


def _facts(limits: Limits) -> dict[str, object]:
    return {"quota_octets": limits.octets, "quota_messages": limits.messages}
