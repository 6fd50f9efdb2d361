"""Invariant 5 through this dialect: what is held is there, whoever deletes it."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.queries import parse
from postwarden.services import access, holds, owners, removals, vault, vault_restoring
from postwarden.services.holds import NewHold
from postwarden.services.mailboxes import appending
from postwarden.services.ports import UnitOfWork
from tests.unit.dialects.smartermail.conftest import ADA, CAROL, ORG, Town

MAIL = b"Subject: secret plan\r\nFrom: zoe@example.com\r\n\r\nburn this\r\n"
LONG = 400  # days, after which whatever may go has gone


async def _mail(town: Town, folder: str = "INBOX") -> int:
    account = await town.store.read(access.account, OPERATOR, Address.parse(ADA))
    acting = owners.owner(account, dialect="test")
    copy = await appending.append(town.store, town.blobs, acting, folder, MAIL)
    return copy.id


async def _hold(town: Town) -> int:
    new = NewHold(query=parse("from:zoe@example.com", now=town.clock()), reason="court")
    made, _ = await town.store.transact(holds.create, OPERATOR, new)
    found = await town.store.read(holds.matching, made.id)
    await town.store.transact(holds.place, made.id, found)
    await town.store.transact(holds.placed, made.id)
    return made.id


async def _copy(town: Town, number: int) -> Copy | None:
    return (await town.store.read(lambda u: u.copies.many([number]))).get(number)


async def _pass(town: Town) -> None:
    """Let time pass, and the vault give up what it may."""
    town.clock.forward(days=LONG)
    while (await town.store.transact(vault.expire_chunk)).left:
        pass


@pytest.mark.parametrize("who", [ADA, CAROL])
@pytest.mark.parametrize("steps", [[True, True], [False], [True, False]])
async def test_what_is_held_outlives_every_way_of_deleting_it(
    town: Town, who: str, steps: list[bool]
) -> None:
    number = await _mail(town)
    await _hold(town)
    client = await town.as_(who, domain=ORG, user=ADA)
    folder = "Inbox"
    for moves in steps:
        body = {"UID": [number], "folder": folder, "moveToDeleted": moves}
        deleted = await client("POST", "/mail/delete-messages", body=body)
        assert deleted.status == 200
        folder = "Deleted Items"
    if who == CAROL:
        last = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
        assert (last.actor, last.dialect, last.on_behalf_of) == (
            *(CAROL, "smartermail", ADA),
        )
    await _pass(town)
    copy = await _copy(town, number)
    assert copy is not None
    assert copy.state is CopyState.VAULTED
    restored = await town.store.transact(vault_restoring.restore_chunk, [number])
    assert (restored.restored, restored.failed) == (1, {})
    again = await _copy(town, number)
    assert again is not None
    assert again.state is CopyState.LIVE
    assert await town.blobs.get(await _sha256(town, again)) == MAIL


async def _sha256(town: Town, copy: Copy) -> bytes:
    def look(uow: UnitOfWork) -> bytes:
        return uow.messages.many([copy.message])[copy.message].sha256

    return await town.store.read(look)


async def test_what_is_not_held_goes_when_its_time_has_come(town: Town) -> None:
    number = await _mail(town)
    client = await town.as_(ADA)
    body = {"UID": [number], "moveToDeleted": False}
    await client("POST", "/mail/delete-messages", body=body)
    await _pass(town)
    assert await _copy(town, number) is None


async def test_held_mail_outlives_its_account(town: Town) -> None:
    number = await _mail(town)
    await _hold(town)
    carol = await town.as_(CAROL, domain=ORG)
    await carol("POST", "/settings/domain/users-delete", body={"input": ["ada"]})
    copy = await _copy(town, number)
    assert copy is not None
    await town.store.transact(removals.vault_chunk, copy.account)
    await _pass(town)
    copy = await _copy(town, number)
    assert copy is not None
    found = await town.store.read(holds.holds_of, [number])
    assert found[number]
