"""Whose mail may be looked at: by hash or trace, and only in one's own domains."""

from hashlib import sha256

import pytest

from postwarden.model.errors import Forbidden, NotFound, Unavailable
from postwarden.model.permissions import Permission
from postwarden.services import showing
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.unit.services.cases.actors import of_domains, without
from tests.unit.services.cases.desk import ADA, Desk

MAIL = mails.mail("one")
NAME = sha256(MAIL).hexdigest()


async def look(desk: Desk, name: str) -> bytes:
    shown = await showing.show(
        desk.store, desk.blobs, desk.actor, name, part="raw", reason="why"
    )
    return shown.content


async def audited(desk: Desk) -> int:
    def count(uow: UnitOfWork) -> int:
        return sum(e.action == "message.show" for e in uow.audit.page(limit=99))

    return await desk.store.read(count)


async def test_a_message_is_named_by_its_hash_or_a_trace(desk: Desk) -> None:
    await desk.receive(MAIL, ADA)

    assert await look(desk, NAME) == await look(desk, NAME.upper()) == MAIL
    assert await look(desk, "trace0") == MAIL
    assert await audited(desk) == 3


async def test_a_look_takes_a_permission_and_a_domain(desk: Desk) -> None:
    await desk.receive(MAIL, ADA)

    with pytest.raises(Forbidden):
        await look(desk.as_(without(Permission.MAIL_CONTENT)), NAME)
    for name in (NAME, "trace0"):
        with pytest.raises(NotFound):
            await look(desk.as_(of_domains("example.com")), name)
        assert await look(desk.as_(of_domains("example.org")), name) == MAIL
    assert await audited(desk) == 2


async def test_a_look_at_damaged_content_is_audited_all_the_same(desk: Desk) -> None:
    await desk.receive(MAIL, ADA)
    desk.blobs = type(desk.blobs)()

    with pytest.raises(Unavailable):
        await look(desk, NAME)

    assert await audited(desk) == 1
