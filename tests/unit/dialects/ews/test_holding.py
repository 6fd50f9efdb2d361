"""Holds by EWS: what is held outlives whatever is done to it, and comes back."""

from dataclasses import replace
from itertools import product

import pytest

from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.cases import Outcome
from postwarden.model.mailboxes import CopyState
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task, TaskState
from postwarden.services import vault
from postwarden.services.ports import CopyFacts, Store, UnitOfWork
from tests.support.ews import EwsClient, Said
from tests.support.factories import ADA, Clock
from tests.support.houses import Actors
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_writing import found_in, item_ids, named
from tests.unit.services.cases.desk import Desk

MAIL = b"Message-ID: <1@example.net>\r\nFrom: eve@example.net\r\n\r\nHi\r\n"
HELD = "Suit 7"


def hold(
    action: str = "Create",
    *,
    name: str = HELD,
    query: str = "",
    mailboxes: tuple[str, ...] = (str(ADA),),
    more: str = "",
) -> str:
    inside = "".join(f"<t:String>{each}</t:String>" for each in mailboxes)
    return (
        f"<m:SetHoldOnMailboxes><m:ActionType>{action}</m:ActionType>"
        f"<m:HoldId>{name}</m:HoldId><m:Query>{query}</m:Query>"
        f"<m:Mailboxes>{inside}</m:Mailboxes>{more}</m:SetHoldOnMailboxes>"
    )


def get_hold(name: str = HELD) -> str:
    return f"<m:GetHoldOnMailboxes><m:HoldId>{name}</m:HoldId></m:GetHoldOnMailboxes>"


@pytest.fixture
def operator(own: EwsClient) -> EwsClient:
    """The operator's client of the house that Ada's client asks."""
    return EwsClient(own.app)


@pytest.fixture(autouse=True)
def dialect(actors: Actors) -> None:
    actors.add(replace(OPERATOR, dialect="ews"))


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(store=house.store, index=house.index, blobs=house.blobs)  # type: ignore[arg-type]  # memory


async def worked(desk: Desk) -> None:
    """Do what is left to the worker."""

    def waiting(uow: UnitOfWork) -> list[Task]:
        return uow.tasks.page(before=2**31, limit=100, states=[TaskState.WAITING])

    for task in await desk.store.read(waiting):
        await desk.work(task)


async def copies(store: Store) -> dict[int, CopyFacts]:
    def look(uow: UnitOfWork) -> dict[int, CopyFacts]:
        return {each.id: each for each in uow.copies.facts(range(1, 100))}

    return await store.read(look)


def statuses(said: Said) -> dict[str, str]:
    return dict(
        zip(said.texts("t:Mailbox"), said.texts("t:Status"), strict=True),
    )


async def test_a_hold_is_made_shown_and_released(
    operator: EwsClient, house: House, desk: Desk, put: Put
) -> None:
    number = await put(MAIL)
    said = await operator(hold())
    assert said.codes == ["NoError"]
    assert said.texts("t:HoldId") == [HELD]
    assert statuses(said) == {str(ADA): "Pending"}
    await worked(desk)
    assert statuses(await operator(get_hold())) == {str(ADA): "OnHold"}
    assert (await copies(house.store))[number].hold == (1,)

    said = await operator(hold("Remove"))
    assert statuses(said) == {str(ADA): "NotOnHold"}
    await worked(desk)
    assert (await copies(house.store))[number].hold == ()
    assert (await operator(get_hold())).fault == "ErrorMailboxHoldNotFound"
    audited = await house.store.read(lambda uow: uow.audit.page(limit=99))
    held = [each for each in audited if each.action.startswith("hold.")]
    assert [(each.action, each.dialect, each.actor) for each in held] == [
        ("hold.create", "ews", "operator"),
        ("hold.release", "ews", "operator"),
    ]


async def test_an_updated_hold_holds_something_else(
    operator: EwsClient, house: House, desk: Desk, put: Put
) -> None:
    number = await put(MAIL)
    await operator(hold(query="from:eve"))
    await worked(desk)
    said = await operator(hold("Update", query="from:other"))
    assert said.codes == ["NoError"]
    assert "other" in said.texts("t:Query")[0]
    await worked(desk)
    assert (await copies(house.store))[number].hold == ()


@pytest.mark.parametrize(
    "deleting",
    list(
        product(["item", "folder"], ["HardDelete", "SoftDelete", "MoveToDeletedItems"])
    ),
)
async def test_deleting_what_is_held_loses_nothing_and_it_comes_back(
    desk: Desk, own: EwsClient, clock: Clock, put: Put, deleting: tuple[str, str]
) -> None:
    what, way = deleting
    operator = EwsClient(own.app)
    number = await put(MAIL)
    await operator(hold())
    await worked(desk)
    [item] = await found_in(own)
    if what == "folder":
        said = await own(
            f'<m:EmptyFolder DeleteType="{way}" DeleteSubFolders="false">'
            '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds>'
            "</m:EmptyFolder>"
        )
    else:
        said = await own(
            f'<m:DeleteItem DeleteType="{way}">{named(item)}</m:DeleteItem>'
        )
    assert said.codes == ["NoError"]
    await worked(desk)
    if way == "MoveToDeletedItems":
        trash = '<t:DistinguishedFolderId Id="deleteditems"/>'
        [item] = await found_in(own, trash)
        await own(f'<m:DeleteItem DeleteType="HardDelete">{named(item)}</m:DeleteItem>')

    clock.forward(days=4000)
    await desk.store.transact(vault.expire_chunk)

    kept = (await copies(desk.store))[number]
    assert kept.state is CopyState.VAULTED
    assert await desk.blobs.get(kept.sha256) == MAIL
    place = "deletions" if way == "SoftDelete" else "purges"
    folder = (
        f'<t:DistinguishedFolderId Id="recoverableitems{place}">'
        f"<t:Mailbox><t:EmailAddress>{ADA}</t:EmailAddress></t:Mailbox>"
        "</t:DistinguishedFolderId>"
    )
    [item] = await found_in(operator, folder)
    inbox = folder.replace(f"recoverableitems{place}", "inbox")
    said = await operator(
        f"<m:MoveItem><m:ToFolderId>{inbox}</m:ToFolderId>{named(item)}</m:MoveItem>"
    )
    assert said.codes == ["NoError"]
    assert len(await found_in(own)) == 1
    assert (await copies(desk.store))[number].hold == (1,)


async def test_what_is_held_is_contained_by_a_case_and_comes_back(
    operator: EwsClient, own: EwsClient, desk: Desk, put: Put
) -> None:
    number = await put(MAIL)
    await operator(hold())
    await worked(desk)
    before = item_ids(await own(find()))
    case = await desk.open("similar:<1@example.net>")
    plan = await desk.preview(case)
    await desk.approve(plan)
    assert await desk.run(case) == {Outcome.REMOVED: 1}
    assert await found_in(own) == []
    said = await own(
        f'<m:DeleteItem DeleteType="HardDelete">{named(*before)}</m:DeleteItem>'
    )
    assert said.codes == ["ErrorItemNotFound"]
    await desk.undo(case)
    assert len(await found_in(own)) == 1
    assert (await copies(desk.store))[number].hold == (1,)


def find() -> str:
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape>'
        "<t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds>"
        '<t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>'
    )


async def test_who_may_not_hold_learns_nothing(
    own: EwsClient, house: House, actors: Actors
) -> None:
    reader = actors.add(
        Actor(
            name="reader",
            dialect="ews",
            permissions=frozenset({Permission.HOLD_READ}),
        )
    )
    client = EwsClient(app.build(house), f"Bearer {reader.name}")
    for each in (own, client):
        assert (await each(hold())).fault == "ErrorAccessDenied"
        assert (await each(hold(mailboxes=("nobody@example.org",)))).fault == (
            "ErrorAccessDenied"
        )
    assert (await own(get_hold())).fault == "ErrorAccessDenied"
    assert (await client(get_hold())).fault == "ErrorMailboxHoldNotFound"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (hold("Forget"), "ErrorSchemaValidation"),
        (hold(name=""), "ErrorSchemaValidation"),
        (hold(name="x" * 201), "ErrorSchemaValidation"),
        (hold(mailboxes=()), "ErrorSchemaValidation"),
        (hold(mailboxes=("nobody@example.org",)), "ErrorNonExistentMailbox"),
        (hold(mailboxes=("no address",)), "ErrorInvalidOperation"),
        (hold(query="isread:true"), "ErrorInvalidOperation"),
        (hold(query="(a"), "ErrorInvalidOperation"),
        (hold("Update"), "ErrorMailboxHoldNotFound"),
        (hold("Remove"), "ErrorMailboxHoldNotFound"),
        (
            hold(more="<m:ItemHoldPeriod>30</m:ItemHoldPeriod>"),
            "ErrorInvalidOperation",
        ),
    ],
)
async def test_what_is_no_hold(
    operator: EwsClient, house: House, owner: Actor, body: str, fault: str
) -> None:
    said = await operator(body)
    assert (said.answered.status, said.fault) == (500, fault)
    assert await house.store.read(lambda uow: uow.holds.in_force()) == []


async def test_a_hold_that_is_being_placed_stays(operator: EwsClient) -> None:
    await operator(hold())
    assert (await operator(hold("Remove"))).fault == "ErrorCannotDeleteObject"
