"""Previewing: a frozen plan, written in chunks and then sealed by its hash."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import (
    DEFAULT_CLASSES,
    Action,
    Case,
    CaseState,
    ClassCount,
    Cluster,
    MatchClass,
    Plan,
    PlanItem,
)
from postwarden.model.errors import Refused
from postwarden.model.queries import Query, Scope, check_scope, parse
from postwarden.services import audit, finding, message_ids
from postwarden.services.cases import gathering
from postwarden.services.cases.gathering import Gathered
from postwarden.services.ports import CopyFacts, Store, UnitOfWork

CHUNK = 1000  # items per transaction
SHOWN_CLUSTERS = 50
_EDITABLE = {
    CaseState.OPEN,
    CaseState.PREVIEWED,
    CaseState.APPROVED,
    CaseState.DONE,
    CaseState.UNDONE,
}


async def preview(
    store: Store,
    actor: Actor,
    case_id: int,
    *,
    action: Action,
    include: Iterable[MatchClass] = (),
) -> Plan:
    """Freeze a new plan for a case and return it.

    An older plan and its approval are void from then on. Raises Refused while
    the case runs.
    """
    classes = tuple(sorted(DEFAULT_CLASSES | set(include)))
    case = await store.read(_previewable, case_id)
    query = parse(case.query, now=case.opened_at)
    check_scope(query, Scope.CASE)
    gathered, counts = await store.read(_look, actor, query, classes)
    plan = await store.transact(_begin, actor, case_id, action, classes)
    chosen = gathered.chosen(classes)
    class_of = gathered.class_of()
    seal = PlanHash(case.query, action, classes)
    contents = _Contents()
    for start in range(0, len(chosen), CHUNK):
        facts = await store.read(finding.facts, chosen[start : start + CHUNK])
        items = _items(facts, class_of, first=seal.items + 1)
        await store.transact(_add_items, plan.id, items)
        seal.add(items)
        contents.add(facts)
    return await store.transact(
        _finish,
        actor,
        replace(
            plan,
            sha256=seal.digest(),
            copies=seal.items,
            messages=len(contents.messages),
            accounts=len(contents.accounts),
            related=gathered.related,
            counts=counts,
            clusters=contents.clusters(),
            warnings=(*gathered.warnings, *contents.warnings()),
        ),
    )


def _previewable(uow: UnitOfWork, case_id: int) -> Case:
    case = uow.cases.get(case_id)
    if case.state not in _EDITABLE:
        raise Refused(f"case {case_id} is {case.state}")
    return case


def _look(
    uow: UnitOfWork, actor: Actor, query: Query, classes: Sequence[MatchClass]
) -> tuple[Gathered, tuple[ClassCount, ...]]:
    query = message_ids.settled(uow, actor, query)
    similar = finding.resolve_similar(uow, actor, query, {}, scope=Scope.CASE)
    gathered = gathering.gather(uow, query, similar, relatives=True)
    return gathered, gathering.class_counts(uow, gathered, classes)


def _begin(
    uow: UnitOfWork,
    actor: Actor,
    case_id: int,
    action: Action,
    classes: tuple[MatchClass, ...],
) -> Plan:
    case = _previewable(uow, case_id)
    return uow.cases.add_plan(
        Plan(
            case=case_id,
            query=case.query,
            action=action,
            classes=classes,
            created_at=uow.now,
            created_by=actor.name,
        )
    )


def _add_items(uow: UnitOfWork, plan: int, items: Sequence[PlanItem]) -> None:
    uow.cases.add_items(plan, items)


def _finish(uow: UnitOfWork, actor: Actor, plan: Plan) -> Plan:
    case = _previewable(uow, plan.case)
    uow.cases.replace_plan(plan)
    uow.cases.replace(replace(case, state=CaseState.PREVIEWED, plan=plan.id))
    audit.record(
        uow,
        actor,
        "case.preview",
        f"case {case.id}",
        after={
            "plan": plan.sha256.hex() if plan.sha256 else None,
            "action": plan.action.value,
            "copies": plan.copies,
        },
    )
    return plan


def _items(
    facts: Sequence[CopyFacts], class_of: Mapping[int, MatchClass], *, first: int
) -> list[PlanItem]:
    return [
        PlanItem(
            item=number,
            copy=each.id,
            account=each.account,
            address=each.address,
            mailbox=each.mailbox,
            uid=each.uid,
            flags=each.flags,
            keywords=each.keywords,
            internal_date=each.internal_date,
            size=each.size,
            sha256=each.sha256,
            message_id=each.message_id,
            match_class=class_of[each.id],
        )
        for number, each in enumerate(facts, first)
    ]


class PlanHash:
    """SHA-256 over canonical JSON of a plan's immutable facts.

    Keys are sorted and nothing is between tokens; items follow in their order,
    so that the hash grows with them and no plan must fit into memory.
    """

    def __init__(
        self, query: str, action: Action, classes: Sequence[MatchClass]
    ) -> None:
        self._hash = hashlib.sha256(
            f'{{"action":{_json(action.value)},'
            f'"classes":{_json([each.value for each in classes])},'
            f'"items":['.encode()
        )
        self._query = query
        self.items = 0

    def add(self, items: Iterable[PlanItem]) -> None:
        for item in items:
            facts = {
                "account": item.address,
                "account_id": item.account,
                "class": item.match_class.value,
                "copy": item.copy,
                "mailbox": item.mailbox,
                "sha256": item.sha256.hex(),
                "system": item.system,
                "uid": item.uid,
            }
            comma = "," if self.items else ""
            self._hash.update((comma + _json(facts)).encode())
            self.items += 1

    def digest(self) -> bytes:
        whole = self._hash.copy()
        whole.update(f'],"query":{_json(self._query)}}}'.encode())
        return whole.digest()


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(slots=True)
class _Contents:
    """What the items are together: messages, accounts, clusters of one content."""

    messages: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    copies: Counter[bytes] = field(default_factory=Counter)
    by_content: dict[bytes, set[int]] = field(default_factory=dict)
    sample: dict[bytes, CopyFacts] = field(default_factory=dict)

    def add(self, facts: Iterable[CopyFacts]) -> None:
        for each in facts:
            content = each.content_fingerprint or each.sha256
            self.messages.add(each.message)
            self.accounts.add(each.account)
            self.copies[content] += 1
            self.by_content.setdefault(content, set()).add(each.message)
            self.sample.setdefault(content, each)

    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(self._clusters())

    def _clusters(self) -> Iterator[Cluster]:
        for content, copies in self.copies.most_common(SHOWN_CLUSTERS):
            sample = self.sample[content]
            yield Cluster(
                fingerprint=content.hex(),
                subject=sample.subject,
                author=sample.author,
                messages=len(self.by_content[content]),
                copies=copies,
            )

    def warnings(self) -> tuple[str, ...]:
        if len(self.copies) < 2:
            return ()
        return (
            f"the plan holds {len(self.copies)} different contents: "
            "look at each cluster before you approve",
        )
