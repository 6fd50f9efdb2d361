"""Users: `/settings/domain/user...`, and what is set of them.

What is UNSET stays as it is; null counts as that, too.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from postwarden.dialects.smartermail.envelope import Said
from postwarden.dialects.smartermail.schemas import Asked
from postwarden.dialects.smartermail.schemas.accounts import Count, Text, UserData

Octets = Annotated[int, msgspec.Meta(ge=0, le=2**60)]
Word = Annotated[str, msgspec.Meta(max_length=200)]
Names = Annotated[list[Text], msgspec.Meta(max_length=200)]


class Named(Asked, kw_only=True):
    """A user, by his address or its local part."""

    email: Text


class Several(Asked, kw_only=True):
    """Some users, aliases or lists."""

    input: Names


class GivenFlags(Asked, kw_only=True):
    is_disabled: bool | UnsetType = UNSET
    is_domain_admin: bool = False
    auth_type: int = 0


class GivenUser(Asked, kw_only=True):
    """What may be set of a user."""

    user_name: Text = ""
    password: Word | UnsetType = UNSET
    full_name: Text | UnsetType = UNSET
    max_mailbox_size: Octets | UnsetType = UNSET
    security_flags: GivenFlags = msgspec.field(default_factory=GivenFlags)


class GivenMailSettings(Asked, kw_only=True):
    is_enabled: bool | UnsetType = UNSET
    max_size: Octets | UnsetType = UNSET


class NewUser(Asked, kw_only=True):
    """POST /settings/domain/user-put."""

    user_data: GivenUser
    user_mail_settings: GivenMailSettings = msgspec.field(
        default_factory=GivenMailSettings
    )


class ChangedUser(Named, kw_only=True):
    """POST /settings/domain/post-user."""

    user_data: GivenUser = msgspec.field(default_factory=GivenUser)
    user_mail_settings: GivenMailSettings = msgspec.field(
        default_factory=GivenMailSettings
    )


class MailSettings(msgspec.Struct, rename="camel", kw_only=True):
    is_enabled: bool
    can_receive_mail: bool
    max_size: int
    total_mailbox_size: int
    hide_from_gal: bool = msgspec.field(default=False, name="hideFromGAL")
    is_catch_all: bool = False
    enable_pop: bool = False
    enable_imap: bool = False
    enable_smtp: bool = True


class UserMail(Said, kw_only=True):
    user_mail_settings: MailSettings


class Users(Said, kw_only=True):
    user_data: list[UserData]
    total_count: int


class QuickRow(msgspec.Struct, rename="camel", kw_only=True):
    """A user in a quick search, whose status is a word."""

    user_name: str
    display_name: str
    bytes_used: int
    bytes_allowed: int
    status: str
    last_login_time: str | None


class QuickUsers(Said, kw_only=True):
    users: list[QuickRow]
    total_count: int


class GivenAlias(Asked, kw_only=True):
    """What may be set of an alias. What we cannot do is refused, not forgotten."""

    name: Text = ""
    alias_target_list: Annotated[list[Text], msgspec.Meta(max_length=10_000)] = (
        msgspec.field(default_factory=list)
    )
    is_enabled: bool = True
    internal_only: bool = False
    include_all_domain_users: bool = False


class AliasBody(Asked, kw_only=True):
    """POST /settings/domain/alias-put and alias."""

    alias: GivenAlias
    old_name: Text = ""


class AliasData(msgspec.Struct, rename="camel", kw_only=True):
    name: str
    alias_target_list: list[str]
    is_enabled: bool
    display_name: str = ""
    description: str = ""
    internal_only: bool = False
    allow_sending: bool = True
    hide_from_gal: bool = msgspec.field(default=False, name="hideFromGAL")
    include_all_domain_users: bool = False
    enable_for_xmpp: bool = False


class Alias(Said, kw_only=True):
    alias: AliasData


class Aliases(Said, kw_only=True):
    aliases: list[AliasData]
    total_count: int


class ForwardRow(msgspec.Struct, rename="camel", kw_only=True):
    email_address: str
    forwarding_address: str
    keep_recipients: bool


class Forwards(Said, kw_only=True):
    mailbox_forward_list: list[ForwardRow]


class SubscriberSearch(Asked, kw_only=True):
    """POST /settings/domain/mailing-lists/{id}/subscriber-search."""

    skip: Count = 0
    take: Count = 1000
    search: Text = ""
    sort_descending: bool = False


class Subscriber(msgspec.Struct, rename="camel", kw_only=True):
    email_address: str
    bounce_count: int = 0


class Subscribers(Said, kw_only=True):
    results: list[Subscriber]
    total_count: int
