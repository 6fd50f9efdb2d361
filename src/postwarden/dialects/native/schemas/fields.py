"""The words that bodies and queries are made of, and what all of them share."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from postwarden.model.permissions import Permission

PAGE = 100
MAX_PAGE = 1000
AddressText = Annotated[
    str, Meta(min_length=3, max_length=320, examples=["ada@example.org"])
]
DomainText = Annotated[
    str, Meta(min_length=1, max_length=255, examples=["example.org"])
]
Name = Annotated[str, Meta(max_length=255)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
Octets = Annotated[int, Meta(ge=0, le=2**60, description="Octets; 0 for no limit.")]
Messages = Annotated[int, Meta(ge=0, le=2**60, description="0 for no limit.")]
Retention = Annotated[int, Meta(ge=0, le=100 * 366 * 86_400, description="Seconds.")]
Targets = Annotated[list[AddressText], Meta(min_length=1, max_length=10_000)]
MoreTargets = Annotated[list[AddressText], Meta(max_length=10_000)]
OnOff = Annotated[str, Meta(pattern="^(active|disabled)$")]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE, description="Rows in a page.")]
Cursor = Annotated[str, Meta(max_length=2048, description="`next` of the page before.")]
Total = Annotated[
    bool, Meta(description="Count the rows of all pages, too; `is_exact` tells if all.")
]
Filter = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=8192,
        description="A query, as `find` and `trace` take it.",
        examples=["from:ada is:unread"],
    ),
]
Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
AdministratorName = Annotated[str, Meta(min_length=1, max_length=255)]
Permissions = Annotated[list[Permission], Meta(max_length=200)]
Domains = Annotated[list[DomainText], Meta(max_length=1000)]


class Taken(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query: what it does not name is refused."""


class Paging(Taken):
    """Which part of a list."""

    limit: Limit = PAGE
    cursor: Cursor = ""
    total: Total = False


class InDomain(Paging):
    """A list, of one domain if one is given."""

    domain: DomainText | UnsetType = UNSET


class Writing(Taken):
    """How a change is made."""

    dry_run: Annotated[bool, Meta(description="Change nothing; say what would.")] = (
        False
    )


class Reasoned(Taken):
    """Why."""

    reason: Reason
