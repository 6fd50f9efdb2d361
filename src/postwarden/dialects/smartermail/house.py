"""What the SmarterMail dialect works with: ports, and a few rules of the settings."""

from dataclasses import dataclass, field

from postwarden.dialects.kit.everybody import Everybody
from postwarden.dialects.kit.requests import Bounds
from postwarden.model.logins import GuardRules
from postwarden.model.tokens import TokenRules
from postwarden.services.ports import Blobs, Passwords, Store
from postwarden.services.ports.sealing import Sealer

DIALECT = "smartermail"
PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The ports of one store.

    With `everybody` whoever asks is let in as who it says, without a token.
    """

    store: Store
    blobs: Blobs
    passwords: Passwords
    sealer: Sealer
    everybody: Everybody | None = None
    guard_rules: GuardRules = field(default_factory=GuardRules)
    token_rules: TokenRules = field(default_factory=TokenRules)
    bounds: Bounds = field(default_factory=Bounds)
