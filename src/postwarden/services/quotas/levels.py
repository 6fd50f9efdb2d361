"""What each level says of an account; a part of services that have asked."""

from collections.abc import Collection
from dataclasses import replace

from postwarden.model.accounts import Account
from postwarden.model.quotas import UNLIMITED, Levels, Limits
from postwarden.services.ports import UnitOfWork

EVERYWHERE = "*"


def domain_key(domain: str) -> str:
    return f"domain {domain}"


def account_key(account: int) -> str:
    return f"account {account}"


def of_domain(uow: UnitOfWork, domain: str) -> Levels:
    """Return what is said for everybody and for those of a domain."""
    return Levels(
        everywhere=uow.quotas.get(EVERYWHERE) or Limits(),
        domain=uow.quotas.get(domain_key(domain)) or Limits(),
    )


def of_account(uow: UnitOfWork, account: Account, wider: Levels) -> Levels:
    """Return what is said for an account.

    One of which no level was ever asked has what it was given, if that is anything.
    """
    own = uow.quotas.get(account_key(account.id))
    if own is None:
        own = Limits(
            octets=account.quota_octets or None,
            messages=account.quota_messages or None,
        )
    return replace(wider, own=own)


def given(uow: UnitOfWork, old: Account, new: Account) -> None:
    """Remember a quota that somebody gave an account as the account's own."""
    changes = {
        name: now or UNLIMITED
        for name, before, now in (
            ("octets", old.quota_octets, new.quota_octets),
            ("messages", old.quota_messages, new.quota_messages),
        )
        if now != before
    }
    if changes:
        wider = of_domain(uow, old.address.domain)
        own = replace(of_account(uow, old, wider).own, **changes)
        uow.quotas.put(account_key(old.id), own)


def inherit(uow: UnitOfWork, account: Account, levels: Levels) -> None:
    """Let an account keep to what holds for it."""
    octets, messages = levels.computed.kept
    if (account.quota_octets, account.quota_messages) != (octets, messages):
        uow.accounts.replace(
            replace(account, quota_octets=octets, quota_messages=messages)
        )
        if uow.quotas.get(account_key(account.id)) is None:
            # From now on its quota is no longer one that somebody gave it.
            uow.quotas.put(account_key(account.id), levels.own)


def forget(
    uow: UnitOfWork, *, domain: str = "", accounts: Collection[int] = ()
) -> None:
    """Forget what was said of a domain, or of accounts that are gone."""
    keys = [domain_key(domain)] if domain else []
    for key in (*keys, *map(account_key, accounts)):
        uow.quotas.remove(key)
