"""Who may do what with cases; what is not an actor's does not exist for it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.cases import Action, Case
from postwarden.model.errors import Forbidden, NotFound
from postwarden.model.permissions import Permission
from postwarden.model.queries import parse
from postwarden.services import administrators, audit, holds, keys
from postwarden.services.administrators import NewAdministrator
from postwarden.services.cases import (
    approving,
    arming,
    evidence,
    reading,
    running,
    undoing,
    verifying,
)
from postwarden.services.holds import NewHold
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW
from tests.unit.services import world
from tests.unit.services.cases.actors import CAROL, NOBODY, of_domains, without
from tests.unit.services.cases.desk import ADA, BOB, Desk
from tests.unit.services.world import at

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
ZOE = at("zoe", "example.com")
P = Permission


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    """A second domain with one account, and a mail that lies in both."""

    def add(uow: UnitOfWork) -> None:
        world.add_domain(uow, "example.com")
        world.add_account(uow, ZOE)

    await desk.store.transact(add)
    await desk.receive(PHISH, ADA, BOB, ZOE)
    return desk


async def start(desk: Desk, case: Case) -> None:
    await running.start(desk.store, desk.actor, case.id, desk.rules)


async def resume(desk: Desk, case: Case) -> None:
    await running.resume(desk.store, desk.actor, case.id, desk.rules)


async def approve(desk: Desk, case: Case) -> None:
    await desk.store.transact(approving.approve, desk.actor, case.id, b"", desk.rules)


async def break_glass(desk: Desk, case: Case) -> None:
    await desk.store.transact(
        approving.approve, desk.actor, case.id, b"", desk.rules, break_glass="x"
    )


async def review(desk: Desk, case: Case) -> None:
    await desk.store.transact(approving.review, desk.actor, case.id, reason="x")


async def undo(desk: Desk, case: Case) -> None:
    await desk.store.transact(undoing.start, desk.actor, case.id, [])


async def undone(desk: Desk, case: Case) -> None:
    await desk.store.read(reading.undone, desk.actor, case.id)


async def items(desk: Desk, case: Case) -> None:
    async for _ in reading.items(desk.store, desk.actor, case.id, 1):
        pass


async def verify(desk: Desk, case: Case) -> None:
    await desk.store.read(verifying.verify, desk.actor, case.id)


async def export(desk: Desk, case: Case) -> None:
    await desk.store.read(evidence.exportable, desk.actor, case.id)


async def status(desk: Desk, case: Case) -> None:
    await desk.status(case)


async def stop(desk: Desk, case: Case) -> None:
    await desk.stop(case)


async def preview(desk: Desk, case: Case) -> None:
    await desk.preview(case)


async def edit(desk: Desk, case: Case) -> None:
    await desk.edit(case, QUERY)


async def close(desk: Desk, case: Case) -> None:
    await desk.close(case)


async def arm(desk: Desk, case: Case) -> None:
    day = timedelta(days=1)
    await desk.store.transact(arming.arm, desk.actor, case.id, desk.rules, day)


async def disarm(desk: Desk, case: Case) -> None:
    await desk.store.transact(arming.disarm, desk.actor, case.id)


async def shred(desk: Desk, case: Case) -> None:
    await desk.preview(case, action=Action.SHRED)


COMMANDS: dict[Callable[[Desk, Case], Awaitable[None]], Permission] = {
    edit: P.CASE_OPEN,
    preview: P.CASE_OPEN,
    status: P.CASE_READ,
    items: P.CASE_READ,
    approve: P.CASE_APPROVE,
    break_glass: P.CASE_BREAK_GLASS,
    review: P.CASE_APPROVE,
    start: P.CASE_RUN,
    stop: P.CASE_RUN,
    resume: P.CASE_RUN,
    verify: P.CASE_READ,
    undo: P.CASE_UNDO,
    undone: P.CASE_READ,
    export: P.CASE_EXPORT,
    close: P.CASE_RUN,
    arm: P.CASE_RUN,
    disarm: P.CASE_RUN,
}


@pytest.mark.parametrize(
    ("command", "permission"),
    COMMANDS.items(),
    ids=[command.__name__ for command in COMMANDS],
)
@pytest.mark.parametrize("adapter", ["memory"], indirect=True)
async def test_a_foreign_case_looks_absent_and_nothing_goes_without_permission(
    desk: Desk,
    command: Callable[[Desk, Case], Awaitable[None]],
    permission: Permission,
) -> None:
    case = await desk.open(QUERY)
    await desk.preview(case)
    nowhere = replace(case, id=99)
    foreign = desk.as_(of_domains("example.org"))

    with pytest.raises(Forbidden, match=permission):
        await command(desk.as_(NOBODY), nowhere)
    with pytest.raises(NotFound) as absent:
        await command(desk, nowhere)
    with pytest.raises(NotFound) as unseen:
        await command(foreign, case)

    assert str(unseen.value) == str(absent.value).replace("99", str(case.id))


async def test_a_plan_that_destroys_takes_a_permission_of_its_own(
    desk: Desk,
) -> None:
    """To make it, and to run it."""
    case = await desk.open(QUERY)
    without_it = desk.as_(without(P.CASE_SHRED))
    with pytest.raises(Forbidden, match=r"case\.shred"):
        await shred(without_it, case)
    await desk.as_(CAROL).approve(await desk.preview(case, action=Action.SHRED))

    with pytest.raises(Forbidden, match=r"case\.shred"):
        await without_it.run(case)

    assert (await desk.lying()).total() == 3


async def test_a_case_never_looks_beyond_the_domains_of_its_opener(
    desk: Desk,
) -> None:
    heidi = desk.as_(of_domains("example.com"))
    case = await heidi.open(QUERY)

    for who in (heidi, desk):
        plan = await who.preview(case)
        assert [i.address for i in await desk.items(plan)] == ["zoe@example.com"]
        assert {each.copies for each in plan.counts} == {0, 1}
        await desk.approve(plan)
    await desk.run(case)
    assert not await heidi.residual(case)
    assert (await desk.lying()).total() == 2


async def test_who_refers_to_mail_elsewhere_is_not_counted(desk: Desk) -> None:
    answer = mails.mail("answer", headers={"In-Reply-To": "<phish@example.net>"})
    await desk.receive(answer, ADA)
    heidi = desk.as_(of_domains("example.com"))

    assert (await desk.preview(await desk.open(QUERY))).related == 1
    assert (await heidi.preview(await heidi.open(QUERY))).related == 0


async def test_cases_are_listed_for_whom_they_exist(desk: Desk) -> None:
    everywhere = await desk.open(QUERY)
    com = await desk.as_(of_domains("example.com")).open(QUERY)
    org = await desk.as_(of_domains("example.org")).open(QUERY)

    async def listed(*domains: str) -> list[int]:
        actor = of_domains(*domains) if domains else desk.actor
        pages = desk.store.read(reading.page, actor, 0, 2)
        first = [each.id for each in await pages]
        rest = await desk.store.read(reading.page, actor, first[-1], 2)
        return first + [each.id for each in rest]

    assert await listed() == [everywhere.id, com.id, org.id]
    assert await listed("example.com") == [com.id]
    assert await listed("example.org") == [org.id]
    assert await listed("example.com", "example.org") == [com.id, org.id]


async def test_an_account_elsewhere_cannot_be_undone_or_excluded(desk: Desk) -> None:
    heidi = desk.as_(of_domains("example.com"))
    case = await heidi.open(QUERY)
    with pytest.raises(NotFound):
        await heidi.preview(case, exclude=("ada@example.org",))
    await desk.carry_out(case)

    with pytest.raises(NotFound):
        await heidi.undo(case, ADA)


def _audited(uow: UnitOfWork, actor: Actor) -> list[str]:
    return [entry.action for entry in audit.page(uow, actor, limit=99)]


async def test_what_is_done_in_a_case_is_for_those_of_its_domains(desk: Desk) -> None:
    """Whoever does it; a case that looks beyond them they do not hear of."""
    opener, both = of_domains("example.org"), of_domains("example.org", "example.com")
    case = await desk.as_(opener).open(QUERY)
    await desk.carry_out(case)  # by the operator
    await desk.close(case)
    await desk.carry_out(await desk.as_(both).open(QUERY))
    await desk.carry_out(await desk.open(QUERY))

    acts = ["case.open", "case.preview", "case.approve", "case.run", "case.act"]
    seen = desk.store.read
    assert await seen(_audited, of_domains("example.org")) == [*acts, "case.close"]
    assert await seen(_audited, both) == [*acts, "case.close", *acts]
    assert await seen(_audited, of_domains("example.com")) == []
    tasks = await desk.store.read(lambda uow: uow.tasks.page(before=99, limit=99))
    assert {each.domain for each in tasks if each.subject == str(case.id)} == {
        "example.org"
    }


async def test_holds_belong_to_the_domains_of_who_made_them(desk: Desk) -> None:
    heidi = of_domains("example.org")
    new = NewHold(query=parse("from:mallory", now=NOW), reason="a claim")
    hold, placing = await desk.store.transact(holds.create, heidi, new)
    await desk.work(placing)
    _, releasing = await desk.store.transact(
        holds.release, OPERATOR, hold.id, reason="settled"
    )

    assert await desk.store.read(_audited, heidi) == ["hold.create", "hold.release"]
    assert await desk.store.read(_audited, of_domains("example.com")) == []
    assert (placing.domain, releasing.domain) == ("example.org", "example.org")


async def test_who_manages_domains_sees_all_that_he_does_himself(desk: Desk) -> None:
    heidi = of_domains("example.org")
    link = NewAdministrator(
        name="dan@example.org", role="auditor", domains=["example.org"]
    )
    await desk.store.transact(administrators.create, OPERATOR, link)
    await desk.store.transact(keys.create, OPERATOR, "dan@example.org")
    await desk.store.transact(
        administrators.change, OPERATOR, "dan@example.org", domains=["example.com"]
    )
    await desk.store.transact(
        audit.record, replace(heidi, name="root"), "message.show", "message 00"
    )

    assert await desk.store.read(_audited, heidi) == [
        *("admin.create", "key.create", "message.show")
    ]
    both = of_domains("example.org", "example.com")
    assert "admin.change" in await desk.store.read(_audited, both)
