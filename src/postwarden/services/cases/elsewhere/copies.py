"""Copies on other systems as items of a plan, and items as copies again."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from postwarden.model.cases import (
    ELSEWHERE,
    MatchClass,
    Outcome,
    Plan,
    PlanItem,
    RemotePlace,
)
from postwarden.model.errors import MailError, NotFound
from postwarden.model.mailboxes import flag_names, flags_of
from postwarden.model.systems import System
from postwarden.services.ports import Blobs, Connect, MailSystem, UnitOfWork
from postwarden.services.ports.systems import RemoteCopy
from postwarden.services.systems.searching import Found

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outside:
    """The way to other systems, and where their mail is kept as evidence."""

    connect: Connect
    blobs: Blobs


class Unreached(Exception):
    """A system gives no answer, or none that helps: its items wait, others do not.

    It is no MailError, so that nobody takes it for one of our own store.
    """


async def answered(call: Awaitable[T]) -> T:
    """Return what a system answers; raises Unreached, and NotFound for one copy."""
    try:
        return await call
    except NotFound:
        raise
    except MailError as error:
        raise Unreached(str(error)) from error


@asynccontextmanager
async def connected(connect: Connect, system: System) -> AsyncIterator[MailSystem]:
    """Give the way to a system, and close it; raises Unreached."""
    try:
        way = connect(system)
    except MailError as error:
        raise Unreached(str(error)) from error
    try:
        yield way
    finally:
        await way.close()


def running_plan(uow: UnitOfWork, case_id: int) -> Plan:
    """Return the newest plan of a case; raises NotFound when it has none."""
    plan = uow.cases.get(case_id).plan
    if plan is None:
        raise NotFound("plan of case", str(case_id))
    return uow.cases.plan(plan)


def planned_system(uow: UnitOfWork, plan: Plan, name: str) -> System:
    """Return a system of a plan; raises Unreached when it is another one by now."""
    number = next((part.number for part in plan.parts if part.system == name), None)
    system = uow.systems.find(name)
    if system is None or system.id != number:
        raise Unreached(f"system {name} is not the one that was previewed any more")
    return system


def item_of(
    number: int,
    system: str,
    found: Found,
    match_class: MatchClass,
    excluded: str | None,
) -> PlanItem:
    """Return the item that stands for a copy; `excluded` says why it is left alone."""
    copy, message = found.copy, found.message
    flags, keywords = flags_of(list(copy.flags))
    return PlanItem(
        item=number,
        copy=ELSEWHERE,
        account=ELSEWHERE,
        address=copy.account,
        mailbox=copy.mailbox,
        uid=ELSEWHERE,
        flags=flags,
        keywords=tuple("".join(each.split()) for each in keywords),
        internal_date=copy.internal_date,
        size=message.size,
        sha256=message.sha256,
        message_id=message.message_id,
        match_class=match_class,
        system=system,
        remote=RemotePlace(
            reference=copy.reference,
            size=copy.size,
            subject=copy.subject,
            author=copy.author,
            message_id=copy.message_id,
            fingerprint=message.fingerprint,
        ),
        outcome=Outcome.PENDING if excluded is None else Outcome.EXCLUDED,
        reason=excluded,
    )


def place_of(item: PlanItem) -> RemotePlace:
    """Return where an item lies on its system; only local ones have no such place."""
    if item.remote is None:
        raise ValueError(f"item {item.item} lies in our own store")
    return item.remote


def copy_of(item: PlanItem) -> RemoteCopy:
    """Return an item as its system knows it, where it was last seen."""
    place = place_of(item)
    return RemoteCopy(
        account=item.address,
        mailbox=item.mailbox,
        reference=place.now,
        size=place.size,
        internal_date=item.internal_date,
        message_id=place.message_id,
        subject=place.subject,
        author=place.author,
        flags=tuple(flag_names(item.flags, item.keywords)),
    )


def moved(item: PlanItem, outcome: Outcome, reference: str | None = None) -> PlanItem:
    """Return an item that its system has moved, or said why it has not."""
    place = place_of(item)
    return replace(
        item,
        outcome=outcome,
        reason=None,
        remote=replace(
            place,
            acted_reference=reference or place.acted_reference,
            is_asked=False,
        ),
    )
