"""What our own API takes: query parameters and bodies, bounded field by field."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

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
Targets = Annotated[list[AddressText], Meta(min_length=1, max_length=10_000)]
MoreTargets = Annotated[list[AddressText], Meta(max_length=10_000)]
OnOff = Annotated[str, Meta(pattern="^(active|disabled)$")]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE, description="Rows in a page.")]
Cursor = Annotated[str, Meta(max_length=2048, description="`next` of the page before.")]
Total = Annotated[bool, Meta(description="Count the rows of all pages, too.")]
Filter = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=8192,
        description="A query, as `find` and `trace` take it.",
        examples=["from:ada is:unread"],
    ),
]


class Taken(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query: what it does not name is refused."""


class Paging(Taken):
    """Which part of a list."""

    limit: Limit = PAGE
    cursor: Cursor = ""
    total: Total = False


class InDomain(Paging):
    """A list, of one domain if one is given."""

    domain: DomainText | None = None


class OfDomain(Paging):
    """Other names of domains, of one domain if one is given."""

    of: DomainText | None = None


class Writing(Taken):
    """How a change is made."""

    dry_run: Annotated[bool, Meta(description="Change nothing; say what would.")] = (
        False
    )


class NewDomain(Taken):
    """A domain to host; the quotas are what its new accounts get."""

    domain: DomainText
    delimiter: Annotated[str, Meta(max_length=1)] = "+"
    default_quota_octets: Octets = 0
    default_quota_messages: Messages = 0


class DomainChange(Taken):
    """What to change of a domain; an empty text takes an address away."""

    postmaster: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    catch_all: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    delimiter: Annotated[str, Meta(max_length=1)] | UnsetType = UNSET
    default_quota_octets: Octets | UnsetType = UNSET
    default_quota_messages: Messages | UnsetType = UNSET


class NewDomainAlias(Taken):
    """Another name of a hosted domain."""

    domain_alias: DomainText
    of: DomainText


class DomainAliasChange(Taken):
    """Which domain it is a name of."""

    of: DomainText


class CatchAllTo(Taken):
    """Who gets mail for unknown addresses."""

    to: AddressText


class NewAccount(Taken):
    """An account to create; without quotas it has its domain's defaults.

    Without a password nobody can log in, and mail arrives.
    """

    address: AddressText
    name: Name = ""
    password: Password | UnsetType = UNSET
    quota_octets: Octets | UnsetType = UNSET
    quota_messages: Messages | UnsetType = UNSET


class AccountChange(Taken):
    """What to change of an account."""

    name: Name | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    quota_octets: Octets | UnsetType = UNSET
    quota_messages: Messages | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class NewAddress(Taken):
    """The address that an account gets."""

    address: AddressText


class NewAlias(Taken):
    """An address to stand for others."""

    address: AddressText
    to: Targets


class NewMembers(Taken):
    """A group or list to create."""

    address: AddressText
    members: Targets


class AliasChange(Taken):
    """Other targets, some more, or some less; or mail on or off."""

    to: Targets | UnsetType = UNSET
    add: MoreTargets | UnsetType = UNSET
    remove: MoreTargets | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class MembersChange(Taken):
    """Other members, some more, or some less; or mail on or off."""

    members: Targets | UnsetType = UNSET
    add: MoreTargets | UnsetType = UNSET
    remove: MoreTargets | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET


class NewForward(Taken):
    """Where the mail of an account goes from now on."""

    address: AddressText
    to: Targets
    keep_copy: bool = False


class ForwardChange(Taken):
    """Where else it goes, or whether the account keeps a copy."""

    to: Targets | UnsetType = UNSET
    keep_copy: bool | UnsetType = UNSET
