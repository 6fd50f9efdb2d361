"""Quotas at three levels, and what accounts keep of them."""

import pytest

from postwarden.model.accounts import Usage
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden, Invalid, NotFound
from postwarden.model.permissions import EVERYTHING
from postwarden.model.quotas import Limits
from postwarden.services import accounts, domains, removals
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.quotas import recomputing, saying
from tests.support import factories
from tests.unit.services.world import at, deliver, people

ADA = at("ada")


async def kept(store: Store, name: str = "ada") -> tuple[int, int]:
    quota = await store.read(saying.of_account, OPERATOR, at(name))
    return quota.account.quota_octets, quota.account.quota_messages


async def said(store: Store, name: str = "ada") -> tuple[Limits, Limits]:
    quota = await store.read(saying.of_account, OPERATOR, at(name))
    return quota.levels.own, quota.levels.computed


async def apply(store: Store, domain: str | None = None) -> int:
    """Do what the task does; return how many accounts were looked at."""
    done, after = 0, ""
    while chunk := await store.transact(saying.apply_chunk, domain, after, limit=2):
        after, count = chunk
        done += count
    return done


async def test_the_narrowest_level_that_says_something_holds(store: Store) -> None:
    await store.transact(people)
    await store.transact(
        saying.say_everywhere, OPERATOR, {"octets": 100, "messages": 10}
    )
    await store.transact(
        saying.say_of_domain, OPERATOR, "example.org", {"messages": -1}
    )
    own, computed = await said(store)
    assert own.is_silent
    assert computed == Limits(octets=100, messages=-1)
    await store.transact(saying.say_of_account, OPERATOR, ADA, {"octets": 7})
    assert await said(store) == (Limits(octets=7), Limits(octets=7, messages=-1))
    assert await kept(store) == (7, 0)
    await store.transact(saying.say_of_account, OPERATOR, ADA, {"octets": None})
    assert await kept(store) == (100, 0)


async def test_a_task_writes_what_wider_levels_say(store: Store) -> None:
    await store.transact(people)
    await store.transact(saying.say_of_account, OPERATOR, ADA, {"octets": 7})
    await store.transact(saying.say_everywhere, OPERATOR, {"octets": 100})
    [task] = await store.read(
        lambda uow: uow.tasks.page(before=2**62, limit=9, name=saying.APPLY)
    )
    assert task.domain is None
    assert await apply(store) == 3
    assert [await kept(store, name) for name in ("ada", "bob")] == [(7, 0), (100, 0)]
    # What was inherited is nobody's own: the next word is heard as well.
    await store.transact(saying.say_everywhere, OPERATOR, {"octets": 200})
    await apply(store)
    assert [await kept(store, name) for name in ("ada", "bob")] == [(7, 0), (200, 0)]
    await store.transact(saying.say_everywhere, OPERATOR, {"octets": None})
    await apply(store)
    assert [await kept(store, name) for name in ("ada", "bob")] == [(7, 0), (0, 0)]


async def test_nothing_at_all_takes_no_mail(store: Store) -> None:
    await store.transact(people)
    for name in ("octets", "messages"):
        changes = {"octets": None, "messages": None, name: 0}
        await store.transact(saying.say_of_account, OPERATOR, ADA, changes)
        quota = await store.read(saying.of_account, OPERATOR, ADA)
        assert not quota.account.has_room(2)


async def test_a_quota_that_somebody_gives_is_the_accounts_own(store: Store) -> None:
    await store.transact(people)
    await store.transact(accounts.change, OPERATOR, ADA, quota_octets=50)
    assert (await said(store))[0] == Limits(octets=50)
    await store.transact(saying.say_everywhere, OPERATOR, {"octets": 9, "messages": 3})
    await apply(store)
    assert await kept(store) == (50, 3)
    await store.transact(accounts.change, OPERATOR, ADA, quota_octets=0)
    assert await said(store) == (Limits(octets=-1), Limits(octets=-1, messages=3))


async def test_a_new_account_keeps_to_what_is_said(store: Store) -> None:
    await store.transact(people)
    await store.transact(saying.say_of_domain, OPERATOR, "example.org", {"octets": 9})

    def create(uow: UnitOfWork) -> None:
        accounts.create(uow, OPERATOR, NewAccount(address=at("new")))
        accounts.create(uow, OPERATOR, NewAccount(address=at("own"), quota_octets=4))

    await store.transact(create)
    assert [await kept(store, name) for name in ("new", "own")] == [(9, 0), (4, 0)]
    await store.transact(saying.say_of_domain, OPERATOR, "example.org", {"octets": 5})
    await apply(store, "example.org")
    assert [await kept(store, name) for name in ("new", "own")] == [(5, 0), (4, 0)]


async def test_what_is_gone_leaves_no_quota(store: Store) -> None:
    def live_and_die(uow: UnitOfWork) -> None:
        domains.create(uow, OPERATOR, "gone.example")
        ada = at("ada", "gone.example")
        account = accounts.create(uow, OPERATOR, NewAccount(address=ada))
        saying.say_of_domain(uow, OPERATOR, "gone.example", {"octets": 5})
        saying.say_of_account(uow, OPERATOR, ada, {"octets": 5})
        removals.start(uow, OPERATOR, ada)
        domains.remove(uow, OPERATOR, "gone.example")
        assert uow.quotas.get("domain gone.example") is None
        assert uow.quotas.get(f"account {account.id}") is None

    await store.transact(live_and_die)


async def test_whoever_manages_a_domain_says_nothing_of_others(store: Store) -> None:
    await store.transact(people)
    carol = Actor(
        name="carol", permissions=EVERYTHING, domains=frozenset({"x.example"})
    )
    with pytest.raises(Forbidden):
        await store.transact(saying.say_everywhere, carol, {"octets": 1})
    with pytest.raises(NotFound):
        await store.transact(saying.say_of_domain, carol, "example.org", {"octets": 1})
    with pytest.raises(NotFound):
        await store.transact(saying.say_of_account, carol, ADA, {"octets": 1})


@pytest.mark.parametrize("limit", [-2, 2**63])
async def test_a_limit_is_within_bounds(store: Store, limit: int) -> None:
    await store.transact(people)
    with pytest.raises(Invalid):
        await store.transact(saying.say_everywhere, OPERATOR, {"octets": limit})


async def test_counters_are_made_to_agree_with_the_copies(store: Store) -> None:
    await store.transact(people)
    await deliver(store, factories.message("one"), ADA)
    right = (await store.read(saying.of_account, OPERATOR, ADA)).account
    assert right.used_messages == 1

    def spoil(uow: UnitOfWork) -> None:
        more = Usage(octets=7, messages=-1, vault_octets=3, vault_messages=2)
        uow.accounts.use([(right.id, more)])

    await store.transact(spoil)
    done = await store.transact(recomputing.chunk, "")
    assert done
    assert (done.counted, done.corrected) == (3, 1)
    assert (await store.read(saying.of_account, OPERATOR, ADA)).account == right
    again = await store.transact(recomputing.chunk, "")
    assert again
    assert again.corrected == 0
    assert await store.transact(recomputing.chunk, done.after) is None
