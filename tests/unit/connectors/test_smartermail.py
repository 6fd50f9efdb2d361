"""The SmarterMail connector against answers as they are documented."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from postwarden.connectors import smartermail
from postwarden.connectors.http import HttpClient
from postwarden.connectors.smartermail import SmarterMailSystem
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.model.systems import System, SystemKind
from postwarden.services.ports.systems import (
    Fields,
    Location,
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
)
from postwarden.wire.mime import decoded_part, scan
from tests.support.scripted_smartermail import (
    Mail,
    ScriptedSmarterMail,
    no,
    scripted_smartermail,
    yes,
)

ADA, BOB, CAT = "ada@example.org", "bob@example.org", "cat@example.net"
HEADER = "From: Eve <eve@example.com>\r\nSubject: Hello\r\nMessage-ID: <{}@x>\r\n\r\n"
EVERYTHING = {"domains": frozenset({"example.org", "example.net"})}


@pytest.fixture
def server() -> Iterator[ScriptedSmarterMail]:
    with scripted_smartermail(ADA, BOB, CAT) as served:
        served.aliases = ["sales@example.org"]
        served.lists = ["news@example.org"]
        yield served


@asynccontextmanager
async def connected(
    server: ScriptedSmarterMail, secret: str = "secret", **options: str
) -> AsyncIterator[SmarterMailSystem]:
    system = smartermail.connect(
        System(
            name="mail",
            kind=SystemKind.SMARTERMAIL,
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
async def system(server: ScriptedSmarterMail) -> AsyncIterator[SmarterMailSystem]:
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


async def found(system: SmarterMailSystem, **wanted: object) -> list[RemoteCopy]:
    rows = [row async for row in system.find(Narrowing(**(wanted or EVERYTHING)))]
    assert not [row for row in rows if isinstance(row, RemoteProblem)]
    return [row for row in rows if isinstance(row, RemoteCopy)]


async def listed(rows: AsyncIterator[Fields | RemoteProblem]) -> list[Fields]:
    found = [row async for row in rows]
    assert not [row for row in found if isinstance(row, RemoteProblem)]
    return [row for row in found if not isinstance(row, RemoteProblem)]


async def test_it_says_what_it_may_and_what_it_lacks(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    report = await system.check()
    assert report.product == "SmarterMail"
    assert report.rights == ("administers the server: 2 domains",)
    said = " ".join(report.lacks)
    assert all(
        word in said
        for word in ("one by one", "Message-ID", "octet for octet", "can see it")
    )
    server.is_admin = False
    async with connected(server) as other:
        report = await other.check()
    assert report.rights == ("administers its own domain: 1 domains",)


async def test_accounts_are_listed_domain_by_domain(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    rows = await listed(system.accounts())
    assert [row["address"] for row in rows] == [CAT, ADA, BOB, "sales@example.org"]
    ada, sales = rows[1], rows[3]
    assert ada["createDate"] == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert ada["lastLoginTime"] is None
    assert ada["imapLastLogin"] == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert (ada["kind"], ada["displayName"]) == ("account", 'The "ada"')
    assert (sales["kind"], sales["aliasTargetCount"], sales["createDate"]) == (
        *("alias", 2, None),
    )
    assert server.calls("settings/user") == 3
    only = await listed(system.accounts(domain="example.net"))
    assert [row["address"] for row in only] == [CAT]


async def test_creation_dates_may_be_left_out(server: ScriptedSmarterMail) -> None:
    async with connected(server, **{"creation-dates": "no"}) as system:
        rows = await listed(system.accounts())
    assert {row["createDate"] for row in rows} == {None}
    assert server.calls("settings/user") == 0


async def test_lists_have_all_that_the_server_says(system: SmarterMailSystem) -> None:
    [row] = await listed(system.lists())
    assert (row["ListAddress"], row["Subscribers"], row["moderatorAddress"]) == (
        *("news@example.org", 3, ADA),
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (yes(results=[], totalCount=7), "0 of 7 rows"),
        ((200, {"success": True}), "no results"),
        (yes(results="none"), "no results"),
        (no(500, "BROKEN|x"), "BROKEN (HTTP status 500)"),
    ],
)
async def test_half_a_list_is_not_taken_for_a_whole_one(
    server: ScriptedSmarterMail,
    system: SmarterMailSystem,
    said: tuple[int, dict[str, object]],
    reason: str,
) -> None:
    server.before.append(lambda path: said if "account-list" in path else None)
    problem, *rows = [row async for row in system.accounts()]
    assert isinstance(problem, RemoteProblem)
    assert problem.account == "example.net"
    assert reason in problem.reason
    assert len(rows) == 3
    server.before.append(lambda path: said if "domain-list" in path else None)
    with pytest.raises(Unavailable, match="domains cannot be listed"):
        [row async for row in system.accounts()]


async def test_a_wrong_login_is_said_once(server: ScriptedSmarterMail) -> None:
    async with connected(server, "wrong") as system:
        with pytest.raises(Unavailable, match="USERNAME_OR_PASSWORD_INCORRECT"):
            await system.check()
    assert server.calls("auth/authenticate-user") == 1


async def test_many_calls_at_once_are_one_login(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    assert len(await found(system)) == 0
    assert server.calls("auth/authenticate-user") == 1
    server.token += 1  # what somebody else's login does
    assert len([row async for row in system.accounts()]) == 4
    assert server.calls("auth/refresh-token") == 1
    assert server.calls("auth/authenticate-user") == 2
    assert len(server.clients) == 1


async def test_a_busy_server_is_left_alone(
    server: ScriptedSmarterMail, naps: list[float]
) -> None:
    server.before.append(lambda path: no(429, "") if "domain-list" in path else None)
    async with connected(server) as system:
        await system.check()
    assert len(naps) == 1


async def test_mail_is_found_in_every_folder_of_every_account(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    for number, folder in enumerate(("Inbox", "Inbox/Projects", "Deleted Items")):
        server.add(ADA, folder, HEADER.format(number))
    server.add(BOB, "Inbox", HEADER.format(9), seen=True)
    server.add(CAT, "Inbox", HEADER.format(8))
    rows = await found(system)
    assert [(row.account, row.mailbox) for row in rows] == [
        (CAT, "Inbox"),
        (ADA, "Inbox"),
        (ADA, "Inbox/Projects"),
        (ADA, "Deleted Items"),
        (BOB, "Inbox"),
    ]
    last = rows[-1]
    assert (last.subject, last.author) == ("Hello", "Eve <eve@example.com>")
    assert last.internal_date == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert (last.flags, last.message_id) == (("\\Seen",), None)


async def test_conditions_narrow_what_is_read(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    server.add(ADA, "Inbox", HEADER.format(1), subject="free money now")
    server.add(
        ADA, "Inbox", HEADER.format(2), subject="free", sent="2026-11-19T08:00:00Z"
    )
    server.add(BOB, "Inbox", HEADER.format(3), subject="money", files=[("a", b"x")])
    subjects = [r.subject for r in await found(system, subject_words=("a", "money"))]
    assert subjects == ["free money now", "money"]
    assert [r.account for r in await found(system, accounts=frozenset({BOB}))] == [BOB]
    assert len(await found(system, after=day)) == 2
    old = await found(system, before=day, domains=frozenset({"example.org"}))
    assert [row.subject for row in old] == ["free"]
    files = await found(system, has_attachment=True, after=day)
    assert [row.account for row in files] == [BOB]


async def test_what_would_read_every_mail_is_refused(system: SmarterMailSystem) -> None:
    with pytest.raises(Invalid, match="say account:"):
        await found(system, message_ids=frozenset({"bad@x"}))


async def test_an_account_that_cannot_be_looked_into_is_named(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    server.add(BOB, "Inbox", HEADER.format(1))
    wanted = Narrowing(accounts=frozenset({BOB, "x@example.org"}))
    rows = [row async for row in system.find(wanted)]
    assert [type(row) for row in rows] == [RemoteCopy, RemoteProblem]
    problem = rows[1]
    assert isinstance(problem, RemoteProblem)
    assert (problem.account, "USER_NOT_FOUND" in problem.reason) == (
        *("x@example.org", True),
    )


async def test_a_mail_is_put_together_again(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    header = (
        "Received: from a\r\n\tby b\r\nFrom: =?utf-8?q?E=C3=BCe?= <eve@example.com>\r\n"
        "Subject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n"
        " boundary=x\r\nMessage-ID: <7@x>\r\nX-Last: 1\r\n"
    )
    server.add(
        *(ADA, "Inbox", header),
        text="grüße\r\n",
        html="<p>hi</p>",
        files=[('kät ".pdf', b"\0\1" * 500)],
    )
    [copy] = await found(system)
    content = await system.content(copy)
    assert content == await system.content(copy)
    read = scan(content)
    assert (read.message_id, read.subject) == ("<7@x>", "Hello")
    assert content.startswith(b"Received: from a\r\n\tby b\r\nFrom: ")
    assert b"boundary=x" not in content
    assert [part.content_type for part in read.parts if not part.is_attachment][
        -2:
    ] == [
        *("text/plain", "text/html"),
    ]
    [file] = read.attachments
    assert file.filename == 'kät ".pdf'
    assert decoded_part(content, file) == b"\0\1" * 500


async def test_links_lead_to_the_server_itself_or_nowhere(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    server.add(ADA, "Inbox", HEADER.format(1), files=[("a.txt", b"abc")])
    [copy] = await found(system)
    elsewhere = "http://127.0.0.2:1/steal"
    shown = {"header": HEADER, "attachments": [{"filename": "a", "link": elsewhere}]}

    def altered(path: str) -> tuple[int, dict[str, object]] | None:
        return yes(messageData=shown) if path == "mail/message" else None

    server.before.append(altered)
    [file] = scan(await system.content(copy)).attachments
    assert (file.filename, file.size) == ("a", 0)


async def test_mail_that_is_gone_is_not_found(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    server.add(ADA, "Inbox", HEADER.format(1))
    [copy] = await found(system)
    server.boxes[ADA].mails.clear()
    with pytest.raises(NotFound):
        await system.content(copy)
    assert await system.contain([copy]) == [RemoteOutcome()]


def _where(mails: list[Mail]) -> list[str]:
    return [mail.folder for mail in mails]


async def test_mail_is_contained_and_goes_back_to_where_it_lay(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    mails = [
        server.add(account, folder, HEADER.format(number))
        for number, (account, folder) in enumerate(
            [(ADA, "Inbox"), (ADA, "Inbox/Projects"), (BOB, "Inbox"), (ADA, "Inbox")]
        )
    ]
    copies = await found(system)
    outcomes = await system.contain(copies)
    assert all(each.reference and not each.reason for each in outcomes)
    assert _where(mails) == ["Postwarden"] * 4
    assert await found(system) == []
    assert await system.contain(copies) == [RemoteOutcome()] * 4
    now = [
        replace(copy, reference=outcome.reference or "")
        for copy, outcome in zip(copies, outcomes, strict=True)
    ]
    assert b"Message-ID: <0@x>" in await system.content(now[0])
    server.boxes[ADA].folders.remove("Inbox/Projects")
    back = await system.restore([Return(copy=copy) for copy in reversed(now)])
    assert all(each.reference and not each.reason for each in back)
    assert _where(mails) == ["Inbox", "Inbox/Projects", "Inbox", "Inbox"]
    assert "Inbox/Projects" in server.boxes[ADA].folders


async def test_mails_that_lists_tell_alike_are_told_apart_by_their_headers(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    mails = {
        folder: server.add(ADA, folder, HEADER.format(number))
        for number, folder in enumerate(("Inbox", "Junk Email", "Drafts"))
    }
    copies = await found(system)
    outcomes = await system.contain(copies)
    now = [
        replace(copy, reference=outcome.reference or "")
        for copy, outcome in zip(copies, outcomes, strict=True)
    ]
    await system.restore([Return(copy=copy) for copy in now])
    assert {folder: mail.folder for folder, mail in mails.items()} == {
        folder: folder for folder in mails
    }


async def test_a_move_whose_answer_is_lost_is_looked_for(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    server.add(ADA, "Inbox", HEADER.format(1))
    [copy] = await found(system)
    assert await system.locate([copy], towards=Place.ASIDE) == [
        Location(place=Place.HOME, reference=copy.reference)
    ]
    server.lose_answer_of = "mail/move-messages"
    [outcome] = await system.contain([copy])
    assert outcome.is_unknown
    [location] = await system.locate([copy], towards=Place.ASIDE)
    assert location.place is Place.ASIDE
    moved = replace(copy, reference=location.reference or "")
    assert (await system.content(moved)).startswith(b"From: Eve")
    server.boxes[ADA].mails.clear()
    assert await system.locate([copy], towards=Place.ASIDE) == [
        Location(place=Place.NOWHERE)
    ]


async def test_one_refusal_stops_no_other_account(
    server: ScriptedSmarterMail, system: SmarterMailSystem
) -> None:
    for account in (ADA, BOB):
        server.add(account, "Inbox", HEADER.format(1))
    copies = await found(system)
    server.before.append(
        lambda p: no(200, "DISK") if p == "mail/move-messages" else None
    )
    outcomes = await system.contain(copies)
    assert [each.reason for each in outcomes] == ["DISK (HTTP status 200)", None]
    assert not outcomes[0].is_unknown


@pytest.mark.parametrize(
    "options", [{"folder": "a/b"}, {"creation-dates": "maybe"}, {"concurrency": "99"}]
)
async def test_options_that_mean_nothing_are_refused(
    server: ScriptedSmarterMail, options: dict[str, str]
) -> None:
    with pytest.raises(Invalid):
        async with connected(server, **options):
            pass
