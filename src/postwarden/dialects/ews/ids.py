"""Identifiers: what clients keep, and what of ours it leads to.

An identifier says in itself where its thing lies: version, kind, numbers, and a
CRC by which what was never one of ours is told from what is gone. It gives no
access: whoever comes with one is asked whose mailbox it is. An item's has the
mailbox, so that one that moved has another, as in Exchange, and one that changed not.
"""

import base64
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from zlib import crc32

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed

_VERSION: Final = 1
LONGEST: Final = 1024  # characters
_MAX: Final = 2**63 - 1  # numbers of rows are 64 bits


class Place(IntEnum):
    """What is no mailbox and has an identifier all the same: the fixed folders."""

    ROOT = 1
    TOP = 2  # Top of Information Store, which holds the mailboxes
    RECOVERABLE = 3
    DELETIONS = 4
    VERSIONS = 5
    PURGES = 6


class Lying(IntEnum):
    """Where an item lies; what is discarded has another identifier than before."""

    LIVE = 0
    DELETED = 1
    PURGED = 2
    REPLACED = 3


class Kind(IntEnum):
    """What an identifier is of; `states` has those of what clients know."""

    MAILBOX = 1
    PLACE = 2
    ITEM = 3
    ATTACHMENT = 4
    CHANGE = 5
    SYNC = 6
    HIERARCHY = 7
    WATERMARK = 8


@dataclass(frozen=True, slots=True)
class MailboxId:
    """A folder that is a mailbox."""

    account: int
    mailbox: int

    def __str__(self) -> str:
        return written(Kind.MAILBOX, self.account, self.mailbox)


@dataclass(frozen=True, slots=True)
class PlaceId:
    """A folder that every account has."""

    account: int
    place: Place

    def __str__(self) -> str:
        return written(Kind.PLACE, self.account, self.place)


FolderId = MailboxId | PlaceId


@dataclass(frozen=True, slots=True)
class ItemId:
    """An item, as long as it stays where it is, whatever copy it is."""

    account: int
    mailbox: int
    item: int
    lying: Lying = Lying.LIVE

    def __str__(self) -> str:
        return written(Kind.ITEM, *self.numbers)

    @property
    def numbers(self) -> tuple[int, ...]:
        # What was replaced is numbered below zero, and the numbers here are not.
        item = self.item << 1 if self.item >= 0 else -self.item << 1 | 1
        return self.account, self.mailbox, item, self.lying


@dataclass(frozen=True, slots=True)
class AttachmentId:
    """An attachment of an item: the path to it, counted from 0 on each level."""

    item: ItemId
    path: tuple[int, ...]

    def __str__(self) -> str:
        return written(Kind.ATTACHMENT, *self.item.numbers, *self.path)


def folder_id(text: str) -> FolderId:
    """Read a folder's identifier; raises Failed for what is none."""
    kind, numbers = read(text)
    match kind, numbers:
        case Kind.MAILBOX, (account, mailbox):
            return MailboxId(account, mailbox)
        case Kind.PLACE, (account, place) if place in set(Place):
            return PlaceId(account, Place(place))
        case _:
            raise _malformed()


def item_id(text: str) -> ItemId:
    """Read an item's identifier; raises Failed for what is none."""
    kind, numbers = read(text)
    if kind is not Kind.ITEM:
        raise _malformed()
    return _item(numbers)


def attachment_id(text: str) -> AttachmentId:
    """Read an attachment's identifier; raises Failed for what is none."""
    kind, numbers = read(text)
    if kind is not Kind.ATTACHMENT or len(numbers) < 5:
        raise _malformed()
    return AttachmentId(_item(numbers[:4]), numbers[4:])


def check(text: str) -> None:
    """Raise Failed for what is no identifier of a folder or an item."""
    kind, _ = read(text)
    if kind in {Kind.MAILBOX, Kind.PLACE}:
        folder_id(text)
    else:
        item_id(text)


def change_key(modseq: int) -> str:
    """Return what tells two states of one thing apart (RFC 7162)."""
    return written(Kind.CHANGE, modseq)


def modseq_of(text: str) -> int:
    """Read a change key; raises Failed for what is none."""
    try:
        kind, numbers = read(text)
    except Failed:
        kind, numbers = None, ()
    if kind is not Kind.CHANGE or len(numbers) != 1:
        raise Failed(Code.INVALID_CHANGE_KEY, "The change key is invalid.")
    return numbers[0]


def _item(numbers: tuple[int, ...]) -> ItemId:
    if len(numbers) != 4 or numbers[3] not in set(Lying) or numbers[2] == 1:
        raise _malformed()
    account, mailbox, number, lying = numbers
    item = -(number >> 1) if number & 1 else number >> 1
    return ItemId(account, mailbox, item, Lying(lying))


def written(kind: Kind, *numbers: int) -> str:
    """Return numbers as clients keep them."""
    octets = bytearray([_VERSION, kind])
    for number in numbers:
        octets += _varint(number)
    return _sealed(bytes(octets))


def read(text: str, longest: int = LONGEST) -> tuple[Kind, tuple[int, ...]]:
    """Return what `written` was given; raises Failed for what it did not write."""
    try:
        octets = base64.b64decode(text[: longest + 1], validate=True)
        body = octets[:-4]
        # What decodes to the same octets and is written otherwise is none of ours.
        if _sealed(body) != text or body[0] != _VERSION:
            raise _malformed()
        return Kind(body[1]), _numbers(body[2:])
    except (ValueError, IndexError) as error:  # binascii's errors are ValueErrors
        raise _malformed() from error


def _sealed(body: bytes) -> str:
    return base64.b64encode(body + crc32(body).to_bytes(4)).decode()


def _malformed() -> Failed:
    return Failed(Code.INVALID_ID_MALFORMED, "Id is malformed.")


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number >= 0x80:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _numbers(octets: bytes) -> tuple[int, ...]:
    numbers, number, shift = [], 0, 0
    for octet in octets:
        number |= (octet & 0x7F) << shift
        if number > _MAX:
            raise ValueError
        if octet & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number, shift = 0, 0
    if shift:
        raise ValueError
    return tuple(numbers)
