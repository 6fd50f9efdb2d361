"""Events: whoever hears of all of them knows what lies where, however it went."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.ews import events
from postwarden.dialects.ews.ids import ItemId, MailboxId
from postwarden.dialects.ews.states import known_by, watermark
from postwarden.dialects.ews.subscriptions import EVENTS
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.mailboxes import Copy, CopyState, DiscardKind, Flag
from postwarden.services import accounts, owners, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ingest import new_message
from postwarden.services.mailboxes import acting, keeping
from postwarden.services.mailboxes import reading as mail
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.placement import NewCopy
from postwarden.services.ports import UnitOfWork
from tests.support.factories import ADA, Clock, mail_domain

BOXES = ("INBOX", "Trash", "Work")
_IDS = re.compile(r'<t:(\w+) Id="([^"]+)"')


@dataclass(slots=True)
class Listener:
    """Keeps what it hears of: which items lie in which folder."""

    watermark: str
    mailboxes: frozenset[int] | None
    folders: dict[str, set[str]] = field(default_factory=dict)

    def hear(self, uow: UnitOfWork, owner: Actor) -> bool:
        """Hear the next events; return whether there are more."""
        account = owner.account or 0
        found = events.news(
            *(uow, owner, account, known_by(self.watermark, account)),
            mailboxes=self.mailboxes,
            wanted=EVENTS,
        )
        for event in found.events:
            self._heard(event.name, dict(_IDS.findall("".join(event.content))))
            self.watermark = event.watermark  # also those amidst of an answer
        if not found.events:
            self.watermark = watermark(account, found.states.values())
        return found.has_more

    def _heard(self, name: str, ids: dict[str, str]) -> None:
        parent = ids["ParentFolderId"]
        match name:
            case "CreatedEvent" if "FolderId" in ids:
                self.folders.setdefault(ids["FolderId"], set())
            case "DeletedEvent" if "FolderId" in ids:
                self.folders.pop(ids["FolderId"], None)
            case "CreatedEvent":
                self.folders.setdefault(parent, set()).add(ids["ItemId"])
            case "DeletedEvent":
                self.folders[parent].discard(ids["ItemId"])
            case "MovedEvent":
                self.folders[ids["OldParentFolderId"]].discard(ids["OldItemId"])
                if parent in self.folders:  # else it is of no interest
                    self.folders[parent].add(ids["ItemId"])
            case _:
                assert ids["ItemId"] in self.folders[parent]


def lying(uow: UnitOfWork, owner: Actor) -> dict[str, set[str]]:
    return {
        str(MailboxId(each.account, each.id)): {
            str(ItemId(c.account, c.mailbox_id, c.item or c.id))
            for c in mail.listing(uow, owner, each.id, limit=1000).copies
        }
        for each in mail.mailboxes(uow, owner, owner.account)
    }


def begin(uow: UnitOfWork) -> Actor:
    uow.domains.add(mail_domain())
    account = accounts.create(uow, OPERATOR, NewAccount(address=ADA, name="Ada"))
    owner = owners.owner(account, dialect="ews")
    keeping.create(uow, owner, account.id, "Work")
    return owner


def put(
    uow: UnitOfWork,
    owner: Actor,
    box: str,
    count: int,
    instead_of: Copy | None = None,
) -> None:
    message = uow.messages.add(new_message(bytes(32), b"Subject: a\r\n\r\n"))
    account = owner.account or 0
    home = placement.mailbox_named(uow, account, box).id
    new = NewCopy(
        account=account,
        mailbox=home,
        message=message.id,
        size=message.size,
        internal_date=uow.now,
        instead_of=instead_of,
    )
    placement.file(uow, [new] * count)


def some(uow: UnitOfWork, owner: Actor, box: str, count: int) -> list[int]:
    home = mail.found(uow, owner, owner.account, box)
    if home is None:
        return []
    return [c.id for c in mail.listing(uow, owner, home.id, limit=count).copies]


def flag(uow: UnitOfWork, owner: Actor, box: str, count: int) -> None:
    chosen = some(uow, owner, box, count)
    acting.flag(uow, owner, [FlagChange(copy=c, add=Flag.SEEN) for c in chosen])


def change(uow: UnitOfWork, owner: Actor, box: str, count: int) -> None:
    for copy in uow.copies.many(some(uow, owner, box, count)).values():
        kind = DiscardKind.REPLACED
        placement.withdraw(uow, [copy], CopyState.VAULTED, discarded=kind)
        put(uow, owner, box, 1, instead_of=copy)


def discard(uow: UnitOfWork, owner: Actor, box: str, count: int) -> None:
    acting.discard(uow, owner, some(uow, owner, box, count), DiscardKind.DELETED)


def move_on(uow: UnitOfWork, owner: Actor, box: str, count: int) -> None:
    to = BOXES[(BOXES.index(box) + 1) % len(BOXES)]
    placement.mailbox_named(uow, owner.account or 0, to)
    acting.move(uow, owner, some(uow, owner, box, count), to)


def remove_box(uow: UnitOfWork, owner: Actor, _box: str, _count: int) -> None:
    home = mail.found(uow, owner, owner.account, "Work")
    if home is not None:
        keeping.remove(uow, owner, home.id)


Act = Callable[[UnitOfWork, Actor, str, int], None]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([put, put, flag, change, discard, move_on, remove_box, None]),
        st.sampled_from(BOXES),
        st.integers(1, 4),
    ),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 5))
def test_who_hears_everything_knows_what_lies_where(
    steps: list[tuple[Act | None, str, int]], limit: int
) -> None:
    asyncio.run(_run(steps, limit, everything=True))


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 5))
def test_who_hears_of_one_folder_knows_what_lies_there(
    steps: list[tuple[Act | None, str, int]], limit: int
) -> None:
    asyncio.run(_run(steps, limit, everything=False))


async def _run(
    steps: list[tuple[Act | None, str, int]], limit: int, *, everything: bool
) -> None:
    store = MemoryStore(clock=Clock())
    owner = await store.transact(begin)
    listener = await store.read(_listener, owner, everything=everything)
    with patch.object(events, "MAX_EVENTS", limit):
        for act, box, count in steps:
            if act is None:
                await store.read(listener.hear, owner)
            else:
                await store.transact(act, owner, box, count)
        for _ in range(200):
            if not await store.read(listener.hear, owner):
                break
        there = await store.read(lying, owner)
        if not everything:
            there = {each: there[each] for each in listener.folders if each in there}
        assert listener.folders == there


def _listener(uow: UnitOfWork, owner: Actor, *, everything: bool) -> Listener:
    account = owner.account or 0
    inbox = mail.found(uow, owner, account, "INBOX")
    assert inbox is not None
    mailboxes = None if everything else frozenset({inbox.id})
    states = events.beginning(uow, owner, account, mailboxes)
    mark = watermark(account, states.values())
    folders = {str(MailboxId(account, each)): set[str]() for each in states}
    return Listener(mark, mailboxes, folders)
