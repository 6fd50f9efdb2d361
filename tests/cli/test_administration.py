"""Administrators, roles and keys from the shell, and everything else with a key."""

import asyncio
from contextlib import closing

import pyotp
import pytest

from postwarden.bootstrap import open_platform, places_of
from postwarden.model.errors import Unauthenticated
from postwarden.model.logins import Origin
from postwarden.services.logins import authentication
from postwarden.settings import Settings
from tests.support.command_line import CommandLine
from tests.support.passwords import CountingPasswords

ADA = "ada@example.org"


@pytest.fixture
def house(cli: CommandLine) -> CommandLine:
    """Two domains; carol may do everything, dan manages example.org."""
    for words in (
        ("domain", "create", "example.net"),
        ("account", "create", ADA),
        ("account", "create", "eve@example.net"),
        ("admin", "create", "carol", "--role", "global-admin"),
        ("admin", "create", "dan", "--role", "domain-admin", "--domain", "example.org"),
    ):
        assert cli(*words).status == 0
    return cli


def key(cli: CommandLine, actor: str, *options: str) -> str:
    made = cli("key", "create", "--actor", actor, *options, "--json")
    assert made.status == 0, made.err
    secret: str = made.json["secret"]
    return secret


def test_fields_are_those_promised(house: CommandLine) -> None:
    made = house("key", "create", "--actor", "dan", "--expires", "30d", "--json")
    assert list(made.json) == ["id", "actor", "secret", "expires"]
    assert (made.json["id"], made.json["actor"]) == (1, "dan")
    assert made.json["expires"].endswith("Z")
    (listed,) = house("key", "list", "--json").rows
    assert set(listed) == {
        *("id", "actor", "prefix", "state", "created_at", "created_by", "expires"),
        *("permissions", "networks", "revoked_at", "last_used_at"),
    }
    assert made.json["secret"].startswith(listed["prefix"])
    assert made.json["secret"] not in house("audit", "list", "--json").out
    shown = house("admin", "show", "Dan", "--json").json
    assert set(shown) == {
        *("admin", "role", "domains", "state", "created_at", "last_login_at"),
        *("password", "totp", "permissions"),
    }
    assert (shown["admin"], shown["domains"]) == ("dan", ["example.org"])
    role = house("role", "show", "auditor", "--json").json
    assert set(role) == {"role", "description", "permissions", "builtin"}


def test_with_a_key_one_is_its_actor_and_no_more(house: CommandLine) -> None:
    secret = key(house, "dan")
    rows = house("domain", "list", "--json", "--key", secret).rows
    assert [row["domain"] for row in rows] == ["example.org"]
    assert house("account", "show", ADA, "--key", secret).status == 0
    foreign = house("account", "show", "eve@example.net", "--key", secret, "--json")
    absent = house("account", "show", "eve@absent.example", "--key", secret, "--json")
    assert (foreign.status, absent.status) == (3, 3)
    assert foreign.err.replace("example.net", "X") == absent.err.replace(
        "absent.example", "X"
    )
    ran = house("domain", "create", "x.example", "--key", secret, "--json")
    assert (ran.status, ran.error["code"]) == (4, "forbidden")
    changed = house("account", "change", ADA, "--name", "Ada", "--key", secret)
    assert changed.status == 0
    entry = house("audit", "list", "--json").rows[-1]
    assert (entry["actor"], entry["action"]) == ("dan", "account.change")


def test_a_key_may_come_from_the_environment(
    house: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTWARDEN_KEY", key(house, "dan"))
    rows = house("account", "list", "--json").rows
    assert [row["address"] for row in rows] == [ADA]


def test_what_is_no_key_opens_nothing(house: CommandLine) -> None:
    secret = key(house, "dan", "--from", "192.0.2.0/24")
    revoked = key(house, "dan")
    assert house("key", "revoke", "2").status == 0
    refusals = {
        house("domain", "list", "--key", wrong, "--json").err
        for wrong in ("x", secret, revoked)
    }
    assert len(refusals) == 1
    ran = house("domain", "list", "--key", "x", "--json")
    assert (ran.status, ran.out, ran.error["code"]) == (4, "", "unauthenticated")


def test_a_narrowed_key_does_what_it_names(house: CommandLine) -> None:
    secret = key(house, "carol", "--allow", "mail.find", "--allow", "directory.read")
    assert house("find", "all", "--key", secret).status == 0
    assert house("domain", "list", "--key", secret).status == 0
    assert house("trace", "all", "--key", secret).status == 4
    assert house("account", "remove", ADA, "--key", secret).status == 4
    wrong = house("key", "create", "--actor", "carol", "--allow", "mail.fnd", "--json")
    assert (wrong.status, wrong.error["field"]) == (2, "allow")
    assert "mail.find" in wrong.error["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("quickstart", "new@example.org"),
        ("serve",),
        ("doctor",),
        ("store", "fsck"),
        ("backup", "verify", "nowhere"),
        ("restore", "--from", "nowhere"),
        ("bench",),
        ("demo",),
    ],
)
def test_what_is_done_on_the_machine_is_not_done_with_a_key(
    house: CommandLine, words: tuple[str, ...]
) -> None:
    ran = house(*words, "--key", key(house, "carol"), "--json")
    assert (ran.status, ran.error["code"]) == (4, "forbidden")


def test_a_key_makes_no_store(nowhere: CommandLine) -> None:
    for dry in ((), ("--dry-run",)):
        ran = nowhere("domain", "create", "example.org", *dry, "--key", "x")
        assert ran.status == 3
    assert not nowhere.data.exists()


def test_an_administrator_is_changed_and_removed(house: CommandLine) -> None:
    changed = house(
        *("admin", "change", "dan", "--domain", "example.net", "--json"),
        *("--domain", "example.org", "--state", "disabled"),
    )
    assert changed.json["domains"] == ["example.net", "example.org"]
    assert changed.json["state"] == "disabled"
    changed = house(
        "admin", "change", "dan", "--password-stdin", "--json", stdin=b"secret\n"
    )
    assert changed.json["password"] is True
    assert house("admin", "change", "dan").status == 2
    assert (
        house("admin", "change", "dan", "--everywhere", "--domain", "x.org").status == 2
    )
    assert house("admin", "remove", "dan", "--dry-run").status == 0
    assert house("admin", "remove", "dan").status == 0
    assert house("admin", "show", "dan").status == 3
    names = [row["admin"] for row in house("admin", "list", "--json").rows]
    assert names == ["carol"]


def test_the_last_global_admin_is_removed_by_the_operator_only(
    house: CommandLine,
) -> None:
    secret = key(house, "carol")
    ran = house("admin", "remove", "carol", "--key", secret, "--json")
    assert (ran.status, ran.error["code"]) == (5, "refused")
    assert house("admin", "remove", "carol").status == 0
    assert house("domain", "list", "--key", secret).status == 4


def test_a_role_of_one_s_own(house: CommandLine) -> None:
    made = house(
        *("role", "create", "helpdesk", "--allow", "account.password", "--json"),
        *("--allow", "directory.read", "--description", "Resets passwords"),
    )
    assert made.json["permissions"] == ["account.password", "directory.read"]
    house("admin", "create", "ann", "--role", "helpdesk", "--domain", "example.org")
    secret = key(house, "ann")
    ran = house(
        *("account", "change", ADA, "--password-stdin", "--key", secret),
        stdin=b"secret\n",
    )
    assert ran.status == 0
    assert house("account", "change", ADA, "--name", "x", "--key", secret).status == 4
    assert house("role", "remove", "helpdesk").status == 5
    assert house("role", "change", "auditor", "--description", "x").status == 5
    changed = house(
        *("role", "change", "helpdesk", "--allow", "directory.read", "--json")
    )
    assert changed.json["permissions"] == ["directory.read"]
    names = [row["role"] for row in house("role", "list", "--json").rows]
    assert names[:4] == ["approver", "auditor", "domain-admin", "global-admin"]
    house("admin", "remove", "ann")
    assert house("role", "remove", "helpdesk").status == 0


def test_a_dry_run_makes_no_key_and_shows_no_secret(house: CommandLine) -> None:
    ran = house("key", "create", "--actor", "dan", "--dry-run", "--json")
    assert ran.json["changes"][0]["action"] == "key.create"
    assert "secret" not in ran.out
    assert house("key", "list", "--json").rows == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("key", "create", "--actor", "nobody"), 3),
        (("key", "create", "--actor", "dan", "--expires", "0d"), 2),
        (("key", "create", "--actor", "dan", "--expires", "soon"), 2),
        (("key", "create", "--actor", "dan", "--from", "here"), 2),
        (("key", "create", "--actor", "dan", "--from", "192.0.2.7/24"), 2),
        (("key", "create", "--actor", "dan", "--allow", "case.run"), 2),
        (("key", "revoke", "99"), 3),
        (("admin", "create", "eve", "--role", "nobody"), 3),
        (("admin", "create", "eve", "--role", "domain-admin"), 2),
        (("admin", "create", "dan", "--role", "auditor"), 5),
        (("admin", "create", "operator", "--role", "auditor"), 2),
        (("role", "create", "x", "--allow", "everything"), 2),
        (("role", "create", "x"), 2),
        (("role", "show", "x"), 3),
    ],
)
def test_mistakes_say_what_is_wrong(
    house: CommandLine, words: tuple[str, ...], status: int
) -> None:
    ran = house(*words, "--json")
    assert ran.status == status
    assert ran.error["message"]


def test_a_login_link_is_shown_once_and_leads_to_our_address(
    house: CommandLine,
) -> None:
    made = house(
        *("admin", "link", "carol", "--json"),
        *("--set", "logins.origin=https://Mail.example.org/"),
    )
    assert set(made.json) == {"admin", "link", "expires"}
    url, _, token = made.json["link"].partition("?token=")
    assert url == "https://mail.example.org/postwarden/v1/login"
    assert len(token) >= 43
    assert token not in house("audit", "list", "--json").out
    assert house("admin", "link", "nobody").status == 3
    wrong = house("admin", "link", "carol", "--set", "logins.origin=mail", "--json")
    assert (wrong.status, wrong.error["field"]) == (2, "logins.origin")


def test_sessions_are_listed_and_ended(house: CommandLine) -> None:
    assert house("login", "sessions", "--json").rows == []
    assert house("login", "end", "1").status == 3


def test_codes_are_switched_on_and_off(house: CommandLine) -> None:
    proposed = house("admin", "totp", "carol", "--json").json
    assert set(proposed) == {"admin", "secret", "uri"}
    code = pyotp.TOTP(proposed["secret"]).now()
    words = ("admin", "totp", "carol", "--secret-stdin", "--code")
    secret = proposed["secret"].encode() + b"\n"
    assert house(*words, "000000", stdin=secret).status == 2
    done = house(*words, code, "--json", stdin=secret)
    assert len(done.json["recovery_codes"]) == 10
    assert house("admin", "show", "carol", "--json").json["totp"] is True
    assert proposed["secret"] not in house("audit", "list", "--json").out
    assert house("admin", "totp", "carol", "--code", code).status == 2
    assert house("admin", "totp", "carol", "--remove").status == 0
    assert house("admin", "show", "carol", "--json").json["totp"] is False


def test_passkeys_are_listed_and_removed(house: CommandLine) -> None:
    assert house("admin", "passkeys", "carol", "--json").rows == []
    assert house("admin", "passkeys", "carol", "--remove", "1").status == 3
    assert house("admin", "passkeys", "nobody").status == 3


def test_attempts_to_log_in_are_listed(house: CommandLine) -> None:
    assert house("login", "list", "--json").rows == []

    async def fail() -> None:
        with (
            closing(open_platform(places_of(house.data), Settings())) as platform,
            pytest.raises(Unauthenticated),
        ):
            await authentication.login(
                platform.store,
                CountingPasswords(),
                ADA,
                "falsch",
                origin=Origin(client_ip="192.0.2.7", protocol="submission"),
            )

    asyncio.run(fail())
    (row,) = house("login", "list", "--json").rows
    assert set(row) == {
        *("id", "day", "kind", "account", "login", "client_ip", "protocol"),
        *("mechanism", "result", "first_at", "last_at", "count"),
    }
    assert (row["kind"], row["account"], row["result"]) == ("account", ADA, "failure")
    assert house("login", "list", "--account", ADA, "--json").rows == [row]
    assert house("login", "list", "--admin", "carol", "--json").rows == []
    assert house("login", "list", "--json", "--key", key(house, "dan")).rows == [row]
