"""Whatever users and administrators do: held mail stays, nothing goes early.

Sequences of acts run on every store, and what is there afterwards is compared with a
model that knows nothing of how it is done: which copies exist, where, in which state,
marked by whom, and what the counters and journals say (invariants 2, 4 and 5).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from postwarden.adapters.sql import recounting
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Refused, Unavailable
from postwarden.model.mailboxes import NO_FLAGS, Copy, CopyState, DiscardKind, Flag
from postwarden.model.queries import parse
from postwarden.services import (
    accounts,
    contents,
    domains,
    holds,
    placement,
    removals,
    vault,
    vault_restoring,
)
from postwarden.services.holds import NewHold
from postwarden.services.mailboxes import acting
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, Clock, message
from tests.support.stores import ADAPTERS, opened
from tests.unit.services.world import add_account, add_domain, at

BOXES = ("INBOX", "Work")
MESSAGES = 3
NAMES = ("ada", "bob")
DAY = timedelta(days=1)
Act: TypeAlias = tuple[str, int, int]


def size(number: int) -> int:
    return 100 * (number + 1)


@dataclass
class Owner:
    """An account as the model has it; `name` is its address's local part."""

    id: int
    name: str
    removed_at: datetime | None = None


@dataclass
class Lying:
    """A copy as the model has it."""

    id: int
    owner: Owner
    box: str
    uid: int
    message: int
    state: CopyState = CopyState.LIVE
    seen: bool = False
    vaulted_at: datetime | None = None
    expires_at: datetime | None = None
    held: set[int] = field(default_factory=set)
    discarded: DiscardKind | None = None


@dataclass
class Holding:
    """A hold as the model has it; `owners` are those it was bound to."""

    id: int
    kind: int
    name: str
    number: int
    owners: set[int]
    state: str = "placing"

    def takes(self, copy: Lying) -> bool:
        if self.kind == 0:
            return True
        if self.kind == 1:
            return copy.message == self.number
        return copy.owner.id in self.owners

    def found(self, copy: Lying, owners: list[Owner]) -> bool:
        """Whether a search finds it: by address, and so rather more than less."""
        names = {each.name for each in owners if each.id in self.owners}
        return self.takes(copy) or (
            self.kind == 2 and copy.owner.name in {self.name, *names}
        )


@dataclass
class Model:
    """What must be there after some acts."""

    owners: list[Owner] = field(default_factory=list)
    copies: dict[int, Lying] = field(default_factory=dict)
    holds: dict[int, Holding] = field(default_factory=dict)
    uids: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    left: dict[tuple[int, str], set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )
    retention: timedelta = 30 * DAY
    for_removed: timedelta = 90 * DAY
    last_copy: int = 0

    def end(self, copy: Lying, vaulted_at: datetime) -> datetime:
        removed_at = copy.owner.removed_at
        went_along = removed_at is not None and vaulted_at >= removed_at
        return vaulted_at + (self.for_removed if went_along else self.retention)

    def hide(self, copy: Lying, state: CopyState, now: datetime) -> None:
        self.left[copy.owner.id, copy.box].add(copy.uid)
        copy.state = state
        copy.discarded = None
        self.clock(copy, now if state is CopyState.VAULTED else None)

    def clock(self, copy: Lying, now: datetime | None) -> None:
        copy.vaulted_at = now
        copy.expires_at = None if now is None else self.end(copy, now)

    def enter(self, copy: Lying, owner: Owner, box: str) -> None:
        self.uids[owner.id, box] += 1
        copy.owner, copy.box, copy.uid = owner, box, self.uids[owner.id, box]

    def live(self, owner: Owner) -> Iterator[Lying]:
        return (
            copy
            for copy in self.copies.values()
            if copy.owner is owner and copy.state is CopyState.LIVE
        )

    @property
    def present(self) -> list[Owner]:
        return [owner for owner in self.owners if owner.removed_at is None]


def _host(uow: UnitOfWork) -> None:
    add_domain(uow)


class Run:
    """The same acts on a store and on the model."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.model = store, clock, Model()

    async def begin(self) -> None:
        await self.store.transact(_host)
        for name in NAMES:
            await self.create(name)

    async def create(self, name: str) -> None:
        number = await self.store.transact(lambda uow: add_account(uow, at(name)))
        self.model.owners.append(Owner(number, name))

    async def act(self, name: str, one: int, two: int) -> None:
        await getattr(self, name)(one, two)

    def pick(self, number: int, *states: CopyState) -> Lying | None:
        known = [
            copy
            for copy in self.model.copies.values()
            if not states or copy.state in states
        ]
        return known[number % len(known)] if known else None

    async def copy(self, number: int) -> Copy:
        return (await self.store.read(lambda uow: uow.copies.many([number])))[number]

    async def append(self, one: int, two: int) -> None:
        owners = self.model.present
        if not owners:
            return
        owner, box = owners[one % len(owners)], BOXES[two % 2]
        number = (one + two) % MESSAGES

        def file(uow: UnitOfWork) -> int:
            stored = uow.messages.add(message(f"m{number}", size=size(number)))
            new = placement.NewCopy(
                account=owner.id,
                mailbox=placement.mailbox_named(uow, owner.id, box).id,
                message=stored.id,
                size=stored.size,
                internal_date=uow.now,
            )
            return placement.file(uow, [new])[0].id

        added = Lying(await self.store.transact(file), owner, box, 0, number)
        self.model.enter(added, owner, box)
        self.model.copies[added.id] = added
        for hold in self.model.holds.values():
            in_force = hold.state in {"placing", "active"}
            if in_force and hold.takes(added):
                added.held.add(hold.id)

    async def move(self, one: int, two: int) -> None:
        copy = self.pick(one, CopyState.LIVE)
        if copy is None:
            return
        known, box = await self.copy(copy.id), BOXES[two % 2]
        await self.store.transact(placement.move, [(known, box)])
        self.model.left[copy.owner.id, copy.box].add(copy.uid)
        self.model.enter(copy, copy.owner, box)

    async def flag(self, one: int, two: int) -> None:
        copy = self.pick(one, CopyState.LIVE)
        if copy is None:
            return
        copy.seen = bool(two % 2)
        flags = Flag.SEEN if copy.seen else NO_FLAGS
        known = await self.copy(copy.id)
        await self.store.transact(placement.flag, [(known, flags, ())])

    async def expunge(self, one: int, _: int) -> None:
        await self._hide(one, CopyState.VAULTED)

    async def discard(self, one: int, two: int) -> None:
        """As an owner does, or an administrator in his place, twice perhaps."""
        seen = [
            copy
            for copy in self.model.copies.values()
            if copy.owner.removed_at is None
            and (copy.state is CopyState.LIVE or copy.discarded is DiscardKind.DELETED)
        ]
        if not seen:
            return
        copy = seen[one % len(seen)]
        kind = (DiscardKind.DELETED, DiscardKind.PURGED)[two % 2]
        actor = Actor(name=copy.owner.name, account=copy.owner.id)
        await self.store.transact(acting.discard, actor, [copy.id], kind)
        if copy.state is CopyState.LIVE:
            self.model.hide(copy, CopyState.VAULTED, self.clock.now)
        copy.discarded = kind

    async def take_back(self, one: int, two: int) -> None:
        seen = [
            copy
            for copy in self.model.copies.values()
            if copy.owner.removed_at is None and copy.discarded is DiscardKind.DELETED
        ]
        if not seen:
            return
        copy = seen[one % len(seen)]
        actor = Actor(name=copy.owner.name, account=copy.owner.id)
        await self.store.transact(acting.move, actor, [copy.id], "INBOX")
        self.model.enter(copy, copy.owner, "INBOX")
        copy.state, copy.discarded = CopyState.LIVE, None
        self.model.clock(copy, None)

    async def contain(self, one: int, _: int) -> None:
        await self._hide(one, CopyState.CONTAINED)

    async def _hide(self, one: int, state: CopyState) -> None:
        copy = self.pick(one, CopyState.LIVE)
        if copy is not None:
            known = await self.copy(copy.id)
            await self.store.transact(placement.withdraw, [known], state)
            self.model.hide(copy, state, self.clock.now)

    async def close(self, one: int, _: int) -> None:
        copy = self.pick(one)
        if copy is None:
            return
        known = await self.copy(copy.id)
        await self.store.transact(
            vault.start_clock, [known], source="case", detail="closed"
        )
        if copy.state is CopyState.CONTAINED:
            copy.state = CopyState.VAULTED
            self.model.clock(copy, self.clock.now)

    async def restore(self, one: int, two: int) -> None:
        copy = self.pick(one, CopyState.CONTAINED, CopyState.VAULTED)
        owners = self.model.present
        if copy is None:
            return
        to = owners[two % len(owners)] if owners and two % 3 == 0 else None
        done = await self.store.transact(
            vault_restoring.restore_chunk, [copy.id], to=to.id if to else None
        )
        lost = to is None and copy.owner.removed_at is not None
        if copy.state is CopyState.CONTAINED or lost:
            assert list(done.failed) == [copy.id]
            return
        assert done.restored == 1
        self.model.enter(copy, to or copy.owner, copy.box)
        copy.state, copy.discarded = CopyState.LIVE, None
        self.model.clock(copy, None)

    async def destroy(self, one: int, _: int) -> None:
        copy = self.pick(one)
        if copy is None:
            return
        known = await self.copy(copy.id)
        placing = any(h.state == "placing" for h in self.model.holds.values())
        try:
            await self.store.transact(
                placement.destroy, [known], source="case", detail="shred"
            )
        except (Refused, Unavailable):
            assert copy.held or placing
            return
        assert not copy.held
        assert not placing
        self._gone(copy)

    def _gone(self, copy: Lying) -> None:
        if copy.state is CopyState.LIVE:
            self.model.left[copy.owner.id, copy.box].add(copy.uid)
        del self.model.copies[copy.id]

    async def expire(self, *_: int) -> None:
        now = self.clock.now
        due = [
            copy
            for copy in self.model.copies.values()
            if copy.expires_at is not None and copy.expires_at <= now and not copy.held
        ]
        try:
            while (await self.store.transact(vault.expire_chunk, limit=2)).left:
                pass
        except Unavailable:
            assert due
            assert any(h.state == "placing" for h in self.model.holds.values())
            return
        for copy in due:
            assert copy.vaulted_at is not None
            copy.expires_at = self.model.end(copy, copy.vaulted_at)
            if copy.expires_at <= now:
                self._gone(copy)

    async def sweep(self, *_: int) -> None:
        while await self.store.transact(contents.empty_chunk, limit=2):
            pass
        kept = {copy.message for copy in self.model.copies.values()}

        def emptied(uow: UnitOfWork, number: int) -> bool:
            found = uow.messages.find(message(f"m{number}").sha256)
            return found is None or found.is_emptied

        for number in range(MESSAGES):
            gone = await self.store.read(emptied, number)
            assert gone == (number not in kept)

    async def wait(self, one: int, _: int) -> None:
        self.clock.forward(days=(1, 20, 31, 61, 91)[one % 5])

    async def retain(self, one: int, two: int) -> None:
        model = self.model
        model.retention = (10 * DAY, 30 * DAY, 60 * DAY)[one % 3]
        model.for_removed = (20 * DAY, 90 * DAY)[two % 2]
        await self.store.transact(
            domains.change,
            OPERATOR,
            "example.org",
            vault_retention=model.retention,
            removed_account_retention=model.for_removed,
        )

    async def redate(self, *_: int) -> None:
        at_: vault.Dated | None = vault.Dated()
        while at_ is not None:
            at_ = await self.store.transact(
                vault.redate_chunk, "example.org", at_, limit=2
            )
        for copy in self.model.copies.values():
            if copy.vaulted_at is not None:
                copy.expires_at = self.model.end(copy, copy.vaulted_at)

    async def remove(self, one: int, _: int) -> None:
        owners = self.model.present
        if not owners:
            return
        owner = owners[one % len(owners)]
        await self.store.transact(removals.start, OPERATOR, at(owner.name))
        owner.removed_at = self.clock.now
        while await self.store.transact(removals.vault_chunk, owner.id, limit=2):
            pass
        for copy in list(self.model.live(owner)):
            self.model.hide(copy, CopyState.VAULTED, self.clock.now)
        await self.create(owner.name)

    async def rename(self, one: int, two: int) -> None:
        owners = self.model.present
        owner = owners[one % len(owners)] if owners else None
        name = f"name{two % 3}"
        if owner is None or any(each.name == name for each in owners):
            return
        await self.store.transact(accounts.rename, OPERATOR, at(owner.name), at(name))
        owner.name = name

    async def hold(self, one: int, two: int) -> None:
        owner = self.model.owners[two % len(self.model.owners)]
        number = two % MESSAGES
        query = (
            "all",
            f"message-id:<m{number}@example.org>",
            f"account:{at(owner.name)}",
        )[one % 3]
        new = NewHold(query=parse(query, now=NOW), reason="x")
        made, _ = await self.store.transact(holds.create, OPERATOR, new)
        bound = {each.id for each in self.model.owners if each.name == owner.name}
        self.model.holds[made.id] = Holding(made.id, one % 3, owner.name, number, bound)
        if one % 2:
            await self.place()

    async def place(self, *_: int) -> None:
        for hold in self.model.holds.values():
            if hold.state != "placing":
                continue
            found = await self.store.read(holds.matching, hold.id)
            await self.store.transact(holds.place, hold.id, found)
            await self.store.transact(holds.placed, hold.id)
            hold.state = "active"
            for copy in self.model.copies.values():
                if hold.found(copy, self.model.owners):
                    copy.held.add(hold.id)

    async def release(self, one: int, _: int) -> None:
        active = [h for h in self.model.holds.values() if h.state == "active"]
        if not active:
            return
        hold = active[one % len(active)]
        await self.store.transact(holds.release, OPERATOR, hold.id, reason="settled")
        while await self.store.transact(holds.release_chunk, hold.id, limit=2):
            pass
        hold.state = "released"
        for copy in self.model.copies.values():
            copy.held.discard(hold.id)

    async def check(self) -> None:
        """Compare what is there with what must be."""
        await self.store.read(self._check)

    def _check(self, uow: UnitOfWork) -> None:
        model = self.model
        known = uow.copies.facts(range(1, 200))
        assert {
            each.id: (
                each.account,
                each.mailbox,
                each.uid,
                each.state,
                bool(each.flags),
                each.vaulted_at,
                each.expires_at,
                each.hold,
                each.discarded,
            )
            for each in known
        } == {
            copy.id: (
                copy.owner.id,
                copy.box,
                copy.uid,
                copy.state,
                copy.seen,
                copy.vaulted_at,
                copy.expires_at,
                tuple(sorted(copy.held)),
                copy.discarded,
            )
            for copy in model.copies.values()
        }
        rows = uow.copies.many([each.id for each in known])
        assert {n: row.held for n, row in rows.items()} == {
            copy.id: len(copy.held) for copy in model.copies.values()
        }
        for owner in model.owners:
            self._check_owner(uow, owner)

    def _check_owner(self, uow: UnitOfWork, owner: Owner) -> None:
        mine = [c for c in self.model.copies.values() if c.owner is owner]
        live = [copy for copy in mine if copy.state is CopyState.LIVE]
        hidden = [copy for copy in mine if copy.state is not CopyState.LIVE]
        account = uow.accounts.get(owner.id)
        assert (account.used_messages, account.vault_messages) == (
            len(live),
            len(hidden),
        )
        assert (account.used_octets, account.vault_octets) == (
            sum(size(copy.message) for copy in live),
            sum(size(copy.message) for copy in hidden),
        )
        for box in uow.mailboxes.of_account(owner.id):
            inside = [copy for copy in live if copy.box == box.name]
            assert (box.messages, box.unseen) == (
                len(inside),
                sum(not copy.seen for copy in inside),
            )
            journal = [uid for uid, _ in uow.mailboxes.expunged(box.id, 0)]
            assert sorted(journal) == sorted(self.model.left[owner.id, box.name])


ACTS = (
    *("append", "append", "append", "move", "flag", "expunge", "discard", "contain"),
    *("close", "restore", "destroy", "expire", "expire", "sweep", "wait", "retain"),
    *("take_back", "redate", "remove", "rename", "hold", "hold", "place", "release"),
)
acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 99), st.integers(0, 99)),
    min_size=10,
    max_size=40,
)


@pytest.mark.parametrize("name", ADAPTERS)
@settings(
    max_examples=30,
    deadline=None,
    # No shrinking: it opens hundreds of stores, and the acts that fail are named.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=acts)
async def test_held_mail_stays_and_nothing_goes_early(
    name: str, steps: list[Act], empty_sqlite: Path
) -> None:
    clock = Clock()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        with opened(name, place, clock, empty_sqlite) as adapter:
            run = Run(adapter.store, clock)
            await run.begin()
            for act in steps:
                await run.act(*act)
                await run.check()
        if name == "sqlite":
            assert _recounted(place / "postwarden.db") == (0, 0)


def _recounted(path: Path) -> tuple[int, int]:
    connection = SqliteConnection(path, None)
    try:
        return recounting.wrong(connection)
    finally:
        connection.close()
