"""Accounts over our own API."""

from collections.abc import Callable

import pytest

from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.native.house import Options
from postwarden.model.actors import Actor
from postwarden.model.permissions import EVERYTHING
from postwarden.services.ports import UnitOfWork
from tests.support.api import Client
from tests.support.factories import mail_domain
from tests.support.houses import Actors

ADA = "/accounts/ada@example.org"


@pytest.fixture(autouse=True)
async def _domains(store: MemoryStore) -> None:
    for name in ("example.net", "example.org"):
        await store.transact(_host, name)


def _host(uow: UnitOfWork, name: str) -> None:
    uow.domains.add(mail_domain(name))


@pytest.fixture(autouse=True)
async def _accounts(_domains: None, api: Client) -> None:
    for name in ("ada", "bob", "eve"):
        address = f"{name}@example.org"
        answered = await api("POST", "/accounts", body={"address": address})
        assert answered.status == 201


async def test_an_account_is_found_by_address_and_by_id(api: Client) -> None:
    by_address = await api.get(ADA)
    assert by_address.json["address"] == "ada@example.org"
    assert by_address.json["mailboxes"][0]["mailbox"] == "INBOX"
    by_id = await api.get(f"/accounts/{by_address.json['id']}")
    assert by_id.json == by_address.json


async def test_a_page_leads_to_the_next_until_the_last(api: Client) -> None:
    first = await api.get("/accounts", limit=2, total="true")
    assert [each["address"] for each in first.json["items"]] == [
        "ada@example.org",
        "bob@example.org",
    ]
    assert first.json["total"] == 3
    assert first.headers["link"].endswith('rel="next"')
    last = await api.get("/accounts", limit=2, cursor=first.json["next"])
    assert [each["address"] for each in last.json["items"]] == ["eve@example.org"]
    assert last.json["next"] is None
    assert "link" not in last.headers


async def test_a_cursor_of_another_question_is_refused(api: Client) -> None:
    first = await api.get("/accounts", limit=1)
    answered = await api.get(
        "/accounts", domain="example.org", cursor=first.json["next"]
    )
    assert (answered.status, answered.json["field"]) == (400, "cursor")


async def test_whoever_accepts_json_lines_gets_all_of_a_list(api: Client) -> None:
    answered = await api("GET", "/accounts", headers={"accept": "application/jsonl"})
    assert answered.headers["content-type"] == "application/jsonl"
    assert len(answered.rows) == 3


async def test_a_dry_run_tells_the_difference_and_makes_none(api: Client) -> None:
    before = (await api.get(ADA)).json
    answered = await api("PATCH", ADA, query="dry_run=true", body={"name": "Ada"})
    assert answered.json == {
        "dry_run": True,
        "changes": [
            {
                "action": "account.change",
                "object": "account ada@example.org",
                "before": {"name": ""},
                "after": {"name": "Ada"},
            }
        ],
    }
    assert (await api.get(ADA)).json == before


async def test_a_change_of_what_has_changed_since_is_refused(api: Client) -> None:
    tag = (await api.get(ADA)).headers["etag"]
    changed = await api(
        "PATCH", ADA, body={"name": "Ada"}, headers={"if-match": f'"x", {tag}'}
    )
    assert changed.status == 200
    assert changed.headers["etag"] != tag
    assert changed.headers["etag"] == (await api.get(ADA)).headers["etag"]
    stale = await api("PATCH", ADA, body={"name": "Eve"}, headers={"if-match": tag})
    assert (stale.status, stale.json["code"]) == (412, "precondition-failed")
    assert (await api.get(ADA)).json["name"] == "Ada"
    anything = await api("PATCH", ADA, body={"name": "A"}, headers={"if-match": "*"})
    assert anything.status == 200


async def test_a_store_may_ask_that_changes_say_of_what(
    client_of: Callable[..., Client],
) -> None:
    api = client_of(options=Options(require_if_match=True))
    answered = await api("PATCH", ADA, body={"name": "Ada"})
    assert (answered.status, answered.json["field"]) == (428, "if-match")


async def test_what_a_client_has_is_not_sent_again(api: Client) -> None:
    tag = (await api.get(ADA)).headers["etag"]
    answered = await api("GET", ADA, headers={"if-none-match": tag})
    assert (answered.status, answered.body) == (304, b"")


async def test_what_is_not_the_actor_s_looks_absent(
    client_of: Callable[..., Client], actors: Actors, api: Client
) -> None:
    actors.add(
        Actor(name="carol", permissions=EVERYTHING, domains=frozenset({"example.net"}))
    )
    number = (await api.get(ADA)).json["id"]
    carol = client_of("carol")
    for foreign, absent in [
        (ADA, "/accounts/nobody@example.org"),
        (f"/accounts/{number}", f"/accounts/{number + 1000}"),
    ]:
        answers = [await carol.get(path) for path in (foreign, absent)]
        assert [each.status for each in answers] == [404, 404]
    assert (await carol.get("/accounts", total="true")).json == {
        "items": [],
        "next": None,
        "total": 0,
        "is_exact": True,
    }


async def test_of_many_each_has_a_status_of_its_own(api: Client) -> None:
    names = ["mia@example.org", "ada@example.org", "mia@nowhere.example"]
    wanted = [{"address": name} for name in names]
    answered = await api("POST", "/accounts/bulk", body={"accounts": wanted})
    assert answered.status == 207
    assert (answered.json["created"], answered.json["failed"]) == (1, 2)
    items = answered.json["items"]
    assert [each["status"] for each in items] == [201, 409, 404]
    assert [(each["error"] or {}).get("code") for each in items] == [
        None,
        "already-exists",
        "not-found",
    ]
    assert (await api.get("/accounts/mia@example.org")).status == 200


async def test_of_many_a_dry_run_tells_what_would_become_of_each(api: Client) -> None:
    wanted = [
        {"address": "mia@example.org"},
        {"address": "no address"},
        {"address": "leo@example.org", "password_hash": "no hash"},
        {"address": "kim@example.org", "password": "a", "password_hash": "hash of a"},
        {"address": "pia@example.org", "password_hash": "hash of a"},
    ]
    answered = await api(
        "POST", "/accounts/bulk", query="dry_run=true", body={"accounts": wanted}
    )
    assert answered.status == 200
    assert [each["object"] for each in answered.json["changes"]] == [
        "account mia@example.org",
        "account pia@example.org",
    ]
    items = answered.json["items"]
    assert [each["status"] for each in items] == [201, 422, 422, 422, 201]
    assert items[2]["error"]["field"] == items[3]["error"]["field"] == "password_hash"
    assert (await api.get("/accounts/mia@example.org")).status == 404
