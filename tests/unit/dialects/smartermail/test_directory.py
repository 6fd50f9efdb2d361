"""Users, aliases, mailing lists and domains: shown, made, changed, removed."""

from typing import Any

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.addresses import Address
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.unit.dialects.smartermail.conftest import ADA, CAROL, NET, ORG, Town, said
from tests.unit.services.world import at

DOMAIN = "/settings/domain"
SYSTEM = "/settings/sysadmin"


@pytest.fixture
async def carol(town: Town) -> Client:
    return await town.as_(CAROL, domain=ORG)


@pytest.fixture
async def root(town: Town) -> Client:
    return await town.as_()


async def _post(client: Client, path: str, **body: Any) -> Answered:
    return await client("POST", path, body=body)


async def _last(town: Town) -> tuple[str, str, str]:
    entry = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
    return entry.actor, entry.dialect, entry.action


async def test_a_user_is_made_changed_renamed_and_removed(
    town: Town, carol: Client
) -> None:
    given = {"userName": "eve", "password": "secret", "fullName": "Eve", "x": 1}
    put = await _post(carol, f"{DOMAIN}/user-put", userData=given)
    assert put.json == {
        "success": True,
        "resultCode": 200,
        "message": "",
        "debugInfo": "",
    }
    assert await _last(town) == (CAROL, "smartermail", "account.create")
    shown = (await _post(carol, f"{DOMAIN}/get-user", email="eve")).json["userData"]
    assert (shown["userName"], shown["fullName"]) == ("eve", "Eve")
    changed = {"userName": "eva", "maxMailboxSize": "2048", "fullName": None}
    flags = {"userData": changed, "userMailSettings": {"isEnabled": False}}
    assert (
        await _post(carol, f"{DOMAIN}/post-user", email="eve", **flags)
    ).status == 200
    shown = (await carol.get(f"{DOMAIN}/user/eva@{ORG}")).json["userData"]
    assert (shown["fullName"], shown["maxMailboxSize"]) == ("Eve", 2048)
    assert shown["securityFlags"]["isDisabled"]
    mail = (await _post(carol, f"{DOMAIN}/get-user-mail", email="eva")).json
    assert mail["userMailSettings"]["canReceiveMail"] is False
    assert (await _post(carol, f"{DOMAIN}/users-delete", input=["eva"])).status == 200
    gone = await _post(carol, f"{DOMAIN}/get-user", email="eva")
    assert said(gone) == (404, "ERRORS.USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ({"userName": "ada"}, (409, "USER_ADD_ERROR_NAME_IN_USE")),
        ({"userName": "a b"}, (400, "USER_ADD_ERROR_INVALID_NAME")),
        ({"userName": f"x@{NET}"}, (404, "ERRORS.USER_NOT_FOUND")),
        (
            {"userName": "x", "securityFlags": {"isDomainAdmin": True}},
            (400, "NOT_OFFERED"),
        ),
    ],
)
async def test_a_user_that_cannot_be(
    carol: Client, user: dict[str, object], code: tuple[int, str]
) -> None:
    assert said(await _post(carol, f"{DOMAIN}/user-put", userData=user)) == code


async def test_several_are_removed_or_none(town: Town, carol: Client) -> None:
    def left(uow: UnitOfWork) -> list[bool]:
        names = ("ada", "sales", "team", "news")
        return [uow.directory.find(at(name)) is not None for name in names]

    path = f"{DOMAIN}/account-list-delete"
    refused = await _post(carol, path, input=["ada", "nobody", "sales"])
    assert refused.status == 404
    assert await town.store.read(left) == [True] * 4
    assert (await _post(carol, path, input=["ada", "sales", "team"])).status == 200
    assert await town.store.read(left) == [False, False, False, True]


async def test_users_are_kept_out_and_let_in(
    town: Town, carol: Client, root: Client
) -> None:
    async def state() -> AccountState:
        def look(uow: UnitOfWork) -> AccountState:
            [number] = uow.accounts.known_as([Address.parse(ADA).key]).popitem()[1]
            return uow.accounts.get(number).state

        return await town.store.read(look)

    body = {"input": ["ada"]}
    assert (
        await _post(carol, f"{DOMAIN}/users-disable/true/false", **body)
    ).status == 200
    assert await state() is AccountState.DISABLED
    quick = (await _post(carol, f"{DOMAIN}/account-search-quick", search="ada")).json
    assert [each["status"] for each in quick["users"]] == ["Disabled"]
    assert (
        await _post(root, f"{SYSTEM}/users-disable/false/{ORG}", **body)
    ).status == 200
    assert await state() is AccountState.ACTIVE
    refused = await _post(carol, f"{DOMAIN}/users-disable/true/true", **body)
    assert said(refused) == (400, "NOT_OFFERED")
    assert (await _post(carol, f"{DOMAIN}/users-disable/yes/no", **body)).status == 400


async def test_users_are_listed_for_a_domain_and_by_text(root: Client) -> None:
    listed = (await root.get(f"{SYSTEM}/list-users/{NET}")).json
    names = [each["emailAddress"] for each in listed["userData"]]
    assert names == [f"ada@{NET}", f"bob@{NET}"]
    found = (await root.get(f"{SYSTEM}/search-users/{NET}/BOB")).json
    assert [each["userName"] for each in found["userData"]] == ["bob"]
    assert said(await root.get(f"{SYSTEM}/list-users/..")) == (404, "DOMAIN_NOT_FOUND")


async def test_an_alias_is_made_changed_and_removed(town: Town, carol: Client) -> None:
    alias: dict[str, Any] = {
        "name": "Help",
        "aliasTargetList": ["ada", "x@example.com"],
    }
    made = await _post(carol, f"{DOMAIN}/alias-put", alias=alias, oldName="")
    assert made.status == 200
    again = await _post(carol, f"{DOMAIN}/alias-put", alias=alias)
    assert said(again) == (409, "ALIAS_ADD_ERROR_NAME_IN_USE")
    alias |= {"aliasTargetList": ["bob"], "isEnabled": False}
    assert (
        await _post(carol, f"{DOMAIN}/alias", alias=alias, oldName="help")
    ).status == 200
    shown = (await carol.get(f"{DOMAIN}/alias/HELP")).json["alias"]
    assert (shown["name"], shown["aliasTargetList"], shown["isEnabled"]) == (
        *("Help", [f"bob@{ORG}"], False),
    )
    found = (await carol.get(f"{DOMAIN}/aliases/hel")).json
    assert [each["name"] for each in found["aliases"]] == ["Help"]
    assert (await carol.get(f"{DOMAIN}/aliases")).json["totalCount"] == 3
    for refused in ({"internalOnly": True}, {"includeAllDomainUsers": True}):
        answered = await _post(carol, f"{DOMAIN}/alias", alias={**alias, **refused})
        assert said(answered) == (400, "NOT_OFFERED")
    taken = await _post(
        carol, f"{DOMAIN}/alias", alias={**alias, "name": "sales"}, oldName="help"
    )
    assert said(taken) == (409, "ALIAS_ADD_ERROR_NAME_IN_USE")
    renamed = await _post(
        carol, f"{DOMAIN}/alias", alias={**alias, "name": "aid"}, oldName="help"
    )
    assert renamed.status == 200
    shown = (await carol.get(f"{DOMAIN}/alias/aid")).json["alias"]
    assert (shown["aliasTargetList"], shown["isEnabled"]) == ([f"bob@{ORG}"], False)
    assert (await carol("POST", f"{DOMAIN}/alias-delete/aid")).status == 200
    assert said(await carol.get(f"{DOMAIN}/alias/help")) == (404, "ALIAS_NOT_FOUND")
    assert said(await carol.get(f"{DOMAIN}/alias/ada")) == (404, "ALIAS_NOT_FOUND")


async def test_a_mailing_list_is_shown_and_switched_off(carol: Client) -> None:
    listed = (await carol.get(f"{DOMAIN}/mailing-lists/list")).json["items"]
    path = f"{DOMAIN}/mailing-lists/{listed[0]['id']}"
    item = (await carol.get(f"{path}/settings")).json["item"]
    assert item == listed[0]
    off = (await _post(carol, f"{path}/settings", **{**item, "disabled": True})).json
    assert (off["item"]["disabled"], off["item"]["status"]) == (True, 2)
    assert (await carol.get(f"{path}/counts")).json["listSubscribers"] == 2
    found = (await _post(carol, f"{path}/subscriber-search", search="EXAMPLE.com")).json
    assert [each["emailAddress"] for each in found["results"]] == ["x@example.com"]
    for nobody in ("posters", "banned"):
        answered = await _post(carol, f"{path}/{nobody}-search")
        assert answered.json["totalCount"] == 0
    named = (await _post(carol, f"{path}/settings", listAddress="press")).json["item"]
    assert (named["listAddress"], named["disabled"], named["id"]) == (
        *("press", True, item["id"]),
    )
    absent = await carol.get(f"{DOMAIN}/mailing-lists/999/counts")
    assert said(absent) == (404, "MAILING_LIST_NOT_FOUND")


async def test_a_mailing_list_is_made_for_its_moderator(
    town: Town, carol: Client
) -> None:
    path = f"{DOMAIN}/mailing-lists/add"
    given = {"listAddress": "Staff", "moderatorAddress": "bob", "disabled": True}
    item = (await _post(carol, path, **given)).json["item"]
    assert (item["listAddress"], item["status"], item["listSubscriberCount"]) == (
        *("Staff", 2, 1),
    )
    assert await _last(town) == (CAROL, "smartermail", "list.change")
    again = await _post(carol, path, **given)
    assert said(again) == (409, "NAME_IN_USE")
    without = await _post(carol, path, listAddress="nobody")
    assert said(without) == (400, "MODERATOR_REQUIRED")
    foreign = await _post(carol, path, **given, listaddress=f"x@{NET}")
    assert said(foreign) == (404, "MAILING_LIST_NOT_FOUND")


async def test_a_domain_is_made_with_its_administrator_and_removed(
    town: Town, root: Client
) -> None:
    body = {"domainData": {"name": "New.example", "userLimit": 5}}
    admin = {"adminUsername": "Boss", "adminPassword": "correct horse battery"}
    made = await _post(root, f"{SYSTEM}/domain-put", **body, **admin)
    assert made.status == 200
    again = await _post(root, f"{SYSTEM}/domain-put", **body)
    assert said(again) == (409, "DOMAIN_ADD_ERROR_NAME_IN_USE")
    odd = await _post(root, f"{SYSTEM}/domain-put", domainData={"name": "-"})
    assert said(odd) == (400, "DOMAIN_ADD_ERROR_INVALID_NAME")
    boss = (await town.log_in("boss@new.example")).json
    assert (boss["isAdmin"], boss["isDomainAdmin"]) == (False, True)
    own = town.bearing(boss["accessToken"])
    data = (await own.get(f"{DOMAIN}/data")).json["domainData"]
    assert (data["name"], data["userCount"], data["userLimit"]) == ("new.example", 1, 0)
    settings = (await own.get(f"{DOMAIN}/domain")).json["domainSettings"]
    assert settings == data
    full = await root("POST", f"{SYSTEM}/domain-delete/new.example/true")
    assert said(full) == (409, "REFUSED")
    await _post(own, f"{DOMAIN}/users-delete", input=["boss"])
    gone = await root("POST", f"{SYSTEM}/domain-delete/new.example/true")
    assert gone.status == 200
    absent = await root.get(f"{SYSTEM}/domain/new.example")
    assert said(absent) == (404, "DOMAIN_NOT_FOUND")
    names = (await root.get(f"{SYSTEM}/domain-names")).json["domainNames"]
    assert names == [NET, ORG]
    assert (await root.get(f"{SYSTEM}/domains")).json["totalCount"] == 2


async def test_other_names_of_a_domain(town: Town, carol: Client) -> None:
    root = await town.as_(domain=ORG)
    name = {"name": "Other.example"}
    assert (
        await _post(root, f"{DOMAIN}/domain-alias-put", domainAliasData=name)
    ).status == 200
    listed = (await carol.get(f"{DOMAIN}/domain-aliases")).json
    assert listed["domainAliasData"] == [{"name": "other.example"}]
    foreign = await town.as_(domain=NET)
    path = f"{DOMAIN}/domain-alias-delete/other.example"
    assert said(await foreign("POST", path)) == (404, "DOMAIN_ALIAS_NOT_FOUND")
    assert (await root("POST", path)).status == 200
