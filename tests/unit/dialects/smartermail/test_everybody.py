"""Without authentication: programs on this machine act as the operator."""

from dataclasses import replace

import pytest

from postwarden.dialects.kit.everybody import Everybody
from postwarden.dialects.smartermail import app
from postwarden.dialects.smartermail.house import DIALECT, PREFIX, House
from tests.support.api import Client
from tests.support.houses import PlainPasswords, PlainSealer
from tests.unit.dialects.smartermail.conftest import ADA, ORG, Town, said

HEADERS = {"X-SmarterMailDomain": ORG, "X-SmarterMailUser": ADA}


@pytest.fixture
def open_house(town: Town) -> Client:
    house = House(
        store=town.store,
        blobs=town.blobs,
        passwords=PlainPasswords(),
        sealer=PlainSealer(),
        everybody=Everybody(DIALECT),
    )
    return Client(app.build(house), PREFIX)


async def test_a_program_that_logs_in_all_the_same_is_let_in(
    open_house: Client,
) -> None:
    body = {"username": "whoever", "password": "whatever"}
    begun = (await open_house("POST", "/auth/authenticate-user", body=body)).json
    assert begun["isAdmin"]
    renewed = await open_house(
        "POST", "/auth/refresh-token", body={"token": begun["refreshToken"]}
    )
    headers = {"Authorization": f"Bearer {renewed.json['accessToken']}"}
    names = await open_house("GET", "/settings/sysadmin/domain-names", headers=headers)
    assert len(names.json["domainNames"]) == 2
    assert (await open_house("POST", "/auth/logout", headers=headers)).status == 200


async def test_headers_say_for_whom(town: Town, open_house: Client) -> None:
    listed = await open_house("GET", "/folders/list-email-folders", headers=HEADERS)
    assert listed.status == 200
    last = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
    assert (last.action, last.actor, last.on_behalf_of, last.dialect) == (
        *("account.log-in-as", "operator", ADA, "smartermail"),
    )
    assert said(await open_house("GET", "/settings/domain/data")) == (
        *(400, "DOMAIN_REQUIRED"),
    )


async def test_tokens_to_act_with_are_not_lent(open_house: Client) -> None:
    for path in (
        "/settings/domain/impersonate-user",
        f"/settings/sysadmin/manage-domain/{ORG}",
    ):
        refused = await open_house("POST", path, body={"email": ADA}, headers=HEADERS)
        assert said(refused) == (400, "NOT_OFFERED")


@pytest.mark.parametrize(
    "headers", [{"host": "mail.example.org"}, {"origin": "https://evil.example"}]
)
async def test_pages_of_browsers_are_nobody(
    open_house: Client, headers: dict[str, str]
) -> None:
    for method, path in (
        ("GET", "/settings/sysadmin/domain-names"),
        ("POST", "/auth/authenticate-user"),
    ):
        asked = {"username": "x", "password": "y"}
        refused = await replace(open_house)(method, path, body=asked, headers=headers)
        assert said(refused) == (403, "PERMISSION_DENIED")
