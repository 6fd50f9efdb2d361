"""Domains, accounts and addresses from the shell, as scripts use them."""

import io
import json
from typing import Any

import pytest

from postwarden.cli.arguments import read_password
from tests.support.command_line import CommandLine

ADA = "ada@example.org"
BOB = "bob@example.org"
KINDS = [("alias", "--to", "to"), ("group", "--member", "members")]
KINDS += [("list", "--member", "members")]


def fields(value: dict[str, Any]) -> set[str]:
    return set(value)


def test_a_domain_is_created_shown_changed_and_removed(cli: CommandLine) -> None:
    created = cli("domain", "create", "Example.NET", "--quota", "2G", "--json")
    assert created.status == 0
    assert created.json["domain"] == "example.net"
    assert created.json["default_quota_octets"] == 2**31
    assert created.json["created_at"].endswith("Z")
    changed = cli(
        "domain", "change", "example.net", "--postmaster", "x@example.com", "--json"
    )
    assert changed.json["postmaster"] == "x@example.com"
    shown = cli("domain", "show", "example.net", "--json").json
    assert (shown["accounts"], shown["domain_aliases"]) == (0, [])
    listed = cli("domain", "list", "--json").rows
    assert [row["domain"] for row in listed] == ["example.net", "example.org"]
    assert cli("domain", "remove", "example.net").status == 0
    assert cli("domain", "show", "example.net").status == 3


def test_a_domain_with_addresses_is_refused_with_5(cli: CommandLine) -> None:
    cli("account", "create", ADA)
    ran = cli("domain", "remove", "example.org", "--json")
    assert (ran.status, ran.error["code"]) == (5, "refused")


def test_what_is_there_already_exits_with_5(cli: CommandLine) -> None:
    ran = cli("domain", "create", "EXAMPLE.org", "--json")
    assert (ran.status, ran.error["code"]) == (5, "already-exists")


def test_account_show_has_exactly_the_promised_fields(cli: CommandLine) -> None:
    cli("account", "create", ADA, "--name", "Ada L.", "--quota", "2G")
    shown = cli("account", "show", ADA, "--json").json
    assert fields(shown) == {
        *("id", "address", "name", "state", "quota_octets", "quota_messages"),
        *("used_octets", "used_messages", "vault_octets", "vault_messages"),
        "mailboxes",
    }
    assert fields(shown["mailboxes"][0]) == {
        *("mailbox", "messages", "unseen", "uid_next", "uid_validity"),
        "highest_modseq",
    }
    assert (shown["address"], shown["name"], shown["state"]) == (
        ADA,
        "Ada L.",
        "active",
    )
    assert (shown["quota_octets"], shown["used_octets"]) == (2**31, 0)


def test_a_password_comes_from_standard_input_without_its_line_end(
    cli: CommandLine,
) -> None:
    for number, octets in enumerate((b"geheim", b"geheim\n", b"geheim\r\n")):
        address = f"a{number}@example.org"
        ran = cli("account", "create", address, "--password-stdin", stdin=octets)
        assert ran.status == 0, ran.err
        assert "geheim" not in ran.out


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"\xff\xfe", b"x" * 5000, b"a\0b"], ids=repr
)
def test_what_is_no_password_is_refused(cli: CommandLine, octets: bytes) -> None:
    ran = cli("account", "create", ADA, "--password-stdin", "--json", stdin=octets)
    assert (ran.status, ran.error["field"]) == (2, "password")
    assert cli("account", "show", ADA).status == 3


async def test_a_terminal_is_asked_for_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("shown while it is typed"))
    monkeypatch.setattr("getpass.getpass", lambda _: "geheim")
    assert read_password() == "geheim"


def test_an_account_is_changed(cli: CommandLine) -> None:
    cli("account", "create", ADA)
    changed = cli(
        *("account", "change", ADA, "--state", "disabled", "--quota", "1K"),
        *("--quota-messages", "7", "--name", "Ada", "--json"),
    ).json
    assert (changed["state"], changed["quota_octets"]) == ("disabled", 1024)
    assert (changed["quota_messages"], changed["name"]) == (7, "Ada")


@pytest.mark.parametrize(
    "words",
    [
        ("account", "change", ADA),
        ("account", "change", ADA, "--state", "pending-deletion"),
        ("account", "change", ADA, "--quota", "much"),
        ("account", "change", ADA, "--quota-messages", "-1"),
        ("account", "create", "not an address"),
        ("domain", "change", "example.org"),
        ("domain", "change", "example.org", "--delimiter", "++"),
        ("alias", "create", "sales@example.org"),
        ("alias", "create", "sales@example.org", "--to", "sales@example.org"),
        ("alias", "create", "sales@example.org", "--to", "nobody"),
        ("forward", "create", ADA),
        ("forward", "create", ADA, "--to", ADA),
        ("audit", "list", "--since", "long ago"),
    ],
    ids=" ".join,
)
def test_bad_input_exits_with_2(cli: CommandLine, words: tuple[str, ...]) -> None:
    cli("account", "create", ADA)
    ran = cli(*words)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("account", "create", "x@absent.example"),
        ("account", "show", BOB),
        ("account", "change", BOB, "--name", "Bob"),
        ("account", "remove", BOB),
        ("account", "rename", BOB, "b@example.org"),
        ("account", "list", "--domain", "absent.example"),
        ("account", "create-many", "absent.csv"),
        ("alias", "show", BOB),
        ("forward", "show", ADA),
        ("catch-all", "show", "example.org"),
        ("catch-all", "create", "example.org", "--to", BOB),
        ("domain-alias", "show", "example.net"),
        ("domain-alias", "create", "example.net", "--of", "absent.example"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_exits_with_3(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    cli("account", "create", ADA)
    ran = cli(*words, "--json")
    assert (ran.status, ran.out) == (3, "")
    assert ran.error["code"] == "not-found"


def test_a_renamed_account_takes_what_leads_to_it_along(cli: CommandLine) -> None:
    cli("account", "create", ADA)
    cli("alias", "create", "sales@example.org", "--to", ADA)
    ran = cli("account", "rename", ADA, "countess@example.org", "--json")
    assert ran.json["address"] == "countess@example.org"
    alias = cli("alias", "show", "sales@example.org", "--json").json
    assert alias["to"] == ["countess@example.org"]
    assert cli("account", "show", ADA).status == 3


def test_a_removed_account_is_gone_and_its_address_free(cli: CommandLine) -> None:
    cli("account", "create", ADA)
    cli("alias", "create", "sales@example.org", "--to", ADA)
    removed = cli("account", "remove", ADA, "--json")
    assert removed.status == 0, removed.err
    assert removed.json == {
        "address": ADA,
        "state": "pending-deletion",
        "vaulted_messages": 0,
        "vaulted_octets": 0,
        "still_named_by": ["sales@example.org"],
        "task": 1,
    }
    assert cli("account", "show", ADA).status == 3
    assert cli("account", "create", ADA).status == 0


@pytest.mark.parametrize(("kind", "option", "field"), KINDS)
def test_addresses_with_targets_live_their_life(
    cli: CommandLine, kind: str, option: str, field: str
) -> None:
    team = "team@example.org"
    created = cli(kind, "create", team, option, ADA, option, "x@example.com", "--json")
    assert created.json[field] == [ADA, "x@example.com"]
    assert created.json["state"] == "active"
    added = cli(kind, "change", team, "--add", BOB, "--remove", ADA, "--json")
    assert added.json[field] == ["x@example.com", BOB]
    replaced = cli(kind, "change", team, option, ADA, "--state", "disabled", "--json")
    assert (replaced.json[field], replaced.json["state"]) == ([ADA], "disabled")
    assert cli(kind, "list", "--json").rows == [replaced.json]
    assert cli(kind, "list", "--domain", "example.org", "--limit", "0").out == ""
    assert cli(kind, "change", team, "--remove", ADA).status == 2
    assert cli(kind, "change", team, option, ADA, "--add", BOB).status == 2
    assert cli(kind, "remove", team).status == 0
    assert cli(kind, "list", "--json").out == ""


def test_one_kind_is_not_shown_as_another(cli: CommandLine) -> None:
    cli("group", "create", "team@example.org", "--member", ADA)
    for kind in ("alias", "list", "account", "forward"):
        assert cli(kind, "show", "team@example.org").status == 3


def test_people_are_told_of_targets_that_do_not_exist(cli: CommandLine) -> None:
    ran = cli("alias", "create", "sales@example.org", "--to", ADA)
    assert ran.err == f"note: {ADA} does not exist (yet)\n"
    assert cli("alias", "change", "sales@example.org", "--add", BOB, "--json").err == ""


def test_a_forward_lives_its_life(cli: CommandLine) -> None:
    cli("account", "create", ADA)
    created = cli("forward", "create", ADA, "--to", BOB, "--keep-copy", "--json")
    assert created.json == {"address": ADA, "to": [BOB], "keep_copy": True}
    assert cli("forward", "show", ADA, "--json").json == created.json
    assert cli("forward", "create", ADA, "--to", BOB).status == 5
    changed = cli("forward", "change", ADA, "--no-keep-copy", "--json")
    assert changed.json == {"address": ADA, "to": [BOB], "keep_copy": False}
    assert cli("forward", "list", "--json").rows == [changed.json]
    assert cli("forward", "remove", ADA).status == 0
    assert cli("forward", "list", "--json").rows == []


def test_a_catch_all_lives_its_life(cli: CommandLine) -> None:
    for address in (ADA, BOB):
        cli("account", "create", address)
    created = cli("catch-all", "create", "example.org", "--to", ADA, "--json")
    assert created.json == {"domain": "example.org", "to": ADA}
    assert cli("catch-all", "create", "example.org", "--to", BOB).status == 5
    assert cli("account", "remove", ADA).status == 5
    changed = cli("catch-all", "change", "example.org", "--to", BOB, "--json")
    assert changed.json["to"] == BOB
    assert cli("catch-all", "show", "example.org", "--json").json == changed.json
    cli("domain", "create", "example.net")
    cli("catch-all", "create", "example.net", "--to", BOB)
    assert len(cli("catch-all", "list", "--json", "--limit", "1").rows) == 1
    cli("catch-all", "remove", "example.net")
    assert cli("catch-all", "list", "--json").rows == [changed.json]
    assert cli("catch-all", "remove", "example.org").status == 0
    assert cli("catch-all", "remove", "example.org").status == 3


def test_another_name_of_a_domain_lives_its_life(cli: CommandLine) -> None:
    created = cli(
        "domain-alias", "create", "example.net", "--of", "example.org", "--json"
    )
    assert (created.json["domain_alias"], created.json["of"]) == (
        "example.net",
        "example.org",
    )
    assert cli("domain", "create", "example.net").status == 5
    refused = cli("account", "create", "ada@example.net")
    assert refused.status == 2
    assert ADA in refused.err
    shown = cli("domain-alias", "show", "example.net", "--json")
    assert shown.json == created.json
    cli("domain", "create", "example.com")
    cli("domain-alias", "change", "example.net", "--of", "example.com")
    listed = cli("domain-alias", "list", "--of", "example.com", "--json").rows
    assert [row["domain_alias"] for row in listed] == ["example.net"]
    assert cli("domain-alias", "remove", "example.net").status == 0
    assert cli("domain-alias", "show", "example.net").status == 3


@pytest.mark.parametrize(
    "words",
    [
        ("domain", "create", "example.net"),
        ("domain", "change", "example.org", "--quota", "1G"),
        ("domain", "remove", "empty.example"),
        ("domain-alias", "create", "example.net", "--of", "example.org"),
        ("domain-alias", "change", "other.example", "--of", "empty.example"),
        ("domain-alias", "remove", "other.example"),
        ("account", "create", BOB),
        ("account", "change", ADA, "--name", "Ada"),
        ("account", "rename", ADA, BOB),
        ("account", "remove", ADA),
        ("alias", "create", "new@example.org", "--to", ADA),
        ("alias", "change", "sales@example.org", "--add", BOB),
        ("alias", "remove", "sales@example.org"),
        ("group", "create", "team@example.org", "--member", ADA),
        ("list", "create", "news@example.org", "--member", ADA),
        ("forward", "create", ADA, "--to", BOB),
        ("catch-all", "create", "example.org", "--to", ADA),
    ],
    ids=" ".join,
)
def test_a_dry_run_shows_the_change_and_changes_nothing(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    cli("domain", "create", "empty.example")
    cli("domain-alias", "create", "other.example", "--of", "example.org")
    cli("account", "create", ADA)
    cli("alias", "create", "sales@example.org", "--to", ADA)
    before = cli("audit", "list", "--json").out
    ran = cli(*words, "--dry-run", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["dry_run"] is True
    (change,) = ran.json["changes"]
    assert change["before"] != change["after"]
    assert fields(change) == {"action", "object", "before", "after"}
    assert cli(*words, "--dry-run").out.startswith(f"would {change['action']}: ")
    assert cli("audit", "list", "--json").out == before
    assert cli(*words).status == 0
    entry = cli("audit", "list", "--json").rows[-1]
    assert {name: entry[name] for name in change} == change


def test_every_command_in_help_can_rehearse_if_it_writes(cli: CommandLine) -> None:
    for noun in ("domain", "domain-alias", "account", "alias", "group", "list"):
        listed = cli(noun, "--help").out.split("Commands:")[1]
        for verb in ("create", "change", "remove"):
            assert f"  {verb} " in listed
            assert "--dry-run" in cli(noun, verb, "--help").out


def test_lists_come_sorted_and_limited(cli: CommandLine, tmp_path: Any) -> None:
    file = tmp_path / "people.csv"
    people = [f"u{number:04}@example.org" for number in range(1201)]
    file.write_text("\n".join(["address", *reversed(people)]))
    cli("account", "create-many", str(file))
    listed = [row["address"] for row in cli("account", "list", "--json").rows]
    assert listed == people
    limited = cli("account", "list", "--json", "--limit", "501").rows
    assert [row["address"] for row in limited] == people[:501]
    assert fields(limited[0]) >= {"address", "state", "used_octets", "last_login_at"}


def test_audit_entries_have_the_promised_fields_and_no_secret(
    cli: CommandLine,
) -> None:
    cli("account", "create", ADA, "--password-stdin", stdin=b"geheim")
    cli("account", "change", ADA, "--password-stdin", stdin=b"neues")
    rows = cli("audit", "list", "--json").rows
    assert [row["action"] for row in rows] == [
        "domain.create",
        "account.create",
        "account.change",
    ]
    assert fields(rows[0]) == {
        *("id", "time", "actor", "on_behalf_of", "dialect", "client_ip"),
        *("request_id", "action", "object", "domain", "before", "after", "reason"),
        *("previous_hash", "hash"),
    }
    assert [row["domain"] for row in rows] == ["example.org"] * 3
    assert (rows[1]["actor"], rows[1]["dialect"]) == ("operator", "cli")
    printed = json.dumps(rows)
    assert "geheim" not in printed
    assert "argon2" not in printed


def test_the_audit_log_is_filtered(cli: CommandLine) -> None:
    cli("account", "create", ADA)

    def found(*words: str) -> list[int]:
        return [row["id"] for row in cli("audit", "list", *words, "--json").rows]

    assert found("--object", f"account {ADA}") == [2]
    assert found("--actor", "nobody") == []
    assert found("--dialect", "cli", "--limit", "1") == [1]
    assert found("--since", "1h") == [1, 2]
    assert found("--since", "2999-01-01") == []
    assert found("--since", "2020-01-01T00:00:00Z") == [1, 2]
