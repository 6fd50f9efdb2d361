"""Folders and mail: `/folders/...`, `/mail/...` and the advanced search."""

from typing import Annotated

import msgspec

from postwarden.dialects.smartermail.envelope import Said
from postwarden.dialects.smartermail.schemas import Asked
from postwarden.dialects.smartermail.schemas.accounts import Count, Text

# Clients write ids as numbers or as texts.
Numbers = Annotated[list[int], msgspec.Meta(max_length=10_000)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Folder(msgspec.Struct, rename="camel", kw_only=True):
    id: int
    guid: str
    folder_id_parent: int
    name: str
    path: str
    owner_email_address: str
    unread: int
    total_messages: int
    size: int
    is_shared_item: bool = False


class Folders(Said, kw_only=True):
    folder_list: list[Folder]


class NewFolder(Asked, kw_only=True):
    """POST /folders/folder-put."""

    folder: Text
    parent_folder: Text = ""


class InFolder(Asked, kw_only=True):
    """A folder by its path; an empty owner is oneself."""

    folder: Text = "Inbox"
    owner_email_address: Text = ""


class MessageSearch(InFolder, kw_only=True):
    """POST /mail/messages."""

    skip: Count = 0
    take: Count = 50
    query: Text = ""
    sort_type: int = 5
    sort_ascending: bool = False
    search_flags: Annotated[dict[str, bool], msgspec.Meta(max_length=50)] = (
        msgspec.field(default_factory=dict)
    )


class OneMessage(InFolder, kw_only=True):
    """POST /mail/message."""

    uid: Number


class Messages(InFolder, kw_only=True):
    """Some mail of a folder."""

    uid: Numbers


class Deletion(Messages, kw_only=True):
    """POST /mail/delete-messages."""

    move_to_deleted: bool = True


class Move(Messages, kw_only=True):
    """POST /mail/move-messages."""

    destination_folder: Text
    destination_owner_email_address: Text = ""


class ReadMark(Messages, kw_only=True):
    """POST /mail/messages-patch."""

    mark_read: bool


class Categories(Messages, kw_only=True):
    """POST /mail/messages-category-patch."""

    categories: Annotated[list[Text], msgspec.Meta(max_length=100)]


class FlagAction(Asked, kw_only=True):
    type: Text


class FlagMark(Messages, kw_only=True):
    """POST /mail/messages-flag-patch."""

    flag_action: FlagAction


class AdvancedSearch(Asked, kw_only=True):
    """POST /settings/advanced-search."""

    section: int = 0
    search_query: Text = ""
    max_emails_to_return: Count = 100


class Person(msgspec.Struct, rename="camel", kw_only=True):
    name: str
    email: str
    potential_homograph: bool = False


class MessageRow(msgspec.Struct, rename="camel", kw_only=True):
    uid: int
    sender: Person = msgspec.field(name="from")
    from_address: str
    subject: str
    date_sent: str
    size: int
    has_attachments: bool
    is_seen: bool
    is_answered: bool
    is_flagged: bool
    is_calendar_message: bool = False
    is_verified_sender: bool = False
    importance: int = 0
    categories: list[str] = msgspec.field(default_factory=list)
    encrypt_sign_flags: dict[str, str] = msgspec.field(default_factory=dict)


class MessageResults(Said, kw_only=True):
    results: list[MessageRow]
    total_count: int
    unread_count: int


class AttachmentRow(msgspec.Struct, rename="camel", kw_only=True):
    filename: str
    type: str
    part_id: str = msgspec.field(name="partID")
    size: int
    link: str = ""


class Trust(msgspec.Struct, rename="camel", kw_only=True):
    """Nothing is said of a sender's trust: 0 is none."""

    trusted_sender_level: int = 0
    dmarc_status: int = 0
    dkim_status: int = 0
    spf: int = 0
    mismatch_from_address: bool = False
    is_trust_bypassed: bool = False


class MessageData(msgspec.Struct, rename="camel", kw_only=True):
    """A mail, of which `header` is the text of its header block."""

    header: str
    subject: str
    html: str = msgspec.field(name="messageHTML")
    message_plain_text: str
    from_address: Person
    to_addresses: list[Person]
    cc_addresses: list[Person]
    to: str
    cc: str
    bcc: str
    attachments: list[AttachmentRow]
    original_cid_links: dict[str, str] = msgspec.field(default_factory=dict)
    encrypt_sign_flags: dict[str, str] = msgspec.field(default_factory=dict)
    trust_info: Trust = msgspec.field(default_factory=Trust)


class Message(Said, kw_only=True):
    message_data: MessageData


class FoundFlags(msgspec.Struct, rename="camel", kw_only=True):
    is_seen: bool
    is_answered: bool
    is_flagged: bool
    is_draft: bool
    has_attachments: bool
    is_calendar_message: bool = False
    marked_as_spam: bool = False


class FoundMail(msgspec.Struct, rename="camel", kw_only=True):
    uid: int
    folder: str
    subject: str
    sender: str = msgspec.field(name="from")
    from_name: str
    date_sent: str
    size: int
    recipients: list[str]
    message_flags: FoundFlags
    importance_high: bool = False
    importance_low: bool = False


class Found(msgspec.Struct, rename="camel", kw_only=True):
    email_search_results: list[FoundMail]
    note_search_results: list[str] = msgspec.field(default_factory=list)
    contact_search_results: list[str] = msgspec.field(default_factory=list)
    calendar_search_results: list[str] = msgspec.field(default_factory=list)
    task_search_results: list[str] = msgspec.field(default_factory=list)


class SearchResult(Said, kw_only=True):
    advanced_search_result: Found
