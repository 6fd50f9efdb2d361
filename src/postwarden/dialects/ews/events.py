"""What happened in the mailboxes of an account since somebody last heard of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from postwarden.dialects.ews import item_shapes
from postwarden.dialects.ews.ids import ItemId, MailboxId, Place, PlaceId
from postwarden.dialects.ews.items import Item
from postwarden.dialects.ews.states import SyncState, all_known, watermark
from postwarden.model.actors import Actor
from postwarden.model.mailboxes import INBOX, CopyState, Mailbox
from postwarden.services.mailboxes import reading as mail
from postwarden.services.mailboxes.reading import Changes
from postwarden.services.ports import CopyFacts, UnitOfWork
from postwarden.services.ports.mail import Left, Mark
from postwarden.wire.xml import Xml, tag

MAX_EVENTS: Final = 100  # of one answer
MAX_MARKS: Final = 20_000  # in all watermarks of one answer

States = Mapping[int, SyncState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its element's name, and what stands in it behind the time.

    Who has heard of it knows the mailboxes as far as `states`.
    """

    name: str
    content: tuple[Xml, ...]
    account: int
    states: States

    @property
    def watermark(self) -> str:
        return watermark(self.account, self.states.values())

    def written(self, time: datetime, *, watermark: str | None = None) -> Xml:
        """Return the event as subscribers hear of it."""
        return tag(
            f"t:{self.name}",
            None if watermark is None else tag("t:Watermark", watermark),
            tag("t:TimeStamp", time),
            *self.content,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Events in their order, what is known behind them, and whether there are more."""

    events: Sequence[Event]
    states: States
    has_more: bool


def beginning(
    uow: UnitOfWork, actor: Actor, account: int, mailboxes: Collection[int] | None
) -> States:
    """Return what is known of mailboxes, None for all, to who begins to listen."""
    return {
        each.id: all_known(each)
        for each in mail.mailboxes(uow, actor, account)
        if mailboxes is None or each.id in mailboxes
    }


def news(
    uow: UnitOfWork,
    actor: Actor,
    account: int,
    known: States,
    *,
    mailboxes: Collection[int] | None,
    wanted: Collection[str],
) -> News:
    """Return the next events in mailboxes, None for all, for who knows so much."""
    there = {
        each.id: each
        for each in mail.mailboxes(uow, actor, account)
        if mailboxes is None or each.id in mailboxes
    }
    limit = max(1, min(MAX_EVENTS, MAX_MARKS // max(len(there), 1)))
    looking = _Looking(uow, actor, there, wanted, limit)
    events: list[Event] = []
    states = dict(known)
    for happened in looking.all(known):
        is_told = happened.name in wanted
        if is_told and len(events) == limit:
            return News(events=events, states=states, has_more=True)
        if happened.state is None:
            states.pop(happened.mailbox, None)
        else:
            states[happened.mailbox] = happened.state
        if is_told:
            events.append(
                Event(
                    name=happened.name,
                    content=happened.content,
                    account=account,
                    states=dict(states),
                )
            )
        elif events:  # who has heard the last of it knows this, too
            events[-1] = replace(events[-1], states=dict(states))
    return News(events=events, states=states, has_more=looking.has_more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    """What happened in a mailbox; a state of None forgets the mailbox."""

    name: str
    mailbox: int
    state: SyncState | None
    content: tuple[Xml, ...] = ()


class _Looking:
    """Looks into mailboxes, as far as somebody can be told at once."""

    def __init__(
        self,
        uow: UnitOfWork,
        actor: Actor,
        there: Mapping[int, Mailbox],
        wanted: Collection[str],
        limit: int,
    ) -> None:
        self._uow, self._actor, self._there = uow, actor, there
        self._tells_moves = "MovedEvent" in wanted
        self._left = self._limit = limit
        self._elsewhere: dict[int, CopyFacts] = {}  # where items are that left
        self._replaced: set[tuple[int, int]] = set()  # by other copies, not gone
        self.has_more = False

    def all(self, known: States) -> Iterator[_Happened]:
        for number, state in known.items():
            if number not in self._there:
                yield _folder("DeletedEvent", state.account, number, None)
        for mailbox in self._there.values():
            if mailbox.id not in known:
                state = SyncState(mailbox.account, mailbox.id)
                yield _folder("CreatedEvent", mailbox.account, mailbox.id, state)
        yield from self._in_mailboxes(known)

    def _in_mailboxes(self, known: States) -> Iterator[_Happened]:
        found: list[tuple[Mailbox, SyncState, Changes]] = []
        for mailbox in self._there.values():
            state = known.get(mailbox.id) or SyncState(mailbox.account, mailbox.id)
            if state.mark >= mail.end_of(mailbox):
                continue
            if self._left <= 0:
                self.has_more = True
                break
            changes = mail.changes(
                *(self._uow, self._actor, mailbox.id),
                since=state.mark,
                limit=self._limit,
            )
            self._left -= len(changes.changed) + len(changes.left)
            self.has_more = self.has_more or not changes.is_last
            found.append((mailbox, state, changes))
        left = [
            (state, each, each.item)
            for _, state, changes in found
            for each in changes.left
            if each.item is not None and state.may_know(each.uid)
        ]
        there = mail.items(self._uow, self._actor, [item for *_, item in left])
        self._replaced = {
            (state.mailbox, each.uid)
            for state, each, item in left
            if state.has_still(each, there.get(item))
        }
        self._elsewhere = {
            item: there[item]
            for state, each, item in left
            if item in there
            and there[item].state is CopyState.LIVE
            and (state.mailbox, each.uid) not in self._replaced
        }
        for mailbox, state, changes in found:
            yield from self._in_mailbox(mailbox, state, changes)

    def _in_mailbox(
        self, mailbox: Mailbox, state: SyncState, changes: Changes
    ) -> Iterator[_Happened]:
        """Yield what happened in one mailbox, in its order."""
        told: list[tuple[Mark, str, tuple[Xml, ...]]] = [
            (_mark(each), name, _shown(each))
            for each in changes.changed
            for name in self._names(each, state)
        ]
        told += [
            (_mark(gone), *self._gone(state, gone))
            for gone in changes.left
            if gone.item is not None
            and state.may_know(gone.uid)
            and (mailbox.id, gone.uid) not in self._replaced
        ]
        told.sort(key=lambda one: one[0])
        for mark, name, content in told:
            here = replace(state, modseq=mark.modseq, uid=mark.uid)
            yield _Happened(name=name, mailbox=mailbox.id, state=here, content=content)
        end = replace(state, modseq=changes.up_to.modseq, uid=changes.up_to.uid)
        if changes.is_last:
            end = replace(end, uid_next=mailbox.uid_next)
        yield _Happened(name="", mailbox=mailbox.id, state=end)

    def _names(self, facts: CopyFacts, state: SyncState) -> Iterator[str]:
        if state.knows(facts):
            yield "ModifiedEvent"
        elif not (self._tells_moves and (facts.item or facts.id) in self._elsewhere):
            yield "CreatedEvent"
            if facts.reception is not None and facts.mailbox == INBOX:
                yield "NewMailEvent"

    def _gone(self, state: SyncState, left: Left) -> tuple[str, tuple[Xml, ...]]:
        number = left.item or 0
        old = str(ItemId(state.account, state.mailbox, number))
        parent = str(MailboxId(state.account, state.mailbox))
        now = self._elsewhere.get(number)
        if now is None:
            return "DeletedEvent", (
                tag("t:ItemId", Id=old),
                tag("t:ParentFolderId", Id=parent),
            )
        return "MovedEvent", (
            *_shown(now),
            tag("t:OldItemId", Id=old),
            tag("t:OldParentFolderId", Id=parent),
        )


def _shown(facts: CopyFacts) -> tuple[Xml, ...]:
    parent = str(MailboxId(facts.account, facts.mailbox_id))
    return (
        item_shapes.item_id(Item(facts=facts)),
        tag("t:ParentFolderId", Id=parent),
    )


def _mark(each: CopyFacts | Left) -> Mark:
    return Mark(modseq=each.modseq, uid=each.uid)


def _folder(name: str, account: int, number: int, state: SyncState | None) -> _Happened:
    content = (
        tag("t:FolderId", Id=str(MailboxId(account, number))),
        tag("t:ParentFolderId", Id=str(PlaceId(account, Place.TOP))),
    )
    return _Happened(name=name, mailbox=number, state=state, content=content)
