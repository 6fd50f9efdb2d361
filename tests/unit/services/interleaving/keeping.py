"""The vault, retention, holds and removed accounts, on a store and on the model."""

from dataclasses import dataclass

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Refused, Unavailable
from postwarden.model.mailboxes import CopyState
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
from postwarden.services.ports import UnitOfWork
from tests.support.factories import NOW, message
from tests.unit.services.interleaving.model import DAY, MESSAGES, Holding
from tests.unit.services.interleaving.owners import Owners
from tests.unit.services.world import at


@dataclass
class Keeping(Owners):
    """Owners, and administrators who keep their mail or let it end."""

    async def start_clock(self, one: int, _: int) -> None:
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
        self.model.bring_back(copy, to or copy.owner, copy.box)

    async def destroy(self, one: int, _: int) -> None:
        copy = self.pick(one)
        if copy is None:
            return
        known = await self.copy(copy.id)
        try:
            await self.store.transact(
                placement.destroy, [known], source="case", detail="shred"
            )
        except (Refused, Unavailable):
            assert copy.held or self.model.is_placing
            return
        assert not copy.held
        assert not self.model.is_placing
        self.model.destroy(copy)

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
            assert self.model.is_placing
            return
        for copy in due:
            assert copy.vaulted_at is not None
            copy.expires_at = self.model.end(copy, copy.vaulted_at)
            if copy.expires_at <= now:
                self.model.destroy(copy)

    async def sweep(self, *_: int) -> None:
        before = await self.store.read(_emptied)
        while await self.store.transact(contents.empty_chunk, limit=2):
            pass
        kept = {copy.message for copy in self.model.copies.values()}
        gone = await self.store.read(_emptied)
        assert not gone & kept
        self.check_swept(gone - before, set(range(MESSAGES)) - kept - gone)

    def check_swept(self, _emptied: set[int], left: set[int]) -> None:
        """Judge which messages a sweep has emptied, and which of no copy it left."""
        assert not left

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


def _emptied(uow: UnitOfWork) -> set[int]:
    """Return the messages whose content is gone, or never was."""
    found = {
        number: uow.messages.find(message(f"m{number}").sha256)
        for number in range(MESSAGES)
    }
    return {number for number, row in found.items() if row is None or row.is_emptied}
