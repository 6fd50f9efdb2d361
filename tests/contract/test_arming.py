"""Armed rules: found by what they look for, while they are armed."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.cases import ArmedRule, MatchClass
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, digest

EXACT, SAME, VARIANT = MatchClass.EXACT, MatchClass.SAME, MatchClass.VARIANT
ONE, TWO, THREE = digest("one"), digest("two"), digest("three")
RULE = ArmedRule(
    case=1,
    plan=2,
    caught_plan=3,
    accounts="account:ada@example.org",
    armed_by="carol",
    armed_at=NOW,
    until=NOW + timedelta(hours=1),
)


async def test_a_rule_comes_back_as_it_was_armed(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        other = uow.arming.add(replace(RULE, case=9, accounts=None), [])
        one = uow.arming.add(RULE, [(EXACT, ONE)])
        two = uow.arming.add(RULE, [])
        assert len({one.id, two.id, other.id}) == 3
        assert one == replace(RULE, id=one.id)
        assert uow.arming.of_case(1) == [one, two]
        assert uow.arming.of_case(9) == [other]
        assert uow.arming.of_case(2) == []
        changed = replace(one, ended_at=NOW, caught=5)
        uow.arming.replace(replace(changed, armed_by="mallory"))
        assert uow.arming.of_case(1) == [changed, two]

    await store.transact(work)


async def test_a_rule_is_found_by_the_nearest_of_its_marks(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        one = uow.arming.add(RULE, [(EXACT, ONE), (SAME, TWO), (VARIANT, THREE)])
        two = uow.arming.add(RULE, [(SAME, TWO)])
        found = uow.arming.matching
        assert found([(EXACT, ONE), (SAME, TWO), (VARIANT, THREE)], NOW) == [
            (one, EXACT),
            (two, SAME),
        ]
        assert found([(SAME, TWO)], NOW) == [(one, SAME), (two, SAME)]
        assert found([(EXACT, digest("x")), (VARIANT, THREE)], NOW) == [(one, VARIANT)]
        assert found([(EXACT, TWO), (SAME, ONE)], NOW) == []
        assert found([], NOW) == []

    await store.transact(work)


async def test_a_rule_ends_by_itself_and_by_hand(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        marks = [(EXACT, ONE)]
        rule, other = (uow.arming.add(RULE, marks) for _ in range(2))
        assert uow.arming.armed(NOW) == 2
        assert uow.arming.over(NOW, 9) == []
        uow.arming.replace(replace(other, ended_at=NOW))
        assert uow.arming.armed(NOW) == 1
        assert uow.arming.matching(marks, NOW) == [(rule, EXACT)]
        assert uow.arming.matching(marks, RULE.until) == []
        assert uow.arming.armed(RULE.until) == 0
        assert uow.arming.over(RULE.until, 9) == [rule.id, other.id]
        assert uow.arming.over(RULE.until, 1) == [rule.id]
        uow.arming.forget(rule.id)
        assert uow.arming.over(RULE.until, 9) == [other.id]
        assert uow.arming.matching(marks, NOW) == []

    await store.transact(work)
