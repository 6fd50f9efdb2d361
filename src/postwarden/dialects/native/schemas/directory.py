"""What is asked about domains, accounts and addresses."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from postwarden.dialects.native.schemas.fields import (
    AddressText,
    DomainText,
    Messages,
    MoreTargets,
    Name,
    Octets,
    OnOff,
    Paging,
    Password,
    Retention,
    Taken,
    Targets,
)

MANY = 200  # things of one request


class OfDomain(Paging):
    """Other names of domains, of one domain if one is given."""

    of: DomainText | UnsetType = UNSET


class NewDomain(Taken):
    """A domain to host; the quotas are what its new accounts get."""

    domain: DomainText
    delimiter: Annotated[str, Meta(max_length=1)] = "+"
    default_quota_octets: Octets = 0
    default_quota_messages: Messages = 0
    vault_retention_seconds: Retention | UnsetType = UNSET
    removed_account_retention_seconds: Retention | UnsetType = UNSET


class DomainChange(Taken):
    """What to change of a domain; an empty text takes an address away."""

    postmaster: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    catch_all: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    delimiter: Annotated[str, Meta(max_length=1)] | UnsetType = UNSET
    default_quota_octets: Octets | UnsetType = UNSET
    default_quota_messages: Messages | UnsetType = UNSET
    vault_retention_seconds: Retention | UnsetType = UNSET
    removed_account_retention_seconds: Retention | UnsetType = UNSET


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


class NewCatchAll(CatchAllTo, kw_only=True):
    """A domain, and who gets mail for its unknown addresses."""

    domain: DomainText


class NewAccount(Taken):
    """An account to create; without quotas it has its domain's defaults.

    Without a password nobody can log in, and mail arrives. `password_hash` is what
    another system had of a password; docs/directory.md says which are taken.
    """

    address: AddressText
    name: Name = ""
    password: Password | UnsetType = UNSET
    password_hash: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = (
        UNSET
    )
    quota_octets: Octets | UnsetType = UNSET
    quota_messages: Messages | UnsetType = UNSET


class NewAccounts(Taken):
    """Accounts to create; each that cannot be is told of, and the others are."""

    accounts: Annotated[list[NewAccount], Meta(min_length=1, max_length=MANY)]


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


class NewDomains(Taken):
    """Domains to host; each that cannot be is told of, and the others are."""

    domains: Annotated[list[NewDomain], Meta(min_length=1, max_length=MANY)]


class NewAliases(Taken):
    """Aliases to create, likewise."""

    aliases: Annotated[list[NewAlias], Meta(min_length=1, max_length=MANY)]


class NewGroups(Taken):
    """Groups to create, likewise."""

    groups: Annotated[list[NewMembers], Meta(min_length=1, max_length=MANY)]


class NewLists(Taken):
    """Lists to create, likewise."""

    lists: Annotated[list[NewMembers], Meta(min_length=1, max_length=MANY)]


class NewForwards(Taken):
    """Forwards to create, likewise."""

    forwards: Annotated[list[NewForward], Meta(min_length=1, max_length=MANY)]
