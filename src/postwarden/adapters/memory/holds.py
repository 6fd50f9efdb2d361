"""Holds and their marks in memory."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.errors import NotFound
from postwarden.model.holds import HeldAccount, HeldCopies, Hold, HoldState
from postwarden.model.mailboxes import Copy, CopyState

_IN_FORCE = {HoldState.PLACING, HoldState.ACTIVE}
_UNFINISHED = {HoldState.PLACING, HoldState.RELEASING}


class MemoryHolds:
    """See `services.ports.Holds`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._holds = state.holds
        self._marks = state.hold_marks

    def add(self, hold: Hold) -> Hold:
        added = replace(hold, id=self._holds.new_id())
        self._holds.insert(added.id, added)
        return self.get(added.id)

    def get(self, hold: int) -> Hold:
        found = self._holds.get(hold)
        if found is None:
            raise NotFound("hold", str(hold))
        return found

    def replace(self, hold: Hold) -> None:
        kept = replace(
            self.get(hold.id),
            state=hold.state,
            released_by=hold.released_by,
            released_at=hold.released_at,
            release_reason=hold.release_reason,
        )
        self._holds.put(hold.id, kept)

    def page(self, *, after: int = 0, limit: int) -> list[Hold]:
        return self._holds.behind(after, limit)

    def in_force(self) -> list[Hold]:
        return [each for each in self._holds if each.state in _IN_FORCE]

    def unfinished(self, *, after: int = 0, limit: int) -> list[Hold]:
        return [
            each
            for each in self._holds.behind(after, len(self._holds.items()))
            if each.state in _UNFINISHED
        ][:limit]

    def mark(self, hold: int, copies: Sequence[int]) -> list[int]:
        new = [
            copy
            for copy in sorted(set(copies))
            if copy in self._state.copies and (copy, hold) not in self._marks
        ]
        for copy in new:
            self._marks.insert((copy, hold), (copy, hold))
        self._count(new, 1)
        return new

    def unmark(self, hold: int, copies: Sequence[int]) -> None:
        known = [copy for copy in copies if (copy, hold) in self._marks]
        for copy in known:
            self._marks.remove((copy, hold))
        self._count(known, -1)

    def _count(self, copies: Iterable[int], more: int) -> None:
        for number in copies:
            if copy := self._state.copies.get(number):
                counted = replace(copy, held=copy.held + more)
                self._state.copies.put(number, counted)

    def recount(self, copies: Sequence[int]) -> None:
        marks = self.of(copies)
        for number in copies:
            if copy := self._state.copies.get(number):
                counted = replace(copy, held=len(marks.get(number, ())))
                self._state.copies.put(number, counted)

    def marked(self, hold: int, *, after: int = 0, limit: int) -> list[int]:
        marks = sorted(copy for copy, by in self._marks if by == hold and copy > after)
        return marks[:limit]

    def of(self, copies: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        wanted, found = set(copies), defaultdict[int, list[int]](list)
        for copy, hold in self._marks:
            if copy in wanted:
                found[copy].append(hold)
        return {copy: tuple(sorted(holds)) for copy, holds in found.items()}

    def extent(self, hold: int) -> HeldCopies:
        copies = self._copies(hold)
        states = Counter(copy.state for copy in copies)
        return HeldCopies(
            copies=len(copies),
            octets=sum(copy.size for copy in copies),
            messages=len({copy.message for copy in copies}),
            accounts=len({copy.account for copy in copies}),
            live=states[CopyState.LIVE],
            contained=states[CopyState.CONTAINED],
            vaulted=states[CopyState.VAULTED],
        )

    def extent_by_account(
        self, hold: int, *, after: int = 0, limit: int
    ) -> list[HeldAccount]:
        copies, octets = Counter[int](), Counter[int]()
        for copy in self._copies(hold):
            copies[copy.account] += 1
            octets[copy.account] += copy.size
        return [
            HeldAccount(
                account=account.id,
                address=str(account.address),
                copies=copies[account.id],
                octets=octets[account.id],
            )
            for account in map(self._state.accounts.get, sorted(copies))
            if account is not None and account.id > after
        ][:limit]

    def _copies(self, hold: int) -> list[Copy]:
        marked = (copy for copy, by in self._marks if by == hold)
        return [copy for copy in map(self._state.copies.get, marked) if copy]
