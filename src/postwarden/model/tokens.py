"""Tokens that open an API to a program for a while, and are renewed (RFC 6749 §1.5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """How long an access token lives, and how long it can be renewed."""

    access: timedelta = timedelta(minutes=15)
    refresh: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """What one login of a program opens; of its tokens only the SHA-256 is kept.

    `administrator` or `account` is who logged in. An administrator may act as an
    account (both are given), or in one `domain` only. `client` names the program:
    each has one grant of somebody. `proof` is a digest of the password's hash, so
    that a new password ends what the old one opened. `spent` is the refresh token
    before this one: who still comes with it may have stolen it.
    """

    id: int
    administrator: int | None
    account: int | None
    client: str
    access: bytes
    refresh: bytes
    proof: bytes
    created_at: datetime
    access_until: datetime
    until: datetime
    domain: str | None = None
    spent: bytes | None = None

    @property
    def holder(self) -> str:
        """Who holds it, as one word: ids of both kinds begin with 1."""
        if self.administrator is not None:
            return f"admin {self.administrator}"
        return f"account {self.account}"

    @property
    def is_lent(self) -> bool:
        """Whether it came of another grant, which it does not outlive."""
        acts = self.administrator is not None and self.account is not None
        return acts or self.domain is not None
