"""Copies in memory: the location index."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from string import ascii_uppercase
from typing import Any

from postwarden.adapters.memory.facts import FactsOfCopy, Texts, alike, texts_for
from postwarden.adapters.memory.holds import MemoryHolds
from postwarden.adapters.memory.state import State
from postwarden.model.mailboxes import (
    Copy,
    CopyState,
    DiscardKind,
    Order,
    SortField,
)
from postwarden.model.queries import Query, matches
from postwarden.services.ports import CopyFacts
from postwarden.services.ports.mail import Mark, Overdue, SimilarSets

_LOWER = {ord(letter): letter.lower() for letter in ascii_uppercase}


class MemoryCopies:
    """See `services.ports.Copies`; `texts` is None while writing."""

    def __init__(self, state: State, texts: Texts | None) -> None:
        self._state = state
        self._copies = state.copies
        self._texts = texts

    def add(self, copies: Sequence[Copy]) -> list[Copy]:
        added = [replace(copy, id=self._copies.new_id(), held=0) for copy in copies]
        for copy in added:
            self._enter(copy)
            self._copies.insert(copy.id, copy)
        return added

    def _enter(self, copy: Copy) -> None:
        """Keep one live copy per UID of a mailbox (RFC 9051 §2.3.1.1), one per item."""
        if copy.state is CopyState.LIVE:
            self._state.live_uids.insert((copy.mailbox, copy.uid), copy.id)
        if copy.item is not None:
            self._state.items.insert(copy.item, copy.id)

    def _leave(self, copy: Copy) -> None:
        if copy.state is CopyState.LIVE:
            self._state.live_uids.remove((copy.mailbox, copy.uid))
        if copy.item is not None:
            self._state.items.remove(copy.item)

    def many(self, copies: Sequence[int]) -> dict[int, Copy]:
        found = ((number, self._copies.get(number)) for number in copies)
        return {number: copy for number, copy in found if copy}

    def of_items(self, items: Sequence[int]) -> dict[int, int]:
        own = self.many(items)
        found = {number: number for number in own if own[number].item is None}
        taken = ((item, self._state.items.get(item)) for item in items)
        return found | {item: copy for item, copy in taken if copy is not None}

    def update(self, copies: Iterable[Copy]) -> None:
        for copy in copies:
            if known := self._copies.get(copy.id):
                updated = replace(
                    known,
                    mailbox=copy.mailbox,
                    uid=copy.uid,
                    flags=copy.flags,
                    keywords=copy.keywords,
                    modseq=copy.modseq,
                    save_date=copy.save_date,
                    state=copy.state,
                    account=copy.account,
                    vaulted_at=copy.vaulted_at,
                    expires_at=copy.expires_at,
                    lay_in=copy.lay_in,
                    discarded=copy.discarded,
                    item=copy.item,
                    item_uid=copy.item_uid,
                )
                self._leave(known)
                self._enter(updated)
                self._copies.put(copy.id, updated)

    def in_mailbox(self, mailbox: int, *, after_uid: int = 0, limit: int) -> list[Copy]:
        uids = self._state.live_uids
        numbers = uids.among((mailbox, after_uid + 1), (mailbox + 1, 0))
        return list(self.many(numbers[:limit]).values())

    def listed(
        self, mailbox: int, order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        uids = self._state.live_uids
        return self.arranged(
            uids.among((mailbox, 0), (mailbox + 1, 0)),
            order,
            offset=offset,
            limit=limit,
        )

    def arranged(
        self, copies: Sequence[int], order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        found = sorted(
            self.many(copies).values(),
            key=lambda copy: (self._sort_key(copy, order.field), copy.uid, copy.id),
            reverse=order.descending,
        )
        return [copy.id for copy in found[offset : offset + limit]]

    def _sort_key(self, copy: Copy, field: SortField) -> Any:
        message = self._state.messages.get(copy.message)
        assert message is not None  # noqa: S101  every copy is of a message
        keys = {
            SortField.DATE: message.date or copy.internal_date,
            SortField.RECEIVED: copy.internal_date,
            SortField.SIZE: message.size,
            SortField.SUBJECT: message.subject.translate(_LOWER),
            SortField.AUTHOR: message.author.translate(_LOWER),
            SortField.UID: 0,
        }
        return keys[field]

    def holding(self, mailbox: int, messages: Sequence[int]) -> set[int]:
        live = self.many(self._state.live_uids.among((mailbox, 0), (mailbox + 1, 0)))
        return {copy.message for copy in live.values()}.intersection(messages)

    def search(
        self, query: Query, *, states: Sequence[CopyState], similar: SimilarSets
    ) -> Sequence[int]:
        texts = texts_for(query, self._texts)
        classes = alike(self._state, query, similar)
        return [
            copy.id
            for copy in self._copies
            if copy.state in states
            and matches(query, FactsOfCopy(self._state, texts, copy), similar=classes)
        ]

    def matching(
        self, mailboxes: Sequence[int], query: Query, *, similar: SimilarSets
    ) -> Sequence[int]:
        found = self.search(query, states=(CopyState.LIVE,), similar=similar)
        copies = self.many(found)
        return [each for each in found if copies[each].mailbox in mailboxes]

    def changed(self, mailbox: int, mark: Mark, limit: int) -> Sequence[int]:
        uids = self._state.live_uids
        live = self.many(uids.among((mailbox, 0), (mailbox + 1, 0))).values()
        marks = [(Mark(modseq=each.modseq, uid=each.uid), each.id) for each in live]
        return [copy for at, copy in sorted(marks) if at > mark][:limit]

    def discarded(
        self,
        account: int,
        kind: DiscardKind,
        *,
        mailbox: int | None = None,
        offset: int,
        limit: int,
    ) -> Sequence[int]:
        found = sorted(
            self._discarded(account, kind, mailbox),
            key=lambda copy: (copy.vaulted_at, copy.id),
            reverse=True,
        )
        return [copy.id for copy in found[offset : offset + limit]]

    def count_discarded(
        self, account: int, kind: DiscardKind, *, mailbox: int | None = None
    ) -> int:
        return len(self._discarded(account, kind, mailbox))

    def _discarded(
        self, account: int, kind: DiscardKind, mailbox: int | None
    ) -> list[Copy]:
        return [
            copy
            for copy in self._copies
            if copy.account == account
            and copy.discarded is kind
            and mailbox in {None, copy.mailbox}
        ]

    def facts(self, copies: Sequence[int]) -> list[CopyFacts]:
        known = map(self._copies.get, copies)
        held = MemoryHolds(self._state).of(copies)
        return [
            found
            for copy in known
            if copy and (found := self._facts(copy, held.get(copy.id, ())))
        ]

    def _facts(self, copy: Copy, hold: tuple[int, ...]) -> CopyFacts | None:
        account = self._state.accounts.get(copy.account)
        message = self._state.messages.get(copy.message)
        mailbox = self._state.mailboxes.get(copy.mailbox)
        if account is None or message is None:
            return None
        reception = (
            None
            if copy.reception is None
            else self._state.receptions.get(copy.reception)
        )
        return CopyFacts(
            id=copy.id,
            account=copy.account,
            address=str(account.address),
            mailbox=mailbox.name if mailbox else copy.lay_in or "",
            mailbox_id=copy.mailbox,
            uid=copy.uid,
            flags=copy.flags,
            keywords=copy.keywords,
            internal_date=copy.internal_date,
            state=copy.state,
            message=copy.message,
            size=message.size,
            sha256=message.sha256,
            message_id=message.message_id,
            fingerprint=message.fingerprint,
            content_fingerprint=message.content_fingerprint,
            subject=message.subject,
            author=message.author,
            reception=copy.reception,
            recipient=copy.recipient,
            trace_id=reception.trace_id if reception else None,
            hold=hold,
            vaulted_at=copy.vaulted_at,
            expires_at=copy.expires_at,
            modseq=copy.modseq,
            discarded=copy.discarded,
            item=copy.item,
            item_uid=copy.item_uid,
        )

    def expired(self, now: datetime, limit: int) -> list[Copy]:
        due = [copy for copy in self._expired(now) if not copy.held]
        return sorted(due, key=lambda copy: copy.expires_at or now)[:limit]

    def _expired(self, now: datetime) -> list[Copy]:
        return [
            copy
            for copy in self._copies
            if copy.expires_at is not None and copy.expires_at <= now
        ]

    def expired_extent(self, now: datetime) -> Overdue:
        expired = self._expired(now)
        due = [copy for copy in expired if not copy.held]
        return Overdue(
            copies=len(due),
            octets=sum(copy.size for copy in due),
            messages=len({copy.message for copy in due}),
            accounts=len({copy.account for copy in due}),
            held=len(expired) - len(due),
        )

    def in_vault(
        self, account: int, *, after: Copy | None = None, limit: int
    ) -> list[Copy]:
        found = [
            (copy.vaulted_at, copy.id, copy)
            for copy in self._copies
            if copy.account == account and copy.vaulted_at is not None
        ]
        last = (after.vaulted_at, after.id) if after and after.vaulted_at else None
        found.sort(key=lambda each: each[:2])
        behind = [copy for *key, copy in found if last is None or tuple(key) > last]
        return behind[:limit]

    def has_any(self, account: int) -> bool:
        return any(copy.account == account for copy in self._copies)

    def remove(self, copies: Iterable[int]) -> None:
        for number in copies:
            if (known := self._copies.get(number)) is not None:
                self._leave(known)
            self._copies.remove(number)

    def count(self, copies: Sequence[int]) -> tuple[int, int, int]:
        found = self.many(copies).values()
        messages = {copy.message for copy in found}
        return len(messages), len(found), len({copy.account for copy in found})
