"""What a directory file says, whichever form it has: one row for each object."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

Value: TypeAlias = str | tuple[str, ...]


class RowKind(StrEnum):
    """What a row is about, in the order in which an export has them."""

    DOMAIN = "domain"
    DOMAIN_ALIAS = "domain-alias"
    ACCOUNT = "account"
    ALIAS = "alias"
    GROUP = "group"
    LIST = "list"
    FORWARD = "forward"


FIELDS: Final[Mapping[RowKind, tuple[str, ...]]] = {
    RowKind.DOMAIN: (
        *("domain", "delimiter", "default_quota_octets", "default_quota_messages"),
        *("postmaster", "catch_all"),
    ),
    RowKind.DOMAIN_ALIAS: ("domain_alias", "of"),
    RowKind.ACCOUNT: (
        *("address", "name", "state", "quota_octets", "quota_messages"),
        "password_hash",
    ),
    RowKind.ALIAS: ("address", "to", "state"),
    RowKind.GROUP: ("address", "members", "state"),
    RowKind.LIST: ("address", "members", "state"),
    RowKind.FORWARD: ("address", "to", "keep_copy"),
}
"""The fields of each kind; the first one names the object."""

LISTS: Final = frozenset({"to", "members"})
"""Fields that are several addresses."""


class UnreadableFile(ValueError):
    """The file as a whole is not what it should be; `line` is where it shows."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Row:
    """One object; fields that the file does not have are not among `fields`.

    `number` is that of the row of a CSV file, whose first row is 1, or of the line
    of a YAML file on which the object begins.
    """

    number: int
    kind: RowKind
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that says nothing, and why."""

    number: int
    reason: str
