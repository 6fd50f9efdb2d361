"""What must be true of mail after some acts, told without knowing how it is done.

Which copies exist, where, in which state, marked by whom, and what the counters and
journals say (invariants 2, 4 and 5).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from postwarden.model.mailboxes import CopyState, DiscardKind

BOXES = ("INBOX", "Work")
MESSAGES = 3
DAY = timedelta(days=1)


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

    def file(self, number: int, owner: Owner, box: str, message: int) -> Lying:
        """Let a copy arrive, marked by the holds in force."""
        added = Lying(number, owner, box, 0, message)
        self.enter(added, owner, box)
        self.copies[number] = added
        for hold in self.holds.values():
            if hold.state in {"placing", "active"} and hold.takes(added):
                added.held.add(hold.id)
        return added

    def move(self, copy: Lying, box: str) -> None:
        self.left[copy.owner.id, copy.box].add(copy.uid)
        self.enter(copy, copy.owner, box)

    def bring_back(self, copy: Lying, owner: Owner, box: str) -> None:
        self.enter(copy, owner, box)
        copy.state, copy.discarded = CopyState.LIVE, None
        self.clock(copy, None)

    def destroy(self, copy: Lying) -> None:
        if copy.state is CopyState.LIVE:
            self.left[copy.owner.id, copy.box].add(copy.uid)
        del self.copies[copy.id]

    @property
    def is_placing(self) -> bool:
        """Whether it is not known yet what is held."""
        return any(hold.state == "placing" for hold in self.holds.values())
