"""What an address of ours stands for: account, alias, group or list."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.addresses import Address


class EntryKind(StrEnum):
    """What an address is. One address is one thing only."""

    ACCOUNT = "account"
    ALIAS = "alias"
    GROUP = "group"  # fans out to its members
    LIST = "list"  # a mailing list: a group with subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One address and where mail for it goes.

    `targets` are the addresses an alias stands for, the members of a group, the
    subscribers of a list, or the forward of an account; with `keep_copy` a
    forwarding account keeps its own copy.
    """

    address: Address
    kind: EntryKind
    created_at: datetime
    targets: tuple[Address, ...] = ()
    account: int | None = None
    keep_copy: bool = False
    enabled: bool = True
    id: int = 0  # given by the store; stable, so that lists can be numbered
