"""The EWS connector against answers that Microsoft documents (`scripted_ews`)."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from postwarden.connectors import ews
from postwarden.connectors.ews import EwsSystem
from postwarden.connectors.ews.references import Reference
from postwarden.connectors.ews.tokens import ClientCredentials
from postwarden.connectors.http import HttpClient
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.model.systems import System, SystemKind
from postwarden.services.ports.systems import (
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
)
from tests.support.receivers import Receiver, receiving, status
from tests.support.scripted_ews import ScriptedEws, busy, fault, scripted_ews

ADA, BOB = "ada@example.org", "bob@example.org"
BAD = b"From: eve@example.com\r\nSubject: Free money\r\n\r\nclick \xe9\r\n"


@pytest.fixture
def server() -> Iterator[ScriptedEws]:
    with scripted_ews(ADA, BOB) as served:
        yield served


@asynccontextmanager
async def connected(
    server: ScriptedEws, secret: str = "secret", **options: str
) -> AsyncIterator[EwsSystem]:
    system = ews.connect(
        System(
            name="exchange",
            kind=SystemKind.EWS,
            url=server.url,
            user="svc",
            options=options,
            created_at=datetime(2026, 11, 27, tzinfo=UTC),
            created_by="operator",
        ),
        secret,
    )
    yield system
    await system.close()


@pytest.fixture
async def system(server: ScriptedEws) -> AsyncIterator[EwsSystem]:
    async with connected(server) as system:
        yield system


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the connector waited, without waiting."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    init = HttpClient.__init__

    def patient(self: HttpClient, *args: object, **kwargs: object) -> None:
        init(self, *args, **{**kwargs, "sleep": sleep})  # type: ignore[arg-type]

    monkeypatch.setattr(HttpClient, "__init__", patient)
    return waited


async def found(system: EwsSystem, **wanted: object) -> list[RemoteCopy]:
    rows = [row async for row in system.find(Narrowing(**wanted))]  # type: ignore[arg-type]
    assert not [row for row in rows if isinstance(row, RemoteProblem)]
    return [row for row in rows if isinstance(row, RemoteCopy)]


async def test_it_says_what_it_is_and_what_it_lacks(
    server: ScriptedEws, system: EwsSystem
) -> None:
    report = await system.check()
    assert report.version == "15.2.1544.4"
    assert report.rights == ("lists mailboxes: there are 2",)
    server.can_list = False
    report = await system.check()
    assert report.rights == ()
    assert "mailboxes cannot be listed (ErrorAccessDenied)" in report.lacks[-1]


async def test_a_wrong_login_is_said_once_and_not_tried_again(
    server: ScriptedEws,
) -> None:
    async with connected(server, "wrong") as system:
        with pytest.raises(Unavailable, match="refuses the login"):
            await system.check()


async def test_mail_is_found_in_every_folder_and_where_deleted_mail_waits(
    server: ScriptedEws, system: EwsSystem
) -> None:
    for folder in ("inbox", "sub", "deletions"):
        server.add(ADA, folder, BAD, message_id="<bad@x>", subject="Free money")
        server.add(ADA, folder, BAD)
    server.add(BOB, "inbox", BAD, message_id="bad@x")
    rows = await found(system, message_ids=frozenset({"bad@x"}))
    assert [(row.account, row.mailbox) for row in rows] == [
        (ADA, "Inbox"),
        (ADA, "Inbox/Projects\N{DIVISION SLASH}2026"),
        (ADA, "Recoverable Items/Deletions"),
        (BOB, "Inbox"),
    ]
    first = rows[0]
    assert first.author == "Eve <eve@example.com>"
    assert (first.subject, first.size) == ("Free money", len(BAD))
    assert first.internal_date == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert await system.content(first) == BAD


async def test_conditions_are_asked_of_the_server(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "inbox", BAD * 50, subject="Quarterly REPORT")
    server.add(ADA, "inbox", BAD, subject="report")
    server.add(ADA, "inbox", BAD, subject="other")
    assert len(await found(system, subject_words=("report",))) == 2
    assert len(await found(system, subject_words=("report", "quarterly"))) == 1
    assert len(await found(system, larger=2 * len(BAD))) == 1
    assert len(await found(system, after=datetime(2026, 11, 21, tzinfo=UTC))) == 0
    assert len(await found(system, before=datetime(2026, 11, 21, tzinfo=UTC))) == 3


async def test_many_items_come_page_by_page(
    server: ScriptedEws,
    system: EwsSystem,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("postwarden.connectors.ews.searching.PAGE", 2)
    ids = {server.add(ADA, "inbox", BAD).id for _ in range(5)}
    ids.add(server.add(ADA, "sub", BAD).id)
    rows = await found(system, accounts=frozenset({ADA}))
    assert {Reference.of(row.reference).item for row in rows} == ids


async def test_folders_that_get_no_answer_are_not_taken_for_empty(
    server: ScriptedEws, system: EwsSystem
) -> None:
    short = "<m:FindItemResponse xmlns:m='http://schemas.microsoft.com/exchange/"
    short += "services/2006/messages'><m:ResponseMessages/></m:FindItemResponse>"
    server.before.append(lambda _, name: (200, short) if name == "FindItem" else None)
    with pytest.raises(Unavailable, match="0 answers about 3 folders"):
        await found(system, accounts=frozenset({ADA}))


async def test_accounts_that_are_named_need_no_right_to_list(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.can_list = False
    server.add(BOB, "inbox", BAD)
    assert len(await found(system, accounts=frozenset({BOB}))) == 1
    with pytest.raises(Invalid, match="say account:ADDRESS"):
        await found(system)


async def test_an_account_that_is_not_there_stops_no_other(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(BOB, "inbox", BAD)
    wanted = Narrowing(accounts=frozenset({"a@example.org", BOB}))
    problem, copy = [row async for row in system.find(wanted)]
    assert isinstance(problem, RemoteProblem)
    assert problem.account == "a@example.org"
    assert "ErrorNonExistentMailbox" in problem.reason
    assert isinstance(copy, RemoteCopy)


async def test_without_impersonation_nobody_is_named(server: ScriptedEws) -> None:
    async with connected(server, impersonation="no") as system:
        await system.check()
        server.boxes[""] = server.boxes[ADA]  # the login's own
        await found(system, accounts=frozenset({ADA}))
    assert {account for _, account, _ in server.heard} == {""}


async def test_contained_mail_lies_beside_what_clients_show_and_goes_back(
    server: ScriptedEws, system: EwsSystem
) -> None:
    for account in (ADA, BOB):
        server.add(account, "inbox", BAD, message_id="<bad@x>")
    before = {a: [i.folder for i in box.items] for a, box in server.boxes.items()}
    rows = await found(system, message_ids=frozenset({"bad@x"}))
    outcomes = await system.contain(rows)
    for account, row, outcome in zip((ADA, BOB), rows, outcomes, strict=True):
        box = server.boxes[account]
        (item,) = box.items
        parent, name = box.folders[item.folder]
        assert (parent, name) == (f"{account}:root", "Postwarden")
        assert Reference.of(outcome.reference or "").item == item.id
        assert row.account == account
    back = await system.restore(
        [
            Return(copy=_now(row, outcome))
            for row, outcome in zip(rows, outcomes, strict=True)
        ]
    )
    assert all(outcome.reference and not outcome.reason for outcome in back)
    assert before == {
        a: [i.folder for i in box.items] for a, box in server.boxes.items()
    }


def _now(copy: RemoteCopy, outcome: RemoteOutcome) -> RemoteCopy:
    assert outcome.reference is not None
    return replace(copy, reference=outcome.reference)


async def test_what_is_gone_is_said_to_be_gone(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "inbox", BAD)
    server.add(ADA, "inbox", BAD)
    rows = await found(system, accounts=frozenset({ADA}))
    del server.boxes[ADA].items[0]
    gone, moved = await system.contain(rows)
    assert gone == RemoteOutcome()
    assert moved.reference is not None
    with pytest.raises(NotFound):
        await system.content(rows[0])


async def test_a_folder_that_was_removed_is_made_again(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "sub", BAD)
    (row,) = await found(system, accounts=frozenset({ADA}))
    (outcome,) = await system.contain([row])
    del server.boxes[ADA].folders[f"{ADA}:sub"]
    (back,) = await system.restore([Return(copy=_now(row, outcome))])
    assert back.reason is None
    (item,) = server.boxes[ADA].items
    parent, name = server.boxes[ADA].folders[item.folder]
    assert (parent, name) == (f"{ADA}:inbox", "Projects\N{DIVISION SLASH}2026")


async def test_what_the_server_lost_is_made_anew_and_it_is_said_what_is_missing(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "inbox", BAD)
    server.boxes[ADA].items[0].read = True
    (row,) = await found(system, accounts=frozenset({ADA}))
    (outcome,) = await system.contain([row])
    server.boxes[ADA].items.clear()
    (back,) = await system.restore([Return(copy=_now(row, outcome), content=BAD)])
    assert back.reference
    assert back.reason is not None
    assert "categories" in back.reason
    (item,) = server.boxes[ADA].items
    assert (item.mime, item.read, item.folder) == (BAD, True, f"{ADA}:inbox")


async def test_a_lost_answer_is_no_second_move(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "inbox", BAD, message_id="<one@x>")
    (row,) = await found(system, accounts=frozenset({ADA}))
    server.lose_answer_of = "MoveItem"
    (outcome,) = await system.contain([row])
    assert outcome.is_unknown
    assert [name for name, _, _ in server.heard].count("MoveItem") == 1
    (location,) = await system.locate([row], towards=Place.ASIDE)
    assert location.place is Place.ASIDE
    assert location.reference is not None
    assert Reference.of(location.reference).item == server.boxes[ADA].items[0].id


async def test_what_was_not_moved_is_located_at_home(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.add(ADA, "inbox", BAD, message_id="<one@x>")
    (row,) = await found(system, accounts=frozenset({ADA}))
    (location,) = await system.locate([row], towards=Place.ASIDE)
    assert (location.place, location.reference) == (Place.HOME, row.reference)
    server.boxes[ADA].items.clear()
    (location,) = await system.locate([row], towards=Place.ASIDE)
    assert location.place is Place.NOWHERE


async def test_a_busy_server_is_left_alone_as_long_as_it_says(
    server: ScriptedEws, naps: list[float]
) -> None:
    server.before += [lambda _, __: busy(4000), lambda _, __: busy(9000)]
    async with connected(server) as system:
        report = await system.check()
    assert report.rights
    assert naps == [pytest.approx(4.0), pytest.approx(9.0)]


async def test_a_server_that_stays_busy_is_given_up(
    server: ScriptedEws, naps: list[float]
) -> None:
    server.before += [lambda _, __: busy(10**9) for _ in range(99)]
    async with connected(server) as system:
        with pytest.raises(Unavailable, match="it is busy"):
            await system.check()
    assert max(naps) <= 120


async def test_a_fault_is_a_problem_of_its_account(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.before.append(
        lambda _, name: (
            (500, fault("ErrorImpersonateUserDenied", "Not allowed."))
            if name == "FindFolder"
            else None
        )
    )
    rows = [row async for row in system.find(Narrowing(accounts=frozenset({ADA})))]
    assert rows == [
        RemoteProblem(account=ADA, reason="ErrorImpersonateUserDenied: Not allowed.")
    ]


@pytest.mark.parametrize(
    "answer",
    [
        *("", "no XML", "<a><b></a>", "<html/>"),
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
async def test_what_is_no_ews_is_unavailable(answer: str, naps: list[float]) -> None:
    with receiving(status(200, answer.encode())) as receiver:
        served = ScriptedEws({}, port=receiver.port)
        async with connected(served) as system:
            with pytest.raises(Unavailable, match="no EWS answer"):
                await system.check()
    assert naps == []


async def test_a_redirect_is_not_followed(naps: list[float]) -> None:
    with receiving(status(200)) as elsewhere:
        moved = status(302, b"", f"Location: {elsewhere.url}")
        with receiving(moved) as receiver:
            async with connected(ScriptedEws({}, port=receiver.port)) as system:
                with pytest.raises(Unavailable):
                    await system.check()
    assert elsewhere.requests == []
    assert naps == []


async def contained(server: ScriptedEws, system: EwsSystem) -> list[Return]:
    """Contain all mail of ada, and return it as it is to go back."""
    rows = await found(system, accounts=frozenset({ADA}))
    outcomes = await system.contain(rows)
    server.heard.clear()
    return [
        Return(copy=_now(row, outcome), content=BAD)
        for row, outcome in zip(rows, outcomes, strict=True)
    ]


async def test_what_goes_back_is_moved_folder_by_folder(
    server: ScriptedEws, system: EwsSystem
) -> None:
    for folder in ("inbox", "sub") * 3:
        server.add(ADA, folder, BAD)
    back = await system.restore(await contained(server, system))
    assert all(each.reference and not each.reason for each in back)
    assert [name for name, _, _ in server.heard] == ["MoveItem", "MoveItem"]
    lies_in = sorted(item.folder for item in server.boxes[ADA].items)
    assert lies_in == [f"{ADA}:inbox"] * 3 + [f"{ADA}:sub"] * 3


async def test_a_folder_that_goes_between_two_batches_makes_no_mail_anew(
    server: ScriptedEws, system: EwsSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postwarden.connectors.ews.moving.BATCH", 2)
    for _ in range(5):
        server.add(ADA, "sub", BAD)
    wanted = await contained(server, system)
    box, moves = server.boxes[ADA], iter(range(9))

    def goes(_: object, name: str) -> None:
        if name == "MoveItem" and next(moves) == 1:
            del box.folders[f"{ADA}:sub"]

    server.before.append(goes)
    back = await system.restore(wanted)
    assert [each.reason for each in back] == [None] * 5
    assert len(box.items) == 5
    assert "CreateItem" not in [name for name, _, _ in server.heard]


async def test_several_lost_answers_over_one_id_are_told_apart(
    server: ScriptedEws, system: EwsSystem
) -> None:
    for _ in range(2):
        server.add(ADA, "inbox", BAD, message_id="<one@x>")
    rows = await found(system, accounts=frozenset({ADA}))
    server.lose_answer_of = "MoveItem"
    assert all(each.is_unknown for each in await system.contain(rows))
    located = await system.locate(rows, towards=Place.ASIDE)
    assert [each.place for each in located] == [Place.ASIDE] * 2
    assert len({each.reference for each in located}) == 2
    back = [
        replace(row, reference=each.reference or "")
        for row, each in zip(rows, located, strict=True)
    ]
    server.lose_answer_of = "MoveItem"
    outcomes = await system.restore([Return(copy=copy) for copy in back])
    assert all(each.is_unknown for each in outcomes)
    located = await system.locate(back, towards=Place.HOME)
    assert [each.place for each in located] == [Place.HOME] * 2
    server.add(ADA, "inbox", BAD, message_id="<one@x>")  # whose is which now?
    located = await system.locate(back, towards=Place.HOME)
    assert [each.place for each in located] == [Place.NOWHERE] * 2


async def test_an_owners_folder_of_that_name_hides_nothing(
    server: ScriptedEws, system: EwsSystem
) -> None:
    server.boxes[ADA].folders[f"{ADA}:own"] = (f"{ADA}:top", "Postwarden")
    server.add(ADA, "own", BAD)
    wanted = Narrowing(accounts=frozenset({ADA}))
    (told,) = [row async for row in system.find(wanted)]
    assert isinstance(told, RemoteProblem)
    assert "Postwarden: contained mail lies there" in told.reason
    server.boxes[ADA].folders[f"{ADA}:aside"] = (f"{ADA}:root", "Postwarden")
    (copy,) = await found(system, accounts=frozenset({ADA}))
    assert copy.mailbox == "Postwarden"


def token(text: str, **more: object) -> bytes:
    said = {"access_token": text, "token_type": "Bearer", "expires_in": 3600, **more}
    return status(200, json.dumps(said).encode())


def granting(receiver: Receiver) -> dict[str, str]:
    return {"token-url": f"http://127.0.0.1:{receiver.port}/token", "scope": "ews"}


async def test_a_token_is_asked_of_its_issuer_once_and_shown_to_the_server(
    server: ScriptedEws,
) -> None:
    server.bearer = "first"
    with receiving(token("first")) as issuer:
        async with connected(server, **granting(issuer)) as system:
            await system.check()
            await system.check()
    (asked,) = issuer.requests
    assert dict(parse_qsl(asked.body.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "svc",
        "client_secret": "secret",
        "scope": "ews",
    }
    assert {login for _, _, login in server.heard} == {"Bearer first"}


async def test_a_token_that_has_ended_early_is_asked_for_again_once(
    server: ScriptedEws,
) -> None:
    server.bearer = "second"
    with receiving(token("first"), token("second")) as issuer:
        async with connected(server, **granting(issuer)) as system:
            assert (await system.check()).rights
            server.bearer = "third"
            with pytest.raises(Unavailable, match="refuses the login"):
                await system.check()
    assert len(issuer.requests) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(401, b'{"error": "invalid_client"}'), "invalid_client"),
        (status(200, b"[]"), "HTTP status 200"),
        (status(200, b'{"access_token": "a\\r\\nb"}'), "HTTP status 200"),
        (status(200, b"{" * 100_000), "HTTP status 200"),
    ],
)
async def test_an_issuer_that_gives_no_token_is_named_without_the_secret(
    server: ScriptedEws, answer: bytes, reason: str
) -> None:
    with receiving(answer) as issuer:
        async with connected(server, **granting(issuer)) as system:
            with pytest.raises(Unavailable, match=reason) as told:
                await system.check()
    assert "secret" not in str(told.value)
    assert server.heard == []


async def test_a_token_is_used_until_shortly_before_its_end() -> None:
    now = [0.0]

    async def shown(seconds: float) -> str:
        now[0] = seconds
        return await login.authorization()

    with receiving(token("a", expires_in="600"), token("b", expires_in=-1)) as issuer:
        http = HttpClient(f"http://127.0.0.1:{issuer.port}/token")
        login = ClientCredentials(http, "svc", "secret", clock=lambda: now[0])
        seen = [await shown(at) for at in (0, 539, 541, 541 + 239, 541 + 241)]
        await login.close()
    assert seen == ["Bearer a"] * 2 + ["Bearer b"] * 3
    assert len(issuer.requests) == 3


@pytest.mark.parametrize(
    "options", [{"scope": "x"}, {"token-url": "http://issuer.example/"}]
)
async def test_options_of_tokens_that_mean_nothing_are_refused(
    server: ScriptedEws, options: dict[str, str]
) -> None:
    with pytest.raises(Invalid):
        async with connected(server, **options):
            pass
