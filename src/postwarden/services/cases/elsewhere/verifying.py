"""Verifying everywhere that a plan looked: our own store and other systems."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import MatchClass, Outcome, Plan
from postwarden.model.queries import Query, parse
from postwarden.model.systems import LOCAL, System
from postwarden.services.cases import gathering, reach, verifying
from postwarden.services.cases.elsewhere import looking
from postwarden.services.cases.elsewhere.copies import (
    Outside,
    Unreached,
    planned_system,
)
from postwarden.services.cases.verifying import Residual
from postwarden.services.ports import References, Store, UnitOfWork
from postwarden.services.systems import searching
from postwarden.services.systems.searching import Asked, Found

_MOST = 100_000  # copies of one system that are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A copy on another system that a plan's classes still have."""

    system: str
    found: Found
    match_class: MatchClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What is left here and elsewhere, and where nobody could look."""

    residual: Residual
    left: Sequence[Left] = ()
    problems: Sequence[tuple[str, str]] = ()

    @property
    def count(self) -> int:
        return len(self.residual.copies) + len(self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    plan: Plan
    query: Query
    asked: Asked | None
    known: References | None
    systems: Sequence[System]
    problems: Sequence[tuple[str, str]]


async def verify(
    store: Store, actor: Actor, case_id: int, outside: Outside | None
) -> Verified:
    """Search again where the plan looked; see `verifying.verify`.

    A system that cannot be asked is a problem, and stops no other.
    """
    residual = await store.read(verifying.verify, actor, case_id)
    question = await store.read(_question, actor, case_id)
    if question.plan.parts and not _looks_here(question.plan):
        residual = replace(residual, copies=())
    if question.asked is None or outside is None:
        return Verified(residual=residual, problems=question.problems)
    sights = await looking.look(
        outside, question.systems, question.asked, most=_MOST, keeps=False
    )
    left = await store.read(_left, question, sights)
    told = [(each.system.name, text) for each in sights for text in each.problems]
    return Verified(residual=residual, left=left, problems=[*question.problems, *told])


def _question(uow: UnitOfWork, actor: Actor, case_id: int) -> _Question:
    case = reach.case(uow, actor, case_id)
    plan = uow.cases.plan(case.plan or 0)
    systems: list[System] = []
    problems: list[tuple[str, str]] = []
    for part in plan.parts:
        if part.system == LOCAL:
            continue
        try:
            systems.append(planned_system(uow, plan, part.system))
        except Unreached as error:
            problems.append((part.system, str(error)))
    searcher = reach.searcher(actor, case)
    query = parse(case.query, now=case.opened_at)
    asked = known = None
    if systems:
        query, similar = gathering.prepared(uow, searcher, query)
        asked = searching.asked_of(uow, query, similar)
        known = verifying.references(uow, plan)
    return _Question(
        plan=plan,
        query=query,
        asked=asked,
        known=known,
        systems=systems,
        problems=problems,
    )


def _looks_here(plan: Plan) -> bool:
    return any(part.system == LOCAL for part in plan.parts)


def _left(
    uow: UnitOfWork, question: _Question, sights: Sequence[looking.Sight]
) -> list[Left]:
    plan = question.plan
    # Of an id that the query names, only what the plan was about is meant.
    forked = looking.carriers(sights, question.query)
    classified = looking.classified(sights, question.query, forked, question.known)
    excluded = _excluded(uow, plan)
    return [
        Left(system=sight.system.name, found=found, match_class=match_class)
        for sight, copies in zip(sights, classified, strict=True)
        for found, match_class in copies
        if match_class in plan.classes
        and (sight.system.name, found.copy.reference) not in excluded
        and not _is_exempt(found.copy.account, plan.exclude)
    ]


def _excluded(uow: UnitOfWork, plan: Plan) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    after = 0
    while items := uow.cases.items(
        plan.id, after=after, limit=1000, outcomes=[Outcome.EXCLUDED]
    ):
        after = items[-1].item
        found.update(
            (item.system, item.remote.reference)
            for item in items
            if item.remote is not None
        )
    return found


def _is_exempt(address: str, exclude: Sequence[str]) -> bool:
    """Whether a preview was told to leave an account, or its domain, alone."""
    folded = address.casefold()
    names = {each.casefold() for each in exclude}
    return folded in names or f"@{folded.rpartition('@')[2]}" in names
