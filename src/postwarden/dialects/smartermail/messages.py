"""Between SmarterMail's mail and folders and ours. Pure functions, no I/O."""

from collections.abc import Mapping, Sequence

from postwarden.dialects.smartermail.mapping import moment, spelt
from postwarden.dialects.smartermail.schemas.mail import (
    AttachmentRow,
    Folder,
    FoundFlags,
    FoundMail,
    MessageData,
    MessageRow,
    Person,
)
from postwarden.model.addresses import Address
from postwarden.model.mailboxes import (
    INBOX,
    JUNK,
    SENT,
    TRASH,
    Flag,
    Mailbox,
    Order,
    SortField,
)
from postwarden.services.ports import CopyFacts, MessageDetails
from postwarden.wire.mime import Part, ScannedMessage, decoded_part, scan
from postwarden.wire.mime.charset import codec_of, loosely

MAX_SHOWN = 4 * 2**20  # octets of one text of a mail that are shown

_NAMES = {
    INBOX: "Inbox",
    TRASH: "Deleted Items",
    JUNK: "Junk Email",
    SENT: "Sent Items",
}
_OWN = {theirs.casefold(): own for own, theirs in _NAMES.items()}
_OWN["junk e-mail"] = JUNK  # as older servers call it
_DATE = 5  # the one order of mail that is known
_TERMS = {"0": "is:read", "1": "is:answered", "4": "is:flagged", "7": "has:attachment"}
_CALENDAR = "8"


def path_of(name: str) -> str:
    """Return the path of a mailbox: those that every account has are theirs."""
    first, slash, rest = name.partition("/")
    return f"{_NAMES.get(first, first)}{slash}{rest}"


def name_of(path: str) -> str:
    """Return the name of the mailbox at a path, which may have backslashes."""
    first, slash, rest = path.strip().replace("\\", "/").strip("/").partition("/")
    return f"{_OWN.get(first.casefold(), first)}{slash}{rest}"


def folders(mailboxes: Sequence[Mailbox], owner: Address) -> list[Folder]:
    ids = {mailbox.name: mailbox.id for mailbox in mailboxes}
    return [
        Folder(
            id=mailbox.id,
            guid=f"{mailbox.id:032x}",
            folder_id_parent=ids.get(mailbox.name.rpartition("/")[0], 0),
            name=path_of(mailbox.name).rpartition("/")[2],
            path=path_of(mailbox.name),
            owner_email_address=spelt(owner),
            unread=mailbox.unseen,
            total_messages=mailbox.messages,
            size=mailbox.octets,
        )
        for mailbox in mailboxes
    ]


def order_of(sort_type: int, *, ascending: bool) -> Order:
    """Return an order of mail; those that nobody has described are by arrival."""
    field = SortField.DATE if sort_type == _DATE else SortField.RECEIVED
    return Order(field=field, descending=not ascending)


def query_of(words: str, flags: Mapping[str, bool]) -> str:
    """Return a search as a query of ours, empty for everything.

    Each word is looked for in subject, text and author.
    """
    quoted = [f'"{word}"' for word in words.replace('"', " ").split()]
    terms = [f"({word} OR from:{word})" for word in quoted]
    for flag, is_wanted in flags.items():
        if flag in _TERMS:
            terms.append(_TERMS[flag] if is_wanted else f"-{_TERMS[flag]}")
    return " ".join(terms)


def is_empty_search(flags: Mapping[str, bool]) -> bool:
    """Whether nothing can be found: no mail is a message of a calendar."""
    return flags.get(_CALENDAR, False)


def row(copy: CopyFacts, details: MessageDetails | None) -> MessageRow:
    """Return mail as a row of a list; its author is read from its header."""
    scanned = scan(details.header if details else b"")
    return MessageRow(
        uid=copy.id,
        sender=_author(copy, scanned),
        from_address=_author(copy, scanned).email,
        subject=copy.subject,
        date_sent=moment(scanned.date or copy.internal_date),
        size=copy.size,
        has_attachments=bool(details and details.attachments),
        is_seen=bool(copy.flags & Flag.SEEN),
        is_answered=bool(copy.flags & Flag.ANSWERED),
        is_flagged=bool(copy.flags & Flag.FLAGGED),
        categories=list(copy.keywords),
    )


def found(copy: CopyFacts, details: MessageDetails | None) -> FoundMail:
    """Return mail as a row of the advanced search."""
    scanned = scan(details.header if details else b"")
    author = _author(copy, scanned)
    return FoundMail(
        uid=copy.id,
        folder=path_of(copy.mailbox),
        subject=copy.subject,
        sender=author.email,
        from_name=author.name,
        date_sent=moment(scanned.date or copy.internal_date),
        size=copy.size,
        recipients=[*scanned.to_addresses, *scanned.cc_addresses],
        message_flags=FoundFlags(
            is_seen=bool(copy.flags & Flag.SEEN),
            is_answered=bool(copy.flags & Flag.ANSWERED),
            is_flagged=bool(copy.flags & Flag.FLAGGED),
            is_draft=bool(copy.flags & Flag.DRAFT),
            has_attachments=bool(details and details.attachments),
            marked_as_spam=copy.mailbox == JUNK,
        ),
    )


def _author(copy: CopyFacts, scanned: ScannedMessage) -> Person:
    email = scanned.author_addresses[0] if scanned.author_addresses else ""
    return Person(name=copy.author.partition("<")[0].strip(' "') or email, email=email)


def data(content: bytes) -> MessageData:
    """Return a mail with its texts, as far as they are shown."""
    scanned = scan(content)
    texts = {"text/plain": "", "text/html": ""}
    for part in scanned.parts:
        kind = part.content_type
        if kind in texts and not part.is_attachment and not texts[kind]:
            texts[kind] = _text(content, part)
    author = scanned.author_addresses[0] if scanned.author_addresses else ""
    return MessageData(
        header=scanned.header.decode(errors="replace"),
        subject=scanned.subject,
        html=texts["text/html"],
        message_plain_text=texts["text/plain"],
        from_address=Person(name=scanned.author, email=author),
        to_addresses=_people(scanned.to_addresses),
        cc_addresses=_people(scanned.cc_addresses),
        to=scanned.header_to,
        cc=scanned.header_cc,
        bcc=", ".join(scanned.bcc_addresses),
        attachments=list(map(_attachment, scanned.attachments)),
    )


def _people(addresses: Sequence[str]) -> list[Person]:
    return [Person(name="", email=address) for address in addresses]


def _text(content: bytes, part: Part) -> str:
    octets = decoded_part(content, part)[:MAX_SHOWN]
    return loosely(octets, codec_of(part.charset or ""))


def _attachment(part: Part) -> AttachmentRow:
    is_image = part.content_type.startswith("image/")
    return AttachmentRow(
        filename=part.filename or "",
        type="image" if is_image else "document",
        part_id=part.number,
        size=-(-part.size // 1024),  # in KiB, as the vendor has it
    )
