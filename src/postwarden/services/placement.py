"""Where copies lie: the one place that adds, moves, hides, returns, destroys them.

Every function here keeps what IMAP and quota depend on in the same transaction:
UID and UIDNEXT, MODSEQ, the expunge journal, mailbox counters, account usage.
Callers give batches of at most some hundred copies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from postwarden.model.accounts import Usage
from postwarden.model.errors import AlreadyExists, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import (
    NO_FLAGS,
    Copy,
    CopyState,
    DiscardKind,
    Flag,
    Mailbox,
)
from postwarden.services import holds, retention
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork

# UIDVALIDITY is 32 bits and must grow (RFC 9051 §2.3.1.1): seconds do until 2106.
_MAX_UID_VALIDITY = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """A message that is to lie in a mailbox."""

    account: int
    mailbox: int
    message: int
    size: int
    internal_date: datetime
    flags: Flag = NO_FLAGS
    keywords: tuple[str, ...] = ()
    reception: int | None = None
    recipient: int | None = None
    instead_of: Copy | None = None


def mailbox_named(uow: UnitOfWork, account: int, name: str) -> Mailbox:
    """Return the account's mailbox of that name, made if it is not there."""
    mailbox = uow.mailboxes.find(account, name)
    if mailbox is not None:
        return mailbox
    validity = min(int(uow.now.timestamp()), _MAX_UID_VALIDITY)
    try:
        return uow.mailboxes.add(account, name, validity)
    except AlreadyExists:
        return mailbox_named(uow, account, name)


def file(uow: UnitOfWork, new: Sequence[NewCopy]) -> list[Copy]:
    """Put messages into mailboxes; the copies come back in the order given.

    Every copy there is was put here, so here is where holds mark what arrives. One
    that comes instead of another, which was withdrawn as replaced, is the same item.
    """
    books = _Books(uow, {each.mailbox for each in new})
    copies = []
    for each in new:
        uid, modseq = books.enter(each.mailbox, each.size, each.flags)
        item, item_uid = _item_of(each)
        books.charge(each.account, Usage(octets=each.size, messages=1))
        copies.append(
            Copy(
                id=0,
                account=each.account,
                mailbox=each.mailbox,
                uid=uid,
                message=each.message,
                flags=each.flags,
                keywords=each.keywords,
                internal_date=each.internal_date,
                save_date=uow.now,
                modseq=modseq,
                size=each.size,
                reception=each.reception,
                recipient=each.recipient,
                item=item,
                item_uid=item_uid,
            )
        )
    books.close()
    filed = uow.copies.add(copies)
    holds.mark_arrivals(uow, filed)
    return filed


def withdraw(
    uow: UnitOfWork,
    copies: Sequence[Copy],
    state: CopyState,
    *,
    discarded: DiscardKind | None = None,
) -> list[Copy]:
    """Take live copies out of every protocol's sight, into `state`.

    They keep mailbox and UID as a memory of where they lay. In the vault the clock
    of their retention starts; contained ones have none. `discarded` says how their
    owner threw them away, if it was the owner.
    """
    books = _Books(uow, {copy.mailbox for copy in copies})
    gone = []
    for copy in copies:
        books.leave(copy)
        books.charge(copy.account, _into_vault(copy))
        lay_in = books.mailboxes[copy.mailbox].mailbox.name
        hidden = replace(copy, state=state, lay_in=lay_in, discarded=discarded)
        if discarded is DiscardKind.REPLACED:
            hidden = replace(hidden, item=-copy.id, item_uid=None)
        gone.append(hidden)
    books.close()
    if state is CopyState.VAULTED:
        gone = retention.clocked(uow, gone)
    uow.copies.update(gone)
    return gone


def restore(
    uow: UnitOfWork, copies: Sequence[tuple[Copy, str]], *, into: int | None = None
) -> list[Copy]:
    """Return hidden copies to mailboxes, given by name and made if gone.

    Flags, keywords and internal date are as before; the UID is new, since a UID
    is never used twice (RFC 9051 §2.3.1.1). The quota is not asked. With `into`
    they become that account's, and stay the same copies.
    """
    owners = {copy.id: copy.account if into is None else into for copy, _ in copies}
    homes = {
        (owners[copy.id], name): mailbox_named(uow, owners[copy.id], name).id
        for copy, name in copies
    }
    books = _Books(uow, set(homes.values()))
    back = []
    for copy, name in copies:
        owner = owners[copy.id]
        home = homes[owner, name]
        uid, modseq = books.enter(home, copy.size, copy.flags)
        books.charge(copy.account, _gone_from_vault(copy))
        books.charge(owner, Usage(octets=copy.size, messages=1))
        back.append(
            replace(
                copy,
                account=owner,
                mailbox=home,
                uid=uid,
                modseq=modseq,
                state=CopyState.LIVE,
                vaulted_at=None,
                expires_at=None,
                lay_in=None,
                discarded=None,
                item_uid=None,
            )
        )
    books.close()
    uow.copies.update(back)
    return back


def move(uow: UnitOfWork, copies: Sequence[tuple[Copy, str]]) -> list[Copy]:
    """Move live copies to mailboxes of the same accounts, given by name.

    The copies keep their ids and get new UIDs (RFC 6851).
    """
    homes = {
        (copy.account, name): mailbox_named(uow, copy.account, name).id
        for copy, name in copies
    }
    books = _Books(uow, {*homes.values(), *(copy.mailbox for copy, _ in copies)})
    moved = []
    for copy, name in copies:
        home = homes[copy.account, name]
        books.leave(copy)
        uid, modseq = books.enter(home, copy.size, copy.flags)
        moved.append(
            replace(
                copy,
                mailbox=home,
                uid=uid,
                modseq=modseq,
                save_date=uow.now,
                item_uid=None,
            )
        )
    books.close()
    uow.copies.update(moved)
    return moved


def flag(
    uow: UnitOfWork, copies: Iterable[tuple[Copy, Flag, tuple[str, ...]]]
) -> list[Copy]:
    """Give live copies these flags and keywords instead of what they have."""
    changes = list(copies)
    books = _Books(uow, {copy.mailbox for copy, _, _ in changes})
    flagged = []
    for copy, flags, keywords in changes:
        modseq = books.touch(copy.mailbox, _unseen(flags) - _unseen(copy.flags))
        flagged.append(replace(copy, flags=flags, keywords=keywords, modseq=modseq))
    books.close()
    uow.copies.update(flagged)
    return flagged


def destroy(
    uow: UnitOfWork, copies: Sequence[Copy], *, source: str, detail: str
) -> None:
    """Remove copies for good, wherever they lie.

    The last line of defence for holds: whoever asks, a held copy makes it raise
    Refused, and while it is not known what is held, Unavailable. Either way
    nothing is destroyed. Content that no copy has any more is removed later.
    """
    holds.require_known(uow)
    if held := holds.holds_of(uow, [copy.id for copy in copies]):
        number, by = min(held.items())
        raise Refused(f"copy {number} is held by hold {by[0]}: nothing was destroyed")
    names = uow.mailboxes.many({copy.mailbox for copy in copies})
    live = [copy for copy in copies if copy.state is CopyState.LIVE]
    books = _Books(uow, {copy.mailbox for copy in live})
    lay_in = {
        copy.id: names[copy.mailbox].name for copy in copies if copy.mailbox in names
    }
    for copy in copies:
        if copy.state is CopyState.LIVE:
            books.leave(copy)
            books.charge(copy.account, Usage(octets=-copy.size, messages=-1))
        else:
            books.charge(copy.account, _gone_from_vault(copy))
    books.close()
    record_copies(uow, Event.PURGE, copies, lay_in.get, source=source, detail=detail)
    uow.copies.remove(copy.id for copy in copies)
    uow.disposal.offer({copy.message for copy in copies}, uow.now)


def _item_of(new: NewCopy) -> tuple[int | None, int | None]:
    old = new.instead_of
    if old is None:
        return None, None
    # In another mailbox it arrives anew.
    item_uid = (old.item_uid or old.uid) if old.mailbox == new.mailbox else None
    return old.item or old.id, item_uid


def _unseen(flags: Flag) -> int:
    return 0 if flags & Flag.SEEN else 1


def _into_vault(copy: Copy) -> Usage:
    return Usage(
        octets=-copy.size, messages=-1, vault_octets=copy.size, vault_messages=1
    )


def _gone_from_vault(copy: Copy) -> Usage:
    return Usage(vault_octets=-copy.size, vault_messages=-1)


@dataclass(slots=True)
class _Counters:
    """What a batch makes of one mailbox, which is a new value only at its end."""

    mailbox: Mailbox
    modseq: int = field(init=False)
    entered: int = 0
    messages: int = 0
    unseen: int = 0
    octets: int = 0

    def __post_init__(self) -> None:
        self.modseq = self.mailbox.highest_modseq + 1

    def change(self, *, messages: int = 0, unseen: int = 0, octets: int = 0) -> None:
        self.messages += messages
        self.unseen += unseen
        self.octets += octets

    def counted(self) -> Mailbox:
        before = self.mailbox
        return replace(
            before,
            uid_next=before.uid_next + self.entered,
            highest_modseq=self.modseq,
            messages=before.messages + self.messages,
            unseen=before.unseen + self.unseen,
            octets=before.octets + self.octets,
        )


@dataclass(slots=True)
class _Books:
    """The counters of some mailboxes and accounts, written back once.

    Each mailbox's MODSEQ grows by one for the whole batch, which is one change
    to whoever synchronises (RFC 7162 §3.1).
    """

    uow: UnitOfWork
    wanted: set[int]
    mailboxes: dict[int, _Counters] = field(init=False)
    usage: dict[int, Usage] = field(default_factory=dict)
    journal: list[tuple[int, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mailboxes = {
            key: _Counters(mailbox)
            for key, mailbox in self.uow.mailboxes.many(self.wanted).items()
        }

    def enter(self, mailbox: int, size: int, flags: Flag) -> tuple[int, int]:
        counters = self.mailboxes[mailbox]
        uid = counters.mailbox.uid_next + counters.entered
        counters.entered += 1
        counters.change(messages=1, unseen=_unseen(flags), octets=size)
        return uid, counters.modseq

    def leave(self, copy: Copy) -> None:
        counters = self.mailboxes[copy.mailbox]
        counters.change(messages=-1, unseen=-_unseen(copy.flags), octets=-copy.size)
        item = copy.item or copy.id
        self.journal.append((copy.mailbox, copy.uid, counters.modseq, item))

    def touch(self, mailbox: int, unseen: int) -> int:
        counters = self.mailboxes[mailbox]
        counters.change(unseen=unseen)
        return counters.modseq

    def charge(self, account: int, usage: Usage) -> None:
        known = self.usage.get(account)
        self.usage[account] = usage if known is None else known + usage

    def close(self) -> None:
        self.uow.mailboxes.update(each.counted() for each in self.mailboxes.values())
        self.uow.mailboxes.record_expunged(self.journal)
        self.uow.accounts.use(self.usage.items())
