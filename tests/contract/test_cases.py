"""Cases with their plans, items and approvals."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from postwarden.model.cases import (
    ELSEWHERE,
    Approval,
    CaseState,
    ClassCount,
    Cluster,
    MatchClass,
    Outcome,
    OwnerNotice,
    PlanItem,
    PlanPart,
    RemotePlace,
)
from postwarden.model.errors import NotFound
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.ports.cases import PlacedNotice, RemoteClaim
from tests.support.factories import NOW, case, digest, plan, plan_item
from tests.support.stores import BROKEN_CONSTRAINT

PARTS = (
    PlanPart(system="local", copies=1, accounts=1),
    PlanPart(system="exchange", number=7, problems=("no answer",), lacks=("a", "b")),
)


async def test_a_case_comes_back_as_it_was_opened(store: Store) -> None:
    opened = case(
        query='subject:"ä b"',
        ticket="T-1",
        domains=("a.example",),
        edited_by=("carol", "dave"),
    )

    added = await store.transact(lambda uow: uow.cases.add(opened))

    assert added == replace(opened, id=added.id)
    assert await store.read(lambda uow: uow.cases.get(added.id)) == added
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.cases.get(99))


async def test_a_case_is_replaced_if_it_is_there(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        added = uow.cases.add(case())
        changed = replace(added, state=CaseState.PREVIEWED, plan=5, ticket="T-2")
        uow.cases.replace(changed)
        assert uow.cases.get(added.id) == changed
        with pytest.raises(NotFound):
            uow.cases.replace(replace(changed, id=99))

    await store.transact(work)


async def test_cases_are_paged_in_the_order_they_were_opened(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        one, two, three = (uow.cases.add(case(reason=r)) for r in "zyx")
        assert uow.cases.page(limit=9) == [one, two, three]
        assert uow.cases.page(after=one.id, limit=1) == [two]
        assert uow.cases.page(after=three.id, limit=1) == []

    await store.transact(work)


async def test_a_plan_comes_back_with_its_summary(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        draft = uow.cases.add_plan(plan(3, classes=()))
        assert uow.cases.plan(draft.id) == draft
        assert draft == replace(plan(3, classes=()), id=draft.id)
        whole = replace(
            draft,
            classes=(MatchClass.SAME, MatchClass.EXACT),
            sha256=digest("plan"),
            messages=1,
            copies=2,
            accounts=3,
            excluded=4,
            exclude=("ada@example.org", "@example.com"),
            notice=OwnerNotice.DIGEST,
            counts=(
                ClassCount(
                    match_class=MatchClass.VARIANT,
                    messages=4,
                    copies=5,
                    accounts=6,
                    included=False,
                ),
            ),
            clusters=(
                Cluster(
                    fingerprint="00ff", subject="ß", author="a", messages=1, copies=2
                ),
            ),
            warnings=("more than one content", "ü"),
        )
        uow.cases.replace_plan(whole)
        assert uow.cases.plan(draft.id) == whole
        with pytest.raises(NotFound):
            uow.cases.replace_plan(replace(whole, id=99))
        with pytest.raises(NotFound):
            uow.cases.plan(99)

    await store.transact(work)


async def test_the_plans_of_a_case_are_listed_oldest_first(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        one, two = uow.cases.add_plan(plan(1)), uow.cases.add_plan(plan(2))
        three = uow.cases.add_plan(plan(1))
        assert uow.cases.plans_of(1) == [one, three]
        assert uow.cases.plans_of(2) == [two]
        assert uow.cases.plans_of(3) == []

    await store.transact(work)


async def test_items_are_listed_by_number_and_filtered(store: Store) -> None:
    items = [
        plan_item(n, account=n % 2, outcome=Outcome.HELD if n == 3 else Outcome.PENDING)
        for n in range(1, 6)
    ]

    def work(uow: UnitOfWork) -> None:
        uow.cases.add_items(1, items[2:])
        uow.cases.add_items(1, items[:2])
        uow.cases.add_items(2, [plan_item(1, address="bob@example.org")])
        listed = uow.cases.items
        assert listed(1, limit=99) == items
        assert listed(1, after=2, limit=2) == items[2:4]
        assert listed(1, limit=9, outcomes=[Outcome.HELD]) == [items[2]]
        assert listed(1, limit=9, outcomes=[Outcome.HELD, Outcome.PENDING]) == items
        assert listed(1, limit=9, outcomes=[Outcome.FAILED]) == []
        assert listed(1, limit=2, accounts=[1]) == [items[0], items[2]]
        assert listed(1, limit=9, accounts=[0, 7], after=2) == [items[3]]
        assert listed(1, limit=9, accounts=[0], outcomes=[Outcome.HELD]) == []
        assert listed(3, limit=9) == []

    await store.transact(work)


async def test_an_item_is_in_a_plan_once(store: Store) -> None:
    with pytest.raises(BROKEN_CONSTRAINT):
        await store.transact(
            lambda uow: uow.cases.add_items(1, [plan_item(1), plan_item(1)])
        )

    assert await store.read(lambda uow: uow.cases.items(1, limit=9)) == []


async def test_only_what_became_of_an_item_is_updated(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.cases.add_items(1, [plan_item(n) for n in (1, 2, 3)])
        done = replace(
            plan_item(2),
            outcome=Outcome.MOVED,
            reason="found elsewhere",
            acted_mailbox="Archive",
        )
        frozen = replace(done, address="x@y.example", uid=99, sha256=digest("other"))
        uow.cases.update_items(1, [frozen, replace(done, item=9)])
        assert uow.cases.items(1, limit=9) == [plan_item(1), done, plan_item(3)]
        assert uow.cases.outcomes(1) == {Outcome.PENDING: 2, Outcome.MOVED: 1}
        assert uow.cases.outcomes(2) == {}

    await store.transact(work)


async def test_items_that_failed_for_a_reason_are_made_removed_again(
    store: Store,
) -> None:
    failed = replace(plan_item(1), outcome=Outcome.FAILED, reason="not restored: x")
    others = [
        replace(failed, item=2, reason="not restore"),
        replace(failed, item=3, reason=None),
        replace(failed, item=4, outcome=Outcome.HELD),
    ]

    def work(uow: UnitOfWork) -> None:
        uow.cases.add_items(1, [failed, *others])
        uow.cases.add_items(2, [failed])
        assert uow.cases.revive(1, "not restored") == 1
        revived = replace(failed, outcome=Outcome.REMOVED, reason=None)
        assert uow.cases.items(1, limit=9) == [revived, *others]
        assert uow.cases.items(2, limit=9) == [failed]

    await store.transact(work)


async def test_the_newest_plan_that_acted_on_a_copy_has_it(store: Store) -> None:
    def item(number: int, copy: int, outcome: Outcome) -> PlanItem:
        return replace(plan_item(number), copy=copy, outcome=outcome)

    def work(uow: UnitOfWork) -> None:
        one, two, three = (uow.cases.add_plan(plan(1)).id for _ in range(3))
        uow.cases.add_items(two, [item(1, 7, Outcome.MOVED), item(2, 9, Outcome.HELD)])
        uow.cases.add_items(
            one, [item(1, 7, Outcome.REMOVED), item(2, 8, Outcome.REMOVED)]
        )
        uow.cases.add_items(three, [item(1, 7, Outcome.RESTORED)])
        assert uow.cases.claims([7, 8, 9, 99]) == {7: two, 8: one}
        assert uow.cases.claims([]) == {}

    await store.transact(work)


async def test_accounts_are_found_by_the_address_they_had(store: Store) -> None:
    def item(number: int, account: int, address: str) -> PlanItem:
        return replace(plan_item(number), account=account, address=address)

    def work(uow: UnitOfWork) -> None:
        ada, bob = "ada@example.org", "bob@example.org"
        items = [item(1, 5, ada), item(2, 3, ada), item(3, 5, ada), item(4, 4, bob)]
        uow.cases.add_items(1, items)
        assert uow.cases.accounts_named(1, ada) == [3, 5]
        assert uow.cases.accounts_named(2, ada) == []

    await store.transact(work)


async def test_notices_are_kept_by_account_and_item(store: Store) -> None:
    one = PlacedNotice(account=1, item=0, copy=10)
    two = PlacedNotice(account=1, item=7, copy=11)
    three = PlacedNotice(account=2, item=0, copy=12)

    def work(uow: UnitOfWork) -> None:
        assert uow.cases.notices_among([10]) == set()
        uow.cases.add_notices(5, [one, two, three])
        uow.cases.add_notices(6, [replace(one, copy=13)])
        listed = uow.cases.notices
        assert sorted(listed(5, [1]), key=lambda n: n.item) == [one, two]
        assert listed(5, [2, 9]) == [three]
        assert listed(5, []) == []
        assert uow.cases.notices_among([9, 10, 13]) == {10, 13}
        uow.cases.remove_notices(5, [one, three])
        assert listed(5, [1, 2]) == [two]
        assert listed(6, [1]) == [replace(one, copy=13)]
        assert uow.cases.notices_among([10, 11, 12]) == {11}

    await store.transact(work)


async def test_approvals_are_listed_in_the_order_given(store: Store) -> None:
    first = Approval(
        case=1,
        plan_sha256=digest("plan"),
        actor="carol",
        approved_at=NOW,
        expires_at=NOW + timedelta(hours=72),
    )
    second = replace(first, actor="bob", approved_at=NOW - timedelta(hours=1))

    def work(uow: UnitOfWork) -> None:
        for approval in (first, replace(first, case=2), second, first):
            uow.cases.add_approval(approval)
        given = uow.cases.approvals(1)
        assert [replace(each, id=0) for each in given] == [first, second, first]
        assert len({each.id for each in given}) == 3
        assert uow.cases.approvals(3) == []

    await store.transact(work)


async def test_a_review_is_written_to_its_approval_and_nothing_else(
    store: Store,
) -> None:
    approval = Approval(
        case=1,
        plan_sha256=digest("plan"),
        actor="carol",
        approved_at=NOW,
        expires_at=NOW + timedelta(hours=72),
        break_glass="it spreads",
    )

    def work(uow: UnitOfWork) -> None:
        for _ in range(2):
            uow.cases.add_approval(approval)
        one, two = uow.cases.approvals(1)
        reviewed = replace(two, reviewed_by="dave", reviewed_at=NOW, review="ok")
        uow.cases.review(replace(reviewed, actor="mallory"))
        uow.cases.review(replace(reviewed, id=99))
        assert uow.cases.approvals(1) == [one, reviewed]

    await store.transact(work)


def remote(number: int, system: str = "exchange", **place: object) -> PlanItem:
    facts = {
        "reference": f"r{number}",
        "fingerprint": digest("f"),
        "size": 9,
        "subject": "ä",
        "author": "eve",
        "message_id": "<a@b>",
        **place,
    }
    return plan_item(
        number,
        copy=ELSEWHERE,
        account=ELSEWHERE,
        uid=ELSEWHERE,
        system=system,
        address=f"user{number}@corp.example",
        remote=RemotePlace(**facts),  # type: ignore[arg-type]
    )


async def test_items_of_other_systems_come_back_and_are_asked_for_apart(
    store: Store,
) -> None:
    items = [plan_item(1), remote(2), remote(3, "other"), remote(4, is_asked=True)]

    def work(uow: UnitOfWork) -> None:
        made = uow.cases.add_plan(plan(1, parts=PARTS))
        uow.cases.add_items(made.id, items)
        found = partial(uow.cases.items, made.id, limit=9)
        assert uow.cases.plan(made.id).parts == PARTS
        assert found() == items
        assert found(system="local") == items[:1]
        assert found(system="exchange") == [items[1], items[3]]
        assert found(addresses=["user3@corp.example"]) == [items[2]]
        assert found(is_asked=True) == [items[3]]

    await store.transact(work)


async def test_where_an_item_is_now_is_written_with_its_outcome(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        made = uow.cases.add_plan(plan(1))
        uow.cases.add_items(made.id, [remote(1, is_asked=True), plan_item(2)])
        known = remote(1).remote
        assert known is not None
        place = replace(known, acted_reference="s1")
        moved = replace(
            remote(1), outcome=Outcome.REMOVED, acted_mailbox="Inbox", remote=place
        )
        uow.cases.update_items(made.id, [moved])
        assert uow.cases.items(made.id, limit=9) == [moved, plan_item(2)]
        assert place.now == "s1"

    await store.transact(work)


async def test_all_items_of_a_system_are_marked_at_once(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        made = uow.cases.add_plan(plan(1))
        items = [plan_item(1), remote(2), remote(3), remote(4, "other")]
        items.append(replace(remote(5), outcome=Outcome.ALREADY_GONE))
        uow.cases.add_items(made.id, items)

        def mark(*addresses: str) -> int:
            return uow.cases.mark(
                made.id,
                "exchange",
                [Outcome.PENDING, Outcome.FAILED],
                outcome=Outcome.FAILED,
                reason="no answer",
                addresses=addresses,
            )

        assert (mark("user3@corp.example"), mark(), mark("nobody@x")) == (1, 2, 0)
        marked = [item for item in uow.cases.items(made.id, limit=9) if item.reason]
        assert [(item.item, item.outcome) for item in marked] == [
            (2, Outcome.FAILED),
            (3, Outcome.FAILED),
        ]

    await store.transact(work)


async def test_another_plan_claims_what_it_has_in_hand_elsewhere(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first, second, mine = (uow.cases.add_plan(plan(1)) for _ in range(3))
        contained = replace(remote(1), outcome=Outcome.REMOVED)
        returned = replace(remote(2), outcome=Outcome.RESTORED)
        ordered, there = remote(3, is_asked=True), remote(4, "other", is_asked=True)
        uow.cases.add_items(first.id, [contained, returned, ordered, there, remote(5)])
        again = replace(remote(6, reference="r1"), outcome=Outcome.MOVED)
        uow.cases.add_items(second.id, [again])
        uow.cases.add_items(mine.id, [remote(1, is_asked=True)])
        references = [f"r{number}" for number in range(9)]

        claims = uow.cases.remote_claims(mine.id, "exchange", references)

        assert claims == {
            "r1": RemoteClaim(plan=second.id, item=6, is_asked=False),
            "r3": RemoteClaim(plan=first.id, item=3, is_asked=True),
        }

    await store.transact(work)
