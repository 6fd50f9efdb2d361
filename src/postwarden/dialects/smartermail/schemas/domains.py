"""Domains: `/settings/sysadmin/domain...`, and a domain's own data."""

import msgspec

from postwarden.dialects.smartermail.envelope import Said
from postwarden.dialects.smartermail.schemas import Asked
from postwarden.dialects.smartermail.schemas.accounts import Text
from postwarden.dialects.smartermail.schemas.users import Word


class DomainData(msgspec.Struct, rename="camel", kw_only=True):
    """One domain with its counts; a limit of 0 is none."""

    name: str
    hostname: str
    user_count: int
    alias_count: int
    list_count: int
    is_enabled: bool = True
    status: int = 1
    user_limit: int = 0
    alias_limit: int = 0
    list_limit: int = 0
    max_size: int = 0
    main_domain_admin: str = ""
    path: str = ""


class Domain(Said, kw_only=True):
    domain_data: DomainData


class DomainSettings(Said, kw_only=True):
    domain_settings: DomainData


class DomainNames(Said, kw_only=True):
    domain_names: list[str]


class GivenDomain(Asked, kw_only=True):
    name: Text


class NewDomain(Asked, kw_only=True):
    """POST /settings/sysadmin/domain-put."""

    domain_data: GivenDomain
    admin_username: Text = ""
    admin_password: Word = ""


class GivenDomainAlias(Asked, kw_only=True):
    name: Text


class NewDomainAlias(Asked, kw_only=True):
    """POST /settings/domain/domain-alias-put."""

    domain_alias_data: GivenDomainAlias


class DomainAliasData(msgspec.Struct, rename="camel", kw_only=True):
    name: str


class DomainAliases(Said, kw_only=True):
    domain_alias_data: list[DomainAliasData]
