"""How long what was deleted stays in the vault: the one place that says when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from postwarden.model.domains import REMOVED_ACCOUNT_RETENTION, VAULT_RETENTION
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import Copy
from postwarden.services.ports import UnitOfWork

MAX_RETENTION = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The retention that holds for one account."""

    vault: timedelta
    removed_account: timedelta
    removed_at: datetime | None

    def end(self, vaulted_at: datetime) -> datetime:
        """Return when something ends that came into the vault at a time.

        What was there before its account was removed keeps its own clock.
        """
        went_with_account = (
            self.removed_at is not None and vaulted_at >= self.removed_at
        )
        return vaulted_at + (self.removed_account if went_with_account else self.vault)


def terms_of(uow: UnitOfWork, accounts: Iterable[int]) -> dict[int, Terms]:
    """Return the terms of some accounts; a domain that is gone left the defaults."""
    found = uow.accounts.many(set(accounts))
    names = {account.address.domain for account in found.values()}
    domains = {name: uow.domains.find(name) for name in names}
    terms: dict[int, Terms] = {}
    for number, account in found.items():
        domain = domains[account.address.domain]
        terms[number] = Terms(
            vault=domain.vault_retention if domain else VAULT_RETENTION,
            removed_account=(
                domain.removed_account_retention
                if domain
                else REMOVED_ACCOUNT_RETENTION
            ),
            removed_at=account.removed_at,
        )
    return terms


def clocked(uow: UnitOfWork, copies: Sequence[Copy]) -> list[Copy]:
    """Return copies whose retention begins now, as they are then."""
    terms = terms_of(uow, (copy.account for copy in copies))
    return [
        replace(copy, vaulted_at=uow.now, expires_at=terms[copy.account].end(uow.now))
        for copy in copies
    ]


def dated(uow: UnitOfWork, copies: Sequence[Copy]) -> list[Copy]:
    """Return those copies in the vault that end at another time by today's terms."""
    terms = terms_of(uow, (copy.account for copy in copies))
    found = []
    for copy in copies:
        end = terms[copy.account].end(copy.vaulted_at) if copy.vaulted_at else None
        if end != copy.expires_at:
            found.append(replace(copy, expires_at=end))
    return found


def check_retention(
    given: timedelta | None, default: timedelta, *, field: str
) -> timedelta:
    """Return a retention, `default` for None; raises Invalid."""
    if given is None:
        return default
    if not timedelta(0) <= given <= MAX_RETENTION:
        raise Invalid(
            f"a retention is from 0 to {MAX_RETENTION.days} days", field=field
        )
    return given
