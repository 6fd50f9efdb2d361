"""What owners do with their mail, on a store and on the model, and the comparison."""

from dataclasses import dataclass, field
from typing import TypeAlias

from postwarden.model.actors import Actor
from postwarden.model.mailboxes import NO_FLAGS, Copy, CopyState, DiscardKind, Flag
from postwarden.services import placement
from postwarden.services.mailboxes import acting
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import Clock, message
from tests.unit.services.interleaving.model import (
    BOXES,
    MESSAGES,
    Lying,
    Model,
    Owner,
    size,
)
from tests.unit.services.world import add_account, add_domain, at

NAMES = ("ada", "bob")
Act: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Synced:
    """What a client that synchronises a mailbox has seen of it."""

    modseq: int
    live: frozenset[tuple[int, Flag]]
    left: int


@dataclass
class Owners:
    """The same acts on a store and on the model; an act is a method, and two numbers.

    Numbers choose among what there is, so that every sequence of acts means something.
    """

    store: Store
    clock: Clock
    model: Model = field(default_factory=Model)
    synced: dict[int, Synced] = field(default_factory=dict)

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

        self.model.file(await self.store.transact(file), owner, box, number)

    async def move(self, one: int, two: int) -> None:
        copy = self.pick(one, CopyState.LIVE)
        if copy is None:
            return
        known, box = await self.copy(copy.id), BOXES[two % 2]
        await self.store.transact(placement.move, [(known, box)])
        self.model.move(copy, box)

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

    async def contain(self, one: int, _: int) -> None:
        await self._hide(one, CopyState.CONTAINED)

    async def _hide(self, one: int, state: CopyState) -> None:
        copy = self.pick(one, CopyState.LIVE)
        if copy is not None:
            known = await self.copy(copy.id)
            await self.store.transact(placement.withdraw, [known], state)
            self.model.hide(copy, state, self.clock.now)

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

    async def take_back(self, one: int, _: int) -> None:
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
        self.model.bring_back(copy, copy.owner, "INBOX")

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
            assert (box.messages, box.unseen, box.octets) == (
                len(inside),
                sum(not copy.seen for copy in inside),
                sum(size(copy.message) for copy in inside),
            )
            journal = uow.mailboxes.expunged(box.id, 0)
            left = sorted(uid for uid, _ in journal)
            assert left == sorted(self.model.left[owner.id, box.name])
            assert all(modseq <= box.highest_modseq for _, modseq in journal)
            seen = frozenset(
                (each.uid, each.flags)
                for each in uow.copies.in_mailbox(box.id, limit=1000)
            )
            self._check_synced(box.id, Synced(box.highest_modseq, seen, len(left)))

    def _check_synced(self, box: int, now: Synced) -> None:
        """Whatever a client could see of a change has given it a higher MODSEQ."""
        before = self.synced.get(box, now)
        unchanged = (before.live, before.left) == (now.live, now.left)
        assert now.modseq >= before.modseq + (0 if unchanged else 1)
        self.synced[box] = now


def _host(uow: UnitOfWork) -> None:
    add_domain(uow)
