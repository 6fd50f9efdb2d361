"""States: how far a client knows mailboxes and folders, in words that it keeps.

Nothing is remembered here of who knows what: whoever comes with a state is told what
happened since, after a restart as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.ids import (
    LONGEST,
    FolderId,
    Kind,
    MailboxId,
    Place,
    PlaceId,
    read,
    written,
)
from postwarden.model.mailboxes import CopyState, Mailbox
from postwarden.services.mailboxes.reading import LAST_UID, end_of
from postwarden.services.ports import CopyFacts
from postwarden.services.ports.mail import Left, Mark

MAX_HIERARCHY: Final = 65_536  # characters of a state with all folders there can be
MAX_WATERMARK: Final = 65_536  # characters, of all mailboxes there can be


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a client knows a mailbox: to a mark, and UIDs below `uid_next`."""

    account: int
    mailbox: int
    modseq: int = 0
    uid: int = 0
    uid_next: int = 1

    def __str__(self) -> str:
        return written(Kind.SYNC, self.account, *self.numbers)

    @property
    def mark(self) -> Mark:
        return Mark(modseq=self.modseq, uid=self.uid)

    def may_know(self, uid: int) -> bool:
        """Whether a client may have been told of an item that had this UID.

        Amid a round it knows some of what is new, and nothing says which.
        """
        is_amid = self.modseq > 0 and self.uid < LAST_UID
        return is_amid or uid < self.uid_next

    def knows(self, facts: CopyFacts) -> bool:
        """Whether a client knows of an item that lies in the mailbox.

        One that was replaced came when the first of its line did.
        """
        return _came_with(facts) < self.uid_next

    def has_still(self, left: Left, facts: CopyFacts | None) -> bool:
        """Whether what left the mailbox was replaced there: the item is in it."""
        return (
            facts is not None
            and (facts.mailbox_id, facts.state) == (self.mailbox, CopyState.LIVE)
            and _came_with(facts) <= left.uid
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """What it is within its account."""
        return self.mailbox, self.modseq, self.uid, self.uid_next


def _came_with(facts: CopyFacts) -> int:
    return facts.item_uid or facts.uid


def all_known(mailbox: Mailbox) -> SyncState:
    """Return the state of who knows everything that is in a mailbox now."""
    mark = end_of(mailbox)
    return SyncState(
        *(mailbox.account, mailbox.id),
        *(mark.modseq, mark.uid, mailbox.uid_next),
    )


def sync_state(text: str) -> SyncState:
    """Read a synchronisation state; raises Failed for what is none."""
    kind, numbers = _read(text, LONGEST)
    if kind is not Kind.SYNC or len(numbers) != 5:
        raise _no_state()
    return SyncState(*numbers)


def hierarchy_state(known: dict[FolderId, int]) -> str:
    """Return what a client knows of folders: each with a checksum of what it saw."""
    numbers = []
    for folder, checksum in known.items():
        is_place = isinstance(folder, PlaceId)
        number = folder.place if isinstance(folder, PlaceId) else folder.mailbox
        numbers += [folder.account, number << 1 | is_place, checksum]
    return written(Kind.HIERARCHY, *numbers)


def known_hierarchy(text: str) -> dict[FolderId, int]:
    """Read what `hierarchy_state` wrote; raises Failed for what is none."""
    kind, numbers = _read(text, MAX_HIERARCHY)
    if kind is not Kind.HIERARCHY or len(numbers) % 3:
        raise _no_state()
    known: dict[FolderId, int] = {}
    for at in range(0, len(numbers), 3):
        account, number, checksum = numbers[at : at + 3]
        if not number & 1:
            known[MailboxId(account, number >> 1)] = checksum
        elif number >> 1 in set(Place):
            known[PlaceId(account, Place(number >> 1))] = checksum
        else:
            raise _no_state()
    return known


def watermark(account: int, states: Iterable[SyncState]) -> str:
    """Return how far several mailboxes of an account are known."""
    numbers = [number for each in states for number in each.numbers]
    return written(Kind.WATERMARK, account, *numbers)


def known_by(text: str, account: int) -> dict[int, SyncState]:
    """Read what `watermark` wrote, by mailbox; raises Failed for what is none."""
    try:
        kind, (whose, *numbers) = read(text, MAX_WATERMARK)
    except (Failed, ValueError) as error:
        raise _no_watermark() from error
    if kind is not Kind.WATERMARK or whose != account or len(numbers) % 4:
        raise _no_watermark()
    found = (
        SyncState(account, *numbers[at : at + 4]) for at in range(0, len(numbers), 4)
    )
    return {each.mailbox: each for each in found}


def _no_watermark() -> Failed:
    return Failed(Code.INVALID_WATERMARK, "The watermark is invalid.")


def _read(text: str, longest: int) -> tuple[Kind, tuple[int, ...]]:
    try:
        return read(text, longest)
    except Failed as error:
        raise _no_state() from error


def _no_state() -> Failed:
    return Failed(Code.INVALID_SYNC_STATE, "The sync state is invalid.")
