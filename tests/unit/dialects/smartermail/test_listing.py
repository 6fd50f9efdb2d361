"""Domains, accounts and mailing lists, as clients page through them."""

from typing import Any

import pytest

from postwarden.dialects.smartermail import listing
from postwarden.model.actors import OPERATOR
from postwarden.services import accounts
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import UnitOfWork
from tests.unit.dialects.smartermail.conftest import CAROL, ORG, ROOT, Town, said
from tests.unit.services.world import at

ACCOUNTS = "/settings/domain/account-list-search"
MANDATORY = {
    *("id", "status", "listSubscriberCount", "digestSubscriberCount", "posterCount"),
    *("bannedUserCount", "listAddress", "moderatorAddress", "postingPermissions"),
    "disabled",
}


async def _names(town: Town, **body: Any) -> tuple[list[str], int]:
    root = await town.as_(ROOT, domain=ORG)
    found = (await root("POST", ACCOUNTS, body=body)).json
    assert found["success"]
    return [row["userName"] for row in found["results"]], found["totalCount"]


async def test_domains_are_listed_by_name(town: Town) -> None:
    root = await town.as_()
    path = "/settings/sysadmin/domain-list-search"
    found = (await root("POST", path, body={"search": None})).json
    names = [row["name"] for row in found["results"]]
    assert (names, found["totalCount"]) == (["example.net", "example.org"], 2)
    body = {"take": 1, "sortDescending": True, "sortField": "domainName"}
    found = (await root("POST", path, body=body)).json
    assert ([row["name"] for row in found["results"]], found["totalCount"]) == (
        ["example.org"],
        2,
    )
    carol = await town.as_(CAROL)
    assert said(await carol("POST", path, body={})) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ([], ["ada", "bob", "news", "sales", "team"]),
        (["users", "aliases"], ["ada", "bob", "sales", "team"]),
        (["Users"], ["ada", "bob"]),
        (["aliases", "whatever"], ["sales", "team"]),
        (["mailingLists"], ["news"]),
    ],
)
async def test_flags_say_what_is_listed(
    town: Town, flags: list[str], names: list[str]
) -> None:
    assert await _names(town, searchFlags=flags) == (names, len(names))


async def test_pages_are_cut_from_one_order(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_CHUNK", 2)
    whole = ["ada", "bob", "news", "sales", "team"]
    for skip in range(7):
        for take in range(7):
            for more in ({}, {"search": ""}, {"sortfield": "userName"}):
                cut = whole[skip : skip + take]
                assert await _names(town, skip=skip, take=take, **more) == (cut, 5)
    found = await _names(town, skip=1, take=1, search="A")
    assert found == (["sales"], 3)


async def test_other_orders_and_searches(town: Town) -> None:
    assert await _names(town, sortDescending=True, take="2") == (["team", "sales"], 5)
    named = await _names(town, sortField="displayName", searchFlags=["users"])
    assert named == (["ada", "bob"], 2)
    used = await _names(town, sortField="bytesAllowed", sortDescending=True, take=2)
    assert set(used[0]) == {"ada", "bob"}
    assert await _names(town, search="BOB l") == (["bob"], 1)
    assert await _names(town, sortField="no such field") == await _names(town)


async def test_too_much_to_sort_is_refused(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_SORTED", 4)
    root = await town.as_(ROOT, domain=ORG)
    refused = await root("POST", ACCOUNTS, body={"sortField": "bytesUsed"})
    assert said(refused) == (400, "TOO_MANY_RESULTS")


async def test_what_a_row_has(town: Town) -> None:
    root = await town.as_(ROOT, domain=ORG)
    rows = (await root("POST", ACCOUNTS, body={})).json["results"]
    ada, _, news, sales, _ = rows
    assert (ada["accountType"], ada["status"], ada["displayName"]) == (1, 1, "Ada L.")
    assert (ada["bytesUsed"], ada["bytesAllowed"], ada["bytesUsedPercent"]) == (
        *(0, 100_000, 0.0),
    )
    assert (ada["isEasEnabled"], sales["isEasEnabled"]) == (False, None)
    assert ada["lastLoginTime"] is None
    assert (sales["accountType"], news["accountType"]) == (4, 5)
    assert (sales["aliasTargetCount"], sales["aliasInternalOnly"]) == (2, False)
    assert "showInGAL" in ada


async def test_mailing_lists_have_every_field_that_scripts_look_for(town: Town) -> None:
    carol = await town.as_(CAROL)
    found = (await carol.get("/settings/domain/mailing-lists/list/")).json
    [news] = found["items"]
    assert news.keys() >= MANDATORY
    assert (news["listAddress"], news["listSubscriberCount"]) == ("news", 2)


async def test_a_long_list_is_whole(town: Town) -> None:
    def many(uow: UnitOfWork) -> None:
        for number in range(1200):
            address = at(f"user{number:04}")
            accounts.create(uow, OPERATOR, NewAccount(address=address))

    await town.store.transact(many)
    names, total = await _names(town, take=99999, searchFlags=["users"])
    assert (len(names), total) == (1202, 1202)
    assert await _names(town, skip=1201, searchFlags=["users"]) == (["user1199"], 1202)
