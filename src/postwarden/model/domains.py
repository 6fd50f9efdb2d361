"""Hosted domains, and the domains that are only other names of one."""

from dataclasses import dataclass
from datetime import datetime

from postwarden.model.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDomain:
    """A hosted domain; `name` is canonical (`addresses.domain_name`)."""

    name: str
    created_at: datetime
    catch_all: Address | None = None  # takes what no other address takes
    postmaster: Address | None = None  # RFC 5321 §4.5.1
    delimiter: str = "+"  # between account and detail (RFC 5233); "" for none
    default_quota_octets: int = 0  # 0 means unlimited
    default_quota_messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAlias:
    """Another name of a hosted domain: every address of it is one there."""

    name: str
    domain: str
    created_at: datetime
