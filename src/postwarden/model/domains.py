"""Hosted domains, and the domains that are only other names of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from postwarden.model.addresses import Address

VAULT_RETENTION = timedelta(days=30)
REMOVED_ACCOUNT_RETENTION = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDomain:
    """A hosted domain; `name` is canonical (`addresses.domain_name`).

    `vault_retention` is how long deleted mail waits, `removed_account_retention`
    how long the mail of a removed account does.
    """

    name: str
    created_at: datetime
    catch_all: Address | None = None  # takes what no other address takes
    postmaster: Address | None = None  # RFC 5321 §4.5.1
    delimiter: str = "+"  # between account and detail (RFC 5233); "" for none
    default_quota_octets: int = 0  # 0 means unlimited
    default_quota_messages: int = 0
    vault_retention: timedelta = VAULT_RETENTION
    removed_account_retention: timedelta = REMOVED_ACCOUNT_RETENTION


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAlias:
    """Another name of a hosted domain: every address of it is one there."""

    name: str
    domain: str
    created_at: datetime
