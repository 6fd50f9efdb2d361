"""Searching many mailboxes: what is counted and shown, and to whom."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.services import accounts
from postwarden.services.accounts import NewAccount
from tests.support.ews import EwsClient, Said
from tests.support.factories import ADA, BOB
from tests.support.houses import Actors
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_writing import found_in, named

MAIL = b"From: eve@example.net\r\nSubject: %s\r\n\r\nHello\r\n"


@pytest.fixture
async def operator(actors: Actors, own: EwsClient, house: House) -> EwsClient:
    actors.add(replace(OPERATOR, dialect="ews"))
    new = NewAccount(address=BOB, name="Bob Builder")
    await house.store.transact(accounts.create, OPERATOR, new)
    return EwsClient(own.app)


def mailboxes(text: str = "") -> str:
    return (
        f"<m:GetSearchableMailboxes><m:SearchFilter>{text}</m:SearchFilter>"
        "<m:ExpandGroupMembership>false</m:ExpandGroupMembership>"
        "</m:GetSearchableMailboxes>"
    )


def search(query: str, *scopes: str, kind: str = "PreviewOnly", more: str = "") -> str:
    inside = "".join(
        f"<t:MailboxSearchScope><t:Mailbox>{each}</t:Mailbox>"
        "<t:SearchScope>All</t:SearchScope></t:MailboxSearchScope>"
        for each in scopes
    )
    return (
        "<m:SearchMailboxes><m:SearchQueries><t:MailboxQuery>"
        f"<t:Query>{query}</t:Query>"
        f"<t:MailboxSearchScopes>{inside}</t:MailboxSearchScopes>"
        "</t:MailboxQuery></m:SearchQueries>"
        f"<m:ResultType>{kind}</m:ResultType>{more}</m:SearchMailboxes>"
    )


def subjects(said: Said) -> list[str]:
    return said.texts("t:Subject")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [ADA, BOB]),
        ("*", [ADA, BOB]),
        ("builder", [BOB]),
        ("ADA@", [ADA]),
        (str(BOB), [BOB]),
        (f"*{BOB}*", [BOB]),
        ("nobody", []),
    ],
)
async def test_the_mailboxes_that_may_be_searched(
    operator: EwsClient, text: str, found: list[object]
) -> None:
    said = await operator(mailboxes(text))
    assert said.codes == ["NoError"]
    assert said.texts("t:PrimarySmtpAddress") == [str(each) for each in found]
    assert said.texts("t:ReferenceId") == [str(each) for each in found]


async def test_what_is_found_is_counted_and_shown(
    operator: EwsClient, own: EwsClient, put: Put
) -> None:
    for name in (b"one", b"two", b"three"):
        await put(MAIL % name)
    [item, *_] = await found_in(own)
    await own(f'<m:DeleteItem DeleteType="SoftDelete">{named(item)}</m:DeleteItem>')

    said = await operator(search("from:eve@example.net", str(ADA), str(BOB)))

    assert said.codes == ["NoError"]
    assert subjects(said) == ["three", "two", "one"]
    assert said.texts("t:ItemCount") == ["3", "3", "0"]
    [size] = [each.text for each in said.every("m:SearchMailboxesResult/t:Size")]
    assert int(size or 0) == sum(len(MAIL % n) for n in (b"one", b"two", b"three"))
    shown = [each.attrib["Id"] for each in said.every("t:SearchPreviewItem/t:Id")]
    asked = await operator(
        "<m:GetItem><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
        f"{named(*shown)}</m:GetItem>"
    )
    assert subjects(asked) == ["three", "two", "one"]


async def test_statistics_show_no_items(operator: EwsClient, put: Put) -> None:
    await put(MAIL % b"one")
    said = await operator(search("", str(ADA), kind="StatisticsOnly"))
    assert said.texts("t:ItemCount") == ["1", "1"]
    assert subjects(said) == []


async def test_pages_go_on_and_back(operator: EwsClient, put: Put) -> None:
    for name in (b"1", b"2", b"3", b"4", b"5"):
        await put(MAIL % name)

    async def page(after: str = "", direction: str = "Next") -> Said:
        more = "<m:PageSize>2</m:PageSize>"
        if after:
            more += f"<m:PageItemReference>{after}</m:PageItemReference>"
        more += f"<m:PageDirection>{direction}</m:PageDirection>"
        return await operator(search("", str(ADA), more=more))

    first = await page()
    second = await page(first.texts("t:SortValue")[-1])
    third = await page(second.texts("t:SortValue")[-1])
    assert [subjects(each) for each in (first, second, third)] == [
        *(["5", "4"], ["3", "2"], ["1"]),
    ]
    back = await page(third.texts("t:SortValue")[0], "Previous")
    assert subjects(back) == ["3", "2"]


async def test_a_mailbox_that_is_not_there_fails_alone(
    operator: EwsClient, put: Put
) -> None:
    await put(MAIL % b"one")
    said = await operator(search("", str(ADA), "nobody@example.org", "no address"))
    assert subjects(said) == ["one"]
    failed = [e.text for e in said.every("t:FailedMailbox/t:Mailbox")]
    assert failed == ["nobody@example.org", "no address"]


async def test_other_domains_are_not_searched(
    operator: EwsClient, actors: Actors, put: Put
) -> None:
    await put(MAIL % b"one")
    actors.add(
        replace(OPERATOR, name="far", dialect="ews", domains=frozenset({"example.com"}))
    )
    far = EwsClient(operator.app, "Bearer far")
    assert (await far(mailboxes())).texts("t:Guid") == []
    said = await far(search("", str(ADA)))
    assert said.texts("t:ItemCount") == ["0"]
    assert [e.text for e in said.every("t:FailedMailbox/t:Mailbox")] == [str(ADA)]


async def test_owners_search_no_mailboxes(own: EwsClient, owner: Actor) -> None:
    assert (await own(mailboxes())).fault == "ErrorAccessDenied"
    assert (await own(search("", owner.name))).codes == ["ErrorAccessDenied"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (search("", str(ADA), kind="Everything"), "ErrorSchemaValidation"),
        (
            search("", str(ADA), more="<m:PageSize>501</m:PageSize>"),
            "ErrorSchemaValidation",
        ),
        (
            search("", str(ADA), more="<m:PageDirection>Up</m:PageDirection>"),
            "ErrorSchemaValidation",
        ),
        (search("(", str(ADA)), "ErrorInvalidOperation"),
        (search(""), "ErrorSchemaValidation"),
    ],
)
async def test_what_is_no_search(operator: EwsClient, body: str, code: str) -> None:
    said = await operator(body)
    assert (said.codes or [said.fault])[0] == code
