"""Our SmarterMail connector drives our own dialect, as it would any other server."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from postwarden.cli.inventory_rows import ACCOUNTS, LISTS, compatible, correct
from postwarden.connectors.http import HttpAnswer, HttpClient
from postwarden.connectors.smartermail import SmarterMailSystem
from postwarden.connectors.smartermail.client import SmarterMailClient
from postwarden.model.actors import OPERATOR
from postwarden.model.mailboxes import CopyState
from postwarden.services import inventory
from postwarden.services.ingest import new_message
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.systems import (
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
)
from tests.conformance.smartermail.conftest import MAILS
from tests.support.api import Client
from tests.unit.dialects.smartermail.conftest import ADA, CAROL, PASSWORD, ROOT, Town


class InProcess:
    """Speaks to the dialect in this process, as `HttpClient` does over HTTP."""

    url = "http://localhost"

    def __init__(self, town: Town) -> None:
        self._client = Client(town.client.app)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        **_: Any,
    ) -> HttpAnswer:
        path = url.removeprefix(self.url)
        said = await self._client(method, path, headers=headers, content=body)
        return HttpAnswer(status=said.status, headers=said.headers, content=said.body)


def _connected(town: Town, user: str = ROOT) -> SmarterMailSystem:
    http = cast(HttpClient, InProcess(town))
    return SmarterMailSystem(SmarterMailClient(http, user, PASSWORD))


@pytest.fixture
def system(furnished: Town) -> SmarterMailSystem:
    return _connected(furnished)


async def _found(system: SmarterMailSystem, **wanted: Any) -> list[RemoteCopy]:
    rows = [row async for row in system.find(Narrowing(**wanted))]
    return [row for row in rows if isinstance(row, RemoteCopy)]


async def test_everything_is_listed(furnished: Town, system: SmarterMailSystem) -> None:
    assert (await system.check()).rights == ("administers the server: 2 domains",)
    own = _connected(furnished, CAROL)
    assert (await own.check()).rights == ("administers its own domain: 1 domains",)
    assert len([row async for row in own.accounts()]) == 4


async def test_an_inventory_there_is_ours_byte_for_byte(
    furnished: Town, system: SmarterMailSystem
) -> None:
    for kind, rows, read in (
        (ACCOUNTS, system.accounts(), inventory.accounts),
        (LISTS, system.lists(), inventory.lists),
    ):
        theirs = [row async for row in rows if not isinstance(row, RemoteProblem)]
        columns = [{name: row.get(name) for name in kind.names} for row in theirs]
        local = await furnished.store.read(
            read, OPERATOR, domain=None, after="", limit=100
        )
        assert len(columns) == len(local)
        for form in (correct, compatible):
            written = form(sorted(map(kind.columns, local), key=str))
            assert form(sorted(columns, key=str)) == written


async def test_mail_is_found_and_is_what_came_in(system: SmarterMailSystem) -> None:
    [lunch] = await _found(
        system, subject_words=("lunch",), domains=frozenset({"example.org"})
    )
    assert (lunch.account, lunch.mailbox, lunch.subject) == (ADA, "Inbox", "lunch")
    again = await system.content(lunch)
    as_it_came = MAILS[0].encode()
    assert again.split(b"\r\nMIME-Version")[0] == as_it_came.split(b"\r\n\r\n")[0]
    one, other = (new_message(bytes(32), each) for each in (again, as_it_came))
    assert (one.message_id, one.subject) == (other.message_id, other.subject)
    assert one.fingerprint == other.fingerprint


async def test_what_is_contained_comes_back_with_its_flags(
    furnished: Town, system: SmarterMailSystem
) -> None:
    copies = await _found(system, accounts=frozenset({ADA}))
    outcomes = await system.contain(copies)
    assert [bool(each.reference) for each in outcomes] == [True, True]
    assert await _found(system, accounts=frozenset({ADA})) == []
    located = await system.locate(copies, towards=Place.ASIDE)
    assert [each.place for each in located] == [Place.ASIDE] * 2
    now = [
        Return(copy=replace(copy, reference=outcome.reference or ""))
        for copy, outcome in zip(copies, outcomes, strict=True)
    ]
    assert all(each.reference for each in await system.restore(now))
    back = await _found(system, accounts=frozenset({ADA}))
    assert {(each.mailbox, each.flags) for each in back} == {("Inbox", ())}

    def states(uow: UnitOfWork) -> set[CopyState]:
        return {each.state for each in uow.copies.many([1, 2]).values()}

    assert await furnished.store.read(states) == {CopyState.LIVE}
    assert len(await system.contain(back)) == 2
    assert await system.contain(back) == [RemoteOutcome()] * 2
