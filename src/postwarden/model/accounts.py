"""Accounts: who may log in and own mailboxes.

Admin APIs say "mailbox" or "user" for this. Here a Mailbox is always the IMAP
folder (RFC 9051 §5.1); docs/glossary.md has the full table.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.addresses import Address


class AccountState(StrEnum):
    """Whether an account takes mail and lets its owner in."""

    ACTIVE = "active"
    DISABLED = "disabled"  # no login, no mail
    PENDING_DELETION = "pending-deletion"  # gone for its user, mail in the vault
    REMOVED = "removed"  # gone with its mail; its history keeps its address


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with its usage; sizes in octets, a quota of 0 is unlimited.

    `scram` is a verifier (RFC 5803), kept only where SCRAM is switched on. What is
    contained or vaulted counts as `vault_*` and never against the quota. Of a
    removed account, `ends_at` is when to look next whether its mail is gone.
    """

    id: int
    address: Address
    name: str
    state: AccountState
    created_at: datetime
    password_hash: str | None = None
    scram: str | None = None
    quota_octets: int = 0
    quota_messages: int = 0
    used_octets: int = 0
    used_messages: int = 0
    vault_octets: int = 0
    vault_messages: int = 0
    last_login_at: datetime | None = None
    removed_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def is_removed(self) -> bool:
        """Whether it is gone for its user, whatever is left of its mail."""
        return self.state in {AccountState.PENDING_DELETION, AccountState.REMOVED}

    def has_room(self, octets: int, messages: int = 1) -> bool:
        """Whether so much more fits into both quotas."""
        fits = not self.quota_octets or self.used_octets + octets <= self.quota_octets
        return fits and (
            not self.quota_messages
            or self.used_messages + messages <= self.quota_messages
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A change of an account's counters; every field may be negative."""

    octets: int = 0
    messages: int = 0
    vault_octets: int = 0
    vault_messages: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            octets=self.octets + other.octets,
            messages=self.messages + other.messages,
            vault_octets=self.vault_octets + other.vault_octets,
            vault_messages=self.vault_messages + other.vault_messages,
        )
