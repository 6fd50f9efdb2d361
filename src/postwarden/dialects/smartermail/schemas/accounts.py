"""Accounts and aliases as `/settings/domain/account-list-search` has them."""

from typing import Annotated

import msgspec

from postwarden.dialects.smartermail.envelope import Said
from postwarden.dialects.smartermail.schemas import Asked

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class Search(Asked, kw_only=True):
    """Which of a list, in which order, and how many."""

    skip: Count = 0
    take: Count = 1000
    search: Text = ""
    sort_field: Text = ""
    sort_descending: bool = False


class AccountSearch(Search, kw_only=True):
    """POST /settings/domain/account-list-search."""

    search_flags: Annotated[list[Text], msgspec.Meta(max_length=50)] = msgspec.field(
        default_factory=list
    )


class AccountRow(msgspec.Struct, rename="camel", kw_only=True):
    """A user, an alias or a mailing list; null where it means nothing."""

    user_name: str
    email_address: str
    display_name: str
    full_name: str
    status: int
    is_enabled: bool
    account_type: int
    auth_type: int
    is_webmail_enabled: bool | None
    is_eas_enabled: bool | None
    is_mapi_ews_enabled: bool | None
    is_pop_enabled: bool | None
    is_imap_enabled: bool | None
    create_date: str
    last_login_protocol: str | None = None
    last_login_time: str | None = None
    eas_last_login: str | None = None
    mapi_last_login: str | None = None
    ews_last_login: str | None = None
    pop_last_login: str | None = None
    imap_last_login: str | None = None
    smtp_last_login: str | None = None
    alias_target_count: int | None = None
    alias_is_catch_all: bool | None = None
    alias_include_all_domain_users: bool | None = None
    alias_internal_only: bool | None = None
    alias_show_as_room: bool | None = None
    alias_send_from: bool | None = None
    show_in_gal: bool | None = msgspec.field(default=None, name="showInGAL")
    bytes_used: int | None = None
    bytes_allowed: int | None = None
    bytes_used_percent: float | None = None
    accepted_newest_policy: bool | None = None
    description: str = ""


class DomainRow(msgspec.Struct, rename="camel", kw_only=True):
    """A domain in a list. Counts of it cost too much for a list: ask for one."""

    name: str
    hostname: str
    is_enabled: bool = True
    status: int = 1
    max_size: int = 0


class DomainResults(Said, kw_only=True):
    results: list[DomainRow]
    total_count: int


class MailingListRow(msgspec.Struct, rename="camel", kw_only=True):
    """A mailing list; `list_address` is the local part only."""

    id: int
    list_address: str
    list_command_address: str
    status: int
    disabled: bool
    list_subscriber_count: int
    digest_subscriber_count: int = 0
    poster_count: int = 0
    banned_user_count: int = 0
    moderator_address: str = ""
    posting_permissions: int = 0
    description: str = ""
    enable_digest: bool = False
    double_opt_in: bool = False
    disable_subscriptions: bool = True


class MailingLists(Said, kw_only=True):
    items: list[MailingListRow]
    total_count: int


class SecurityFlags(msgspec.Struct, rename="camel", kw_only=True):
    is_domain_admin: bool = False
    is_disabled: bool = False
    auth_type: int = 0
    authenticating_windows_domain: str = ""


class AutoResponder(msgspec.Struct, rename="camel", kw_only=True):
    forwarding_address: str = ""


class UserData(msgspec.Struct, rename="camel", kw_only=True):
    """One user."""

    user_name: str
    email_address: str
    full_name: str
    create_date: str
    max_mailbox_size: int
    current_mailbox_size: int
    last_login_time: str | None
    security_flags: SecurityFlags
    auto_responder: AutoResponder
    is_password_expired: bool = False
    is_primary_domain_admin: bool = False


class User(Said, kw_only=True):
    user_data: UserData


class GivenList(Asked, kw_only=True):
    """POST /settings/domain/mailing-lists/{id}/settings; the rest is as it is."""

    list_address: Text = ""
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class NewList(GivenList, kw_only=True):
    """POST /settings/domain/mailing-lists/add."""

    moderator_address: Text = ""


class ListItem(Said, kw_only=True):
    item: MailingListRow


class ListCounts(Said, kw_only=True):
    list_subscribers: int
    digest_subscribers: int = 0
    posters: int = 0
    banned_users: int = 0
    custom_fields: int = 0
    messages: int = 0
