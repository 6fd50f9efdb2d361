"""The guard rails of cases, as the settings have them."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """How much one case may do, and when it takes a second person.

    A plan of more than `second_person` copies is approved by somebody who neither
    opened the case nor made the plan. `max_share` is the part of one mailbox, in
    percent, that a plan may take where it takes many of its mails; it warns from
    half of one on. At most
    `armed_rules` rules at a time look for late arrivals, for `max_armed` at most.
    """

    second_person: int = 100
    approval: timedelta = timedelta(hours=72)
    max_copies: int = 1_000_000
    max_accounts: int = 1_000_000
    max_share: int = 100
    armed_rules: int = 100
    max_armed: timedelta = timedelta(days=7)
