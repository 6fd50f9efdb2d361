"""Which systems are driven, and who may say so."""

from typing import Any

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
)
from postwarden.model.permissions import EVERYTHING
from postwarden.model.systems import System, SystemKind
from postwarden.services import audit
from postwarden.services.ports import Store
from postwarden.services.systems import registry

URL = "https://ex.example.org/EWS/Exchange.asmx"
NARROW = Actor(name="nora", permissions=EVERYTHING, domains=frozenset({"example.org"}))


async def added(store: Store, name: str = "exchange", **changes: Any) -> System:
    given = {"kind": SystemKind.EWS, "url": URL, **changes}
    kind, url = given.pop("kind"), given.pop("url")
    return await store.transact(registry.add, OPERATOR, name, kind, url, **given)


async def audited(store: Store) -> list[tuple[str, str]]:
    entries = await store.read(audit.page, OPERATOR, limit=99)
    return [(entry.action, entry.object) for entry in entries]


async def test_what_is_done_to_a_system_is_audited_without_its_secret(
    store: Store,
) -> None:
    await added(store, user="svc", secret=b"sealed-once")
    await store.transact(registry.change, OPERATOR, "exchange", secret=b"sealed-twice")
    await store.transact(registry.begin_check, OPERATOR, "exchange")
    await store.transact(registry.remove, OPERATOR, "exchange")
    assert await audited(store) == [
        (f"system.{verb}", "system exchange")
        for verb in ("add", "change", "check", "remove")
    ]
    assert "sealed" not in str(await store.read(audit.page, OPERATOR, limit=99))


@pytest.mark.parametrize(
    "url",
    [
        *("", "mail.example.org", "ftp://mail.example.org", "https://"),
        *("http://mail.example.org/EWS", "https://u:p@mail.example.org/"),
        *("https://mail.example.org/?a=b", "https://mail.example.org/#a"),
        *("https://mail.example.org:99999/", "https://m\u00e4il.example.org/"),
        "https://mail.example.org/" + "a" * 2048,
    ],
)
async def test_a_url_that_could_give_a_login_away_is_refused(
    store: Store, url: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await added(store, url=url)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:99", "127.0.0.53", "[::1]:99", "localhost", "LOCALHOST"]
)
async def test_plain_http_goes_to_this_machine(store: Store, host: str) -> None:
    made = await added(store, url=f"http://{host}/e/")
    assert made.url == f"http://{host}/e"


@pytest.mark.parametrize(
    "name", ["", "local", "all", "Exchange", "a b", "-a", "a" * 64]
)
async def test_a_name_is_one_plain_word(store: Store, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await added(store, name)
    assert refused.value.field == "name"


async def test_an_option_that_the_kind_has_not_is_named(store: Store) -> None:
    with pytest.raises(Invalid, match="concurrency, folder, impersonation") as refused:
        await added(store, options={"speed": "9"})
    assert refused.value.field == "speed"


async def test_options_that_are_not_named_stay(store: Store) -> None:
    await added(store, options={"concurrency": "2", "folder": "Cases"})
    changed = await store.transact(
        registry.change, OPERATOR, "exchange", options={"concurrency": "3"}
    )
    assert changed.options == {"concurrency": "3", "folder": "Cases"}


async def test_a_secret_does_not_follow_to_another_url(store: Store) -> None:
    await added(store, secret=b"sealed")
    elsewhere = "https://evil.example/EWS"
    with pytest.raises(Invalid, match="takes the secret again"):
        await store.transact(registry.change, OPERATOR, "exchange", url=elsewhere)
    moved = await store.transact(
        registry.change, OPERATOR, "exchange", url=elsewhere, secret=b"other"
    )
    assert (moved.url, moved.secret) == (elsewhere, b"other")


async def test_who_manages_some_domains_drives_no_system(store: Store) -> None:
    await added(store)
    for act in (registry.get, registry.remove, registry.begin_check):
        with pytest.raises(Forbidden):
            await store.transact(act, NARROW, "exchange")
    with pytest.raises(Forbidden):
        await store.read(registry.all_of, NARROW)
    with pytest.raises(Forbidden):
        await store.transact(registry.add, NARROW, "mine", SystemKind.EWS, URL)


async def test_there_are_only_so_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MAX_SYSTEMS", 2)
    for name in ("a", "b"):
        await added(store, name)
    with pytest.raises(LimitExceeded):
        await added(store, "c")


async def test_a_name_is_taken_once_and_an_unknown_one_is_not_found(
    store: Store,
) -> None:
    await added(store)
    with pytest.raises(AlreadyExists):
        await added(store)
    with pytest.raises(NotFound):
        await store.read(registry.get, OPERATOR, "other")


async def test_a_secret_does_not_follow_to_another_issuer_of_tokens(
    store: Store,
) -> None:
    await added(store, secret=b"sealed")
    options = {"token-url": "https://evil.example/token"}
    with pytest.raises(Invalid, match="takes the secret again"):
        await store.transact(registry.change, OPERATOR, "exchange", options=options)
    change: Any = {"options": options, "secret": b"other"}
    moved = await store.transact(registry.change, OPERATOR, "exchange", **change)
    assert moved.options == options
