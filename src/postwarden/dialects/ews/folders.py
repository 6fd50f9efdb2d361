"""The folders of an account: its mailboxes, in the tree that Exchange has them in.

root
├─ Top of Information Store (msgfolderroot)
│  ├─ Inbox, Drafts, Sent Items, Junk Email, Deleted Items
│  └─ every other mailbox, below the one whose name begins its own
└─ Recoverable Items
   ├─ Deletions   what the owner deleted
   ├─ Versions    what was replaced, as changed drafts are
   └─ Purges      what was purged

Versions and Purges are empty but for who acts in the owner's place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.ids import FolderId, MailboxId, Place, PlaceId
from postwarden.model.mailboxes import (
    DRAFTS,
    INBOX,
    JUNK,
    SENT,
    SEPARATOR,
    TRASH,
    DiscardKind,
    Mailbox,
)

MAILBOXES: Final = {
    "inbox": (INBOX, "Inbox"),
    "drafts": (DRAFTS, "Drafts"),
    "sentitems": (SENT, "Sent Items"),
    "junkemail": (JUNK, "Junk Email"),
    "deleteditems": (TRASH, "Deleted Items"),
}
"""Distinguished folders that are mailboxes: their name here, and what is shown."""

PLACES: Final = {
    "root": (Place.ROOT, "root"),
    "msgfolderroot": (Place.TOP, "Top of Information Store"),
    "recoverableitemsroot": (Place.RECOVERABLE, "Recoverable Items"),
    "recoverableitemsdeletions": (Place.DELETIONS, "Deletions"),
    "recoverableitemsversions": (Place.VERSIONS, "Versions"),
    "recoverableitemspurges": (Place.PURGES, "Purges"),
}
"""Distinguished folders that are none."""

DISCARDS: Final = {
    Place.DELETIONS: DiscardKind.DELETED,
    Place.VERSIONS: DiscardKind.REPLACED,
    Place.PURGES: DiscardKind.PURGED,
}
"""The places where mail lies that was thrown away."""

_PARENTS: Final = {
    Place.TOP: Place.ROOT,
    Place.RECOVERABLE: Place.ROOT,
    Place.DELETIONS: Place.RECOVERABLE,
    Place.VERSIONS: Place.RECOVERABLE,
    Place.PURGES: Place.RECOVERABLE,
}
_SHOWN: Final = {name: (word, shown) for word, (name, shown) in MAILBOXES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder as clients see it; `distinguished` is what everybody calls it."""

    id: FolderId
    parent: FolderId | None
    name: str
    distinguished: str | None = None
    mailbox: Mailbox | None = None
    total: int = 0
    unread: int = 0

    @property
    def discards(self) -> DiscardKind | None:
        """What was thrown away how lies in it, None for any other folder."""
        return DISCARDS.get(self.id.place) if isinstance(self.id, PlaceId) else None

    @property
    def change(self) -> int:
        """What grows whenever something in it changes."""
        return self.mailbox.highest_modseq if self.mailbox is not None else self.total


class Tree:
    """All folders of one account.

    `discarded` says how much lies in the places that have no counter.
    """

    def __init__(
        self,
        account: int,
        mailboxes: Sequence[Mailbox],
        discarded: dict[Place, int],
    ) -> None:
        self.account = account
        self._discarded = discarded
        self._mailboxes = {each.name: each for each in mailboxes}
        self._children: dict[FolderId, list[FolderId]] = {}
        self._folders: dict[FolderId, Folder] = {}
        found = [*self._places(), *map(self._of_mailbox, mailboxes)]
        for each in found:
            if each.parent is not None:
                self._children.setdefault(each.parent, []).append(each.id)
        for each in found:
            self._folders[each.id] = each

    def get(self, wanted: FolderId) -> Folder:
        """Return a folder; raises Failed."""
        found = self._folders.get(wanted)
        if found is None:
            raise not_found()
        return found

    def named(self, word: str) -> Folder:
        """Return a distinguished folder; raises Failed for one that is not here."""
        if word in PLACES:
            return self.get(PlaceId(self.account, PLACES[word][0]))
        name, _ = MAILBOXES.get(word, ("", ""))
        mailbox = self._mailboxes.get(name)
        if mailbox is None:
            raise not_found()
        return self.get(MailboxId(self.account, mailbox.id))

    def count(self, folder: Folder) -> int:
        """Return how many folders lie directly in one."""
        return len(self._children.get(folder.id, ()))

    def below(self, folder: Folder, *, deep: bool) -> Iterator[Folder]:
        """Yield the folders in one; `deep` with all that lies in them."""
        for each in self._children.get(folder.id, ()):
            yield self._folders[each]
            if deep:
                yield from self.below(self._folders[each], deep=True)

    def _places(self) -> Iterator[Folder]:
        for word, (place, shown) in PLACES.items():
            parent = _PARENTS.get(place)
            yield Folder(
                id=PlaceId(self.account, place),
                parent=None if parent is None else PlaceId(self.account, parent),
                name=shown,
                distinguished=word,
                total=self._discarded.get(place, 0),
            )

    def _of_mailbox(self, mailbox: Mailbox) -> Folder:
        word, shown = _SHOWN.get(mailbox.name, (None, mailbox.name))
        parent: FolderId = PlaceId(self.account, Place.TOP)
        above = mailbox.name
        while SEPARATOR in above:
            above = above.rpartition(SEPARATOR)[0]
            if above in self._mailboxes:
                parent = MailboxId(self.account, self._mailboxes[above].id)
                shown = mailbox.name[len(above) + 1 :]
                break
        return Folder(
            id=MailboxId(self.account, mailbox.id),
            parent=parent,
            name=shown,
            distinguished=word,
            mailbox=mailbox,
            total=mailbox.messages,
            unread=mailbox.unseen,
        )


def not_found() -> Failed:
    message = "The specified folder could not be found in the store."
    return Failed(Code.FOLDER_NOT_FOUND, message)
