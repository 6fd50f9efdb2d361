"""The vault: when its clocks start, what ends and what comes back (invariants 4, 5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Forbidden, Invalid, NotFound, Refused, Unavailable
from postwarden.model.holds import HoldState
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.model.queries import parse
from postwarden.services import (
    domains,
    holds,
    placement,
    removals,
    vault,
    vault_restoring,
)
from postwarden.services.ports import CopyFacts, Store, UnitOfWork
from postwarden.services.vault_restoring import Wanted
from tests.support import factories
from tests.support.factories import NOW, Clock
from tests.unit.services.registry import CAROL, MALLORY, audited, last_audited
from tests.unit.services.test_placement import books, filed, usage
from tests.unit.services.world import add_account, at

DAY = timedelta(days=1)


async def vaulted(store: Store, count: int = 2) -> list[Copy]:
    """Delete new mail of ada, which waits in the vault from now on."""
    copies = await store.transact(filed, count=count)
    return await store.transact(placement.withdraw, copies, CopyState.VAULTED)


async def copy(store: Store, number: int) -> Copy | None:
    return (await store.read(lambda uow: uow.copies.many([number]))).get(number)


async def facts(store: Store, *numbers: int) -> list[CopyFacts]:
    return await store.read(lambda uow: uow.copies.facts(numbers))


async def expire(store: Store) -> int:
    """Expire as the task does; return how many copies went."""
    destroyed = 0
    while (chunk := await store.transact(vault.expire_chunk, limit=2)).left:
        destroyed += chunk.destroyed
    while await store.transact(vault.end_account):
        pass
    return destroyed


async def hold(store: Store, *copies: int) -> int:
    def mark(uow: UnitOfWork) -> int:
        number = uow.holds.add(factories.hold()).id
        uow.holds.mark(number, copies)
        return number

    return await store.transact(mark)


async def release(store: Store, number: int) -> None:
    await store.transact(holds.release, OPERATOR, number, reason="settled")
    while await store.transact(holds.release_chunk, number):
        pass


def purged(uow: UnitOfWork) -> Sequence[tuple[str | None, str | None, str]]:
    found = uow.ledger.search(parse("event:PURGE", now=NOW), similar={})
    return [(row.account, row.mailbox, row.detail) for row in uow.ledger.rows(found)]


async def test_deleting_starts_the_clock(store: Store) -> None:
    [deleted, _] = await vaulted(store)
    assert (deleted.vaulted_at, deleted.expires_at) == (NOW, NOW + 30 * DAY)
    assert deleted.lay_in == "INBOX"
    assert await copy(store, deleted.id) == deleted


async def test_what_is_contained_has_no_clock_until_its_case_is_closed(
    store: Store, clock: Clock
) -> None:
    copies = await store.transact(filed)
    contained = await store.transact(placement.withdraw, copies, CopyState.CONTAINED)
    assert {(c.vaulted_at, c.expires_at) for c in contained} == {(None, None)}
    clock.forward(days=400)
    assert await expire(store) == 0

    before = await store.read(usage)
    now = clock.now
    closed = await store.transact(
        vault.start_clock, contained, source="case", detail="case 1 closed"
    )

    assert [(c.state, c.expires_at) for c in closed] == [
        (CopyState.VAULTED, now + 30 * DAY)
    ] * 2
    assert await store.read(usage) == before
    clock.forward(days=30)
    assert await expire(store) == 2


async def test_only_contained_copies_get_a_clock(store: Store) -> None:
    [deleted, _] = await vaulted(store)
    live = await store.transact(filed)
    started = await store.transact(
        vault.start_clock, [deleted, *live], source="case", detail=""
    )
    assert started == []
    assert await copy(store, deleted.id) == deleted


async def test_retention_is_of_the_domain(store: Store, clock: Clock) -> None:
    await store.transact(filed)
    await store.transact(
        domains.change, OPERATOR, "example.org", vault_retention=2 * DAY
    )
    [deleted, _] = await vaulted(store)
    assert deleted.expires_at == NOW + 2 * DAY


async def test_expiry_destroys_for_good_and_counts(store: Store, clock: Clock) -> None:
    copies = await vaulted(store, count=5)
    clock.forward(days=30, microseconds=-1)
    assert await expire(store) == 0
    clock.forward(microseconds=1)
    assert await store.read(vault.due, OPERATOR) == await store.read(
        lambda uow: uow.copies.expired_extent(uow.now)
    )

    assert await expire(store) == 5

    assert [await copy(store, each.id) for each in copies] == [None] * 5
    assert await store.read(usage) == (0, 0, 0, 0)
    assert (
        await store.read(purged)
        == [("ada@example.org", "INBOX", "retention ended")] * 5
    )


async def test_each_chunk_leaves_an_audit_entry(store: Store, clock: Clock) -> None:
    await vaulted(store, count=3)
    clock.forward(days=30)
    await expire(store)
    entries = [e for e in await audited(store) if e.action == "vault.purge"]
    assert [(e.actor, e.dialect, e.object, e.before) for e in entries] == [
        ("postwarden", "worker", "vault", {"copies": n, "octets": o, "accounts": 1})
        for n, o in ((2, 2000), (1, 1000))
    ]


async def test_nothing_is_destroyed_without_its_audit_entry(
    store: Store, clock: Clock
) -> None:
    copies = await vaulted(store)
    clock.forward(days=30)

    def fail(uow: UnitOfWork) -> None:
        vault.expire_chunk(Broken(uow, "audit"))  # type: ignore[arg-type]  # a stand-in

    with pytest.raises(Unavailable):
        await store.transact(fail)
    assert all([await copy(store, each.id) for each in copies])


async def test_nothing_is_destroyed_when_holds_cannot_be_read(
    store: Store, clock: Clock
) -> None:
    copies = await vaulted(store)
    clock.forward(days=30)
    for verb in ("of", "in_force"):

        def fail(uow: UnitOfWork, verb: str = verb) -> None:
            vault.expire_chunk(Broken(uow, "holds", verb))  # type: ignore[arg-type]  # likewise

        with pytest.raises(Unavailable):
            await store.transact(fail)
    assert all([await copy(store, each.id) for each in copies])


class Broken:
    """A unit of work of which one repository, or one verb of it, fails."""

    def __init__(self, uow: UnitOfWork, repository: str, verb: str = "") -> None:
        self._uow, self._repository, self._verb = uow, repository, verb

    def __getattr__(self, name: str) -> object:
        if name != self._repository:
            return getattr(self._uow, name)
        return _BrokenRepository(getattr(self._uow, name), self._verb)


class _BrokenRepository:
    def __init__(self, repository: object, verb: str) -> None:
        self._repository, self._verb = repository, verb

    def __getattr__(self, name: str) -> object:
        if self._verb in {"", name}:
            raise Unavailable("cannot be read")
        return getattr(self._repository, name)


async def test_a_held_copy_outlives_its_retention_until_it_is_released(
    store: Store, clock: Clock
) -> None:
    [one, two] = await vaulted(store)
    number = await hold(store, one.id)
    clock.forward(days=31)

    assert await expire(store) == 1
    assert (await copy(store, one.id), await copy(store, two.id)) == (
        replace(one, held=1),
        None,
    )
    assert (await store.read(vault.due, OPERATOR)).held == 1
    await release(store, number)
    assert await expire(store) == 1
    assert await copy(store, one.id) is None


async def test_a_miscounted_mark_destroys_nothing_and_stops_nobody(
    store: Store, clock: Clock
) -> None:
    [one, two] = await vaulted(store)
    await hold(store, one.id)
    clock.forward(days=31)

    def miscounted(uow: UnitOfWork) -> None:
        due = uow.copies.expired

        def with_held(now: datetime, limit: int) -> list[Copy]:
            return [*uow.copies.many([one.id]).values(), *due(now, limit)]

        uow.copies.expired = with_held  # type: ignore[method-assign]  # as a wrong count would
        vault.expire_chunk(uow)

    await store.transact(miscounted)

    kept = await copy(store, one.id)
    assert kept is not None
    assert kept.held == 1
    assert await copy(store, two.id) is None


async def test_nothing_expires_while_a_hold_is_placed(
    store: Store, clock: Clock
) -> None:
    [one, _] = await vaulted(store)
    new = holds.NewHold(query=parse("all", now=NOW), reason="x")
    made, _ = await store.transact(holds.create, OPERATOR, new)
    clock.forward(days=31)
    with pytest.raises(Unavailable, match="still being placed"):
        await expire(store)
    assert await copy(store, one.id) == one
    await store.transact(holds.placed, made.id)
    assert await expire(store) == 2


async def test_a_hold_that_was_given_up_is_resumed(store: Store) -> None:
    def give_up(uow: UnitOfWork) -> None:
        for state in HoldState:
            uow.holds.add(factories.hold(state=state))

    await store.transact(give_up)
    await store.transact(holds.resume)

    def unfinished(uow: UnitOfWork) -> list[str]:
        return [
            f"{name} {number}"
            for name in (holds.PLACE, holds.RELEASE)
            for number in range(1, 5)
            if uow.tasks.unfinished(name, str(number))
        ]

    assert await store.read(unfinished) == ["hold.place 1", "hold.release 3"]


async def test_destroying_a_live_copy_keeps_the_books(store: Store) -> None:
    [one, _] = await store.transact(filed)
    before = await store.read(books)

    await store.transact(placement.destroy, [one], source="case", detail="case 1")

    box = await store.read(books)
    assert (box.messages, box.unseen, box.octets) == (1, 1, 1000)
    assert await store.read(usage) == (1000, 1, 0, 0)
    journal = await store.read(
        lambda uow: uow.mailboxes.expunged(box.id, before.highest_modseq)
    )
    assert journal == [(one.uid, box.highest_modseq)]
    assert await store.read(purged) == [("ada@example.org", "INBOX", "case 1")]


async def test_destroying_refuses_the_whole_batch_when_one_is_held(
    store: Store,
) -> None:
    copies = await store.transact(filed)
    number = await hold(store, copies[1].id)
    with pytest.raises(Refused, match=f"held by hold {number}"):
        await store.transact(placement.destroy, copies, source="case", detail="")
    assert (await copy(store, copies[0].id)) == copies[0]
    assert await store.read(usage) == (2000, 2, 0, 0)


async def test_a_new_retention_counts_for_what_is_in_the_vault(
    store: Store, clock: Clock
) -> None:
    copies = await vaulted(store, count=3)
    changed = await store.transact(
        domains.change, OPERATOR, "example.org", vault_retention=60 * DAY
    )
    task = await store.read(vault.redating, changed)
    assert task is not None
    assert task.payload == {"domain": "example.org"}

    at_: vault.Dated | None = vault.Dated()
    while at_ is not None:
        at_ = await store.transact(vault.redate_chunk, "example.org", at_, limit=2)

    assert {(await copy(store, c.id)).expires_at for c in copies} == {  # type: ignore[union-attr]  # they are there
        NOW + 60 * DAY
    }


async def test_a_longer_retention_counts_before_its_copies_are_dated_anew(
    store: Store, clock: Clock
) -> None:
    [one, _] = await vaulted(store)
    await store.transact(
        domains.change, OPERATOR, "example.org", vault_retention=60 * DAY
    )
    clock.forward(days=31)

    assert await expire(store) == 0
    assert (await copy(store, one.id)) == replace(one, expires_at=NOW + 60 * DAY)


async def test_retentions_are_bounded_and_take_their_own_right(store: Store) -> None:
    await store.transact(filed)
    with pytest.raises(Invalid) as caught:
        await store.transact(
            domains.change, OPERATOR, "example.org", vault_retention=-DAY
        )
    assert caught.value.field == "vault_retention"
    clerk = replace(CAROL, permissions=CAROL.permissions - {"vault.expire"})
    with pytest.raises(Forbidden, match=r"vault\.expire"):
        await store.transact(
            domains.change, clerk, "example.org", removed_account_retention=DAY
        )


async def remove_account(store: Store) -> int:
    removal = await store.transact(removals.start, OPERATOR, at("ada"))
    while await store.transact(removals.vault_chunk, removal.account.id):
        pass
    return removal.account.id


async def test_mail_of_a_removed_account_stays_its_own_time(
    store: Store, clock: Clock
) -> None:
    [deleted, _] = await vaulted(store)
    [live, contained] = await store.transact(filed)
    await store.transact(placement.withdraw, [contained], CopyState.CONTAINED)
    clock.forward(days=1)
    gone = clock.now
    account = await remove_account(store)

    assert (await copy(store, live.id)).expires_at == gone + 90 * DAY  # type: ignore[union-attr]  # it is there
    assert (await copy(store, deleted.id)).expires_at == NOW + 30 * DAY  # type: ignore[union-attr]  # likewise
    clock.forward(days=30)
    assert await expire(store) == 2
    clock.forward(days=70)
    assert await expire(store) == 1
    ended = await store.read(lambda uow: uow.accounts.get(account))
    assert ended.state is AccountState.PENDING_DELETION  # a case contains its mail

    known = await store.read(lambda uow: uow.copies.many([contained.id]))
    await store.transact(
        vault.start_clock, list(known.values()), source="case", detail=""
    )
    clock.forward(days=90)
    assert await expire(store) == 1
    ended = await store.read(lambda uow: uow.accounts.get(account))
    assert (ended.state, ended.ends_at) == (AccountState.REMOVED, None)


async def test_an_account_ends_when_its_last_mail_is_released(
    store: Store, clock: Clock
) -> None:
    [one, _] = await store.transact(filed)
    number = await hold(store, one.id)
    account = await remove_account(store)
    clock.forward(days=91)

    assert await expire(store) == 1
    state = (await store.read(lambda uow: uow.accounts.get(account))).state
    assert state is AccountState.PENDING_DELETION
    [held] = await facts(store, one.id)
    assert (held.address, held.hold) == ("ada@example.org", (number,))

    await release(store, number)
    clock.forward(days=1)
    assert await expire(store) == 1
    ended = await store.read(lambda uow: uow.accounts.get(account))
    assert ended.state is AccountState.REMOVED
    assert await store.read(lambda uow: uow.mailboxes.of_account(account)) == []
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("account.end", "account ada@example.org")


async def restored(
    store: Store, wanted: Wanted, actor: object = OPERATOR
) -> vault_restoring.Restored:
    """Restore as the task does."""
    task = await store.transact(vault_restoring.start, actor, wanted)  # type: ignore[arg-type]  # an Actor
    payload = task.payload
    ids = await store.read(vault_restoring.found, payload["query"], payload["item"])  # type: ignore[arg-type]  # JSON
    return await store.transact(vault_restoring.restore_chunk, ids, to=payload["to"])  # type: ignore[arg-type]  # JSON


async def test_an_item_comes_back_as_it_was(store: Store, clock: Clock) -> None:
    [one, _] = await store.transact(filed, seen=True)
    [deleted] = await store.transact(placement.withdraw, [one], CopyState.VAULTED)
    clock.forward(days=3)

    done = await restored(store, Wanted(item=deleted.id))

    assert done == vault_restoring.Restored(restored=1, failed={})
    box = await store.read(books)
    assert await copy(store, one.id) == replace(one, uid=3, modseq=box.highest_modseq)
    assert (box.messages, box.unseen) == (2, 0)
    assert await store.read(usage) == (2000, 2, 0, 0)
    found = await store.read(
        lambda uow: [
            (row.mailbox, row.detail, row.source)
            for row in uow.ledger.rows(
                uow.ledger.search(parse("event:RESTORE", now=NOW), similar={})
            )
        ]
    )
    assert found == [("INBOX", "restored", "vault")]


async def test_a_mailbox_that_is_gone_is_made_again(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> int:
        [one] = filed(uow, count=1)
        [moved] = placement.move(uow, [(one, "Projects/Atlas")])
        placement.withdraw(uow, [moved], CopyState.VAULTED)
        uow.mailboxes.remove(moved.mailbox)
        return moved.id

    number = await store.transact(prepare)
    assert [each.mailbox for each in await facts(store, number)] == ["Projects/Atlas"]
    await restored(store, Wanted(item=number))
    [back] = await facts(store, number)
    assert (back.mailbox, back.state) == ("Projects/Atlas", CopyState.LIVE)
    assert (back.flags, back.keywords) == (Flag(0), ("$Label1",))


async def test_what_a_query_finds_comes_back_and_the_quota_is_not_asked(
    store: Store,
) -> None:
    copies = await vaulted(store, count=3)
    await store.transact(
        lambda uow: uow.accounts.replace(replace(uow.accounts.get(1), quota_messages=1))
    )

    query = parse("larger:500 account:ada@example.org", now=NOW)
    done = await restored(store, Wanted(query=query))

    assert done.restored == 3
    assert {(await copy(store, c.id)).state for c in copies} == {CopyState.LIVE}  # type: ignore[union-attr]  # they are there
    assert await store.read(usage) == (3000, 3, 0, 0)
    again = await restored(store, Wanted(query=query))
    assert again.restored == 0


async def test_contained_copies_are_the_cases_to_give_back(store: Store) -> None:
    copies = await store.transact(filed)
    await store.transact(placement.withdraw, copies[:1], CopyState.CONTAINED)
    await store.transact(placement.withdraw, copies[1:], CopyState.VAULTED)
    with pytest.raises(Refused, match="undo the case"):
        await restored(store, Wanted(item=copies[0].id))
    done = await restored(store, Wanted(query=parse("all", now=NOW)))
    assert done == vault_restoring.Restored(
        restored=1, failed={copies[0].id: vault_restoring.CONTAINED}
    )


async def test_mail_of_a_removed_account_goes_to_whom_is_named(store: Store) -> None:
    [one, _] = await store.transact(filed)
    number = await hold(store, one.id)
    gone = await remove_account(store)
    await store.transact(lambda uow: add_account(uow, at("ada")))

    with pytest.raises(Refused, match="--to"):
        await restored(store, Wanted(item=one.id))
    done = await restored(store, Wanted(query=parse("all", now=NOW)))
    assert done.failed == dict.fromkeys((1, 2), vault_restoring.REMOVED)

    await restored(store, Wanted(item=one.id, to=at("ada")))

    [back] = await facts(store, one.id)
    assert (back.account, back.mailbox, back.state) == (2, "INBOX", CopyState.LIVE)
    assert back.hold == (number,)
    was = await store.read(lambda uow: uow.accounts.get(gone))
    heir = await store.read(lambda uow: uow.accounts.get(2))
    assert (was.vault_messages, heir.used_messages, heir.used_octets) == (1, 1, 1000)


async def test_restoring_asks_for_rights_and_names_nothing_foreign(
    store: Store,
) -> None:
    [one, _] = await vaulted(store)
    [live] = await store.transact(filed, count=1)
    with pytest.raises(Forbidden, match=r"vault\.restore"):
        await restored(
            store, Wanted(item=one.id), replace(CAROL, permissions=frozenset())
        )
    for number in (one.id, 99):
        with pytest.raises(NotFound, match=f"item {number}"):
            await restored(store, Wanted(item=number), MALLORY)
    with pytest.raises(NotFound):
        await restored(store, Wanted(item=one.id, to=at("nobody")))
    with pytest.raises(Refused, match="lies in a mailbox"):
        await restored(store, Wanted(item=live.id))
    for nothing in (Wanted(), Wanted(item=1, query=parse("all", now=NOW))):
        with pytest.raises(Invalid):
            await restored(store, nothing)
    found = await restored(store, Wanted(query=parse("all", now=NOW)), MALLORY)
    assert found.restored == 0


async def test_a_restore_and_an_expiry_are_audited(store: Store) -> None:
    await vaulted(store)
    task = await store.transact(
        vault_restoring.start, CAROL, Wanted(query=parse("from:ada", now=NOW))
    )
    entry = await last_audited(store)
    assert (entry.action, entry.object, entry.actor) == (
        "vault.restore",
        "vault",
        "carol",
    )
    assert entry.after == {
        "query": "from:ada account:@example.org",
        "item": None,
        "to": None,
    }
    again = await store.transact(
        vault_restoring.start, CAROL, Wanted(query=parse("from:ada", now=NOW))
    )
    assert again.id == task.id  # the command given again goes on with it

    asked = await store.transact(vault.expire, OPERATOR)
    entry = await last_audited(store)
    assert (asked.name, entry.action, entry.after) == (
        vault.EXPIRE,
        "vault.expire",
        {"copies": 0, "octets": 0},
    )
    with pytest.raises(Forbidden):
        await store.transact(vault.expire, CAROL)


async def test_the_vault_is_looked_into_by_those_who_may(store: Store) -> None:
    copies = await store.transact(filed, count=3)
    await store.transact(placement.withdraw, copies[:1], CopyState.CONTAINED)
    await store.transact(placement.withdraw, copies[1:2], CopyState.VAULTED)
    query = parse("all", now=NOW)
    assert list(await store.read(vault.find, CAROL, query, {})) == [1, 2]
    assert list(await store.read(vault.find, MALLORY, query, {})) == []
    with pytest.raises(Forbidden, match=r"vault\.read"):
        await store.read(vault.find, replace(CAROL, permissions=frozenset()), query, {})
    with pytest.raises(Invalid, match="does not lie in the vault"):
        await store.read(vault.find, CAROL, parse("is:live", now=NOW), {})
