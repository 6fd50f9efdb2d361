"""Mail systems elsewhere from the shell, against a server on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.support.command_line import CommandLine, Ran
from tests.support.scripted_ews import ScriptedEws, scripted_ews
from tests.support.scripted_smartermail import no, scripted_smartermail

ADA, BOB = "ada@example.org", "bob@example.org"
URL = "https://ex.example.org/EWS/Exchange.asmx"
FIELDS = {
    *("system", "kind", "url", "user", "has_secret", "has_authorities", "options"),
    *("created_at", "created_by"),
}
BAD = (
    b"Message-ID: <bad@evil.example>\r\nDate: Fri, 20 Nov 2026 08:00:00 +0000\r\n"
    b"From: eve@evil.example\r\nTo: ada@example.org\r\nSubject: Free money\r\n\r\n"
    b"click here\r\n"
)


@pytest.fixture
def server() -> Iterator[ScriptedEws]:
    with scripted_ews(ADA, BOB) as served:
        yield served


def added(
    cli: CommandLine, url: str = URL, name: str = "exchange", kind: str = "ews"
) -> Ran:
    return cli(
        *("system", "add", name, "--kind", kind, "--url", url, "--user", "svc"),
        *("--secret-stdin", "--json"),
        stdin=b"secret\n",
    )


def test_a_system_is_added_shown_changed_and_removed(
    cli: CommandLine, tmp_path: Path
) -> None:
    made = added(cli)
    assert made.status == 0
    assert set(made.json) == FIELDS
    assert (made.json["has_secret"], made.json["has_authorities"]) == (True, False)
    shown = cli("system", "show", "exchange", "--json").json
    assert cli("system", "list", "--json").rows == [shown]
    authority = tmp_path / "ca.pem"
    authority.write_bytes(trustme.CA().cert_pem.bytes())
    changed = cli(
        *("system", "change", "exchange", "--ca", str(authority)),
        *("--option", "concurrency=2", "--json"),
    ).json
    assert (changed["has_authorities"], changed["options"]) == (
        True,
        {"concurrency": "2"},
    )
    assert cli("system", "remove", "exchange").status == 0
    assert cli("system", "show", "exchange").status == 3
    assert "no systems" in cli("system", "list").err


def test_the_secret_is_shown_nowhere(cli: CommandLine) -> None:
    printed = [
        added(cli),
        cli("system", "show", "exchange", "--json"),
        cli("audit", "list", "--json"),
        cli("system", "change", "exchange", "--secret-stdin", stdin=b"secret"),
    ]
    assert all(ran.status == 0 for ran in printed)
    assert "secret\n" not in "".join(ran.out + ran.err for ran in printed)
    rows = (cli.data / "postwarden.db").read_bytes()
    wal = cli.data / "postwarden.db-wal"
    assert b"secret\n" not in rows + (wal.read_bytes() if wal.exists() else b"")


def test_a_dry_run_adds_nothing(cli: CommandLine) -> None:
    ran = cli("system", "add", "x", "--kind", "ews", "--url", URL, "--dry-run")
    assert (ran.status, "system.add" in ran.out) == (0, True)
    assert cli("system", "show", "x").status == 3


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--kind", "pigeon", "--url", URL), "kind"),
        (("--kind", "ews", "--url", "http://ex.example.org/"), "url"),
        (("--kind", "ews", "--url", URL, "--option", "speed"), "option"),
        (("--kind", "ews", "--url", URL, "--option", "speed=9"), "speed"),
        (("--kind", "ews", "--url", URL, "--ca", "/nowhere.pem"), "ca"),
        (("--kind", "ews", "--url", URL, "--ca", __file__), "ca"),
    ],
)
def test_what_is_wrong_is_named(
    cli: CommandLine, words: tuple[str, ...], field: str
) -> None:
    ran = cli("system", "add", "x", *words, "--json")
    assert ran.status == 2
    assert ran.error["field"] == field


def test_a_check_says_what_is_there(cli: CommandLine, server: ScriptedEws) -> None:
    added(cli, server.url)
    said = cli("system", "check", "exchange", "--json")
    assert said.status == 0
    assert said.json["version"] == "15.2.1544.4"
    assert said.json["rights"] == ["lists mailboxes: there are 2"]


def test_find_looks_everywhere_with_one_query(
    cli: CommandLine, server: ScriptedEws, tmp_path: Path
) -> None:
    """The same mail in our store and on a system: one answer, one class."""
    added(cli, server.url)
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "bad.eml").write_bytes(BAD)
    words = ("import", "eml", str(mail), "--account", "ada@example.org", "--create")
    assert cli(*words).status == 0
    server.add(ADA, "inbox", BAD, message_id="<bad@evil.example>", subject="Free money")
    other = BAD.replace(b"<bad@", b"<other@")
    server.add(BOB, "sub", other, message_id="<other@e>", subject="FREE money now")
    server.add(BOB, "inbox", b"Subject: Free money\r\n\r\nno\r\n", subject="Free money")
    ran = cli("find", "similar:<bad@evil.example>", "--system", "all", "--json")
    assert ran.status == 0
    assert [
        (r["system"], r["account"], r["mailbox"], r["class"]) for r in ran.rows
    ] == [
        ("local", ADA, "INBOX", "exact"),
        ("exchange", ADA, "Inbox", "exact"),
        ("exchange", BOB, "Inbox/Projects\N{DIVISION SLASH}2026", "same"),
    ]
    assert len({row["sha256"] for row in ran.rows}) == 2
    counted = cli(
        *("find", "similar:<bad@evil.example>", "--count", "--json"),
        *("--system", "local", "--system", "exchange"),
    )
    assert counted.rows == [
        {"system": "local", "messages": 1, "copies": 1, "accounts": 1},
        {"system": "exchange", "messages": 2, "copies": 2, "accounts": 2},
    ]
    body = cli("find", "body:click", "account:ada@example.org", "--system", "exchange")
    assert body.status == 0
    assert ADA in body.out
    assert BOB not in body.out


def test_a_term_that_no_other_system_knows_is_named(
    cli: CommandLine, server: ScriptedEws
) -> None:
    added(cli, server.url)
    for term in ("rcpt:a@b.example", "ip:192.0.2.1", "is:held", "trace:x"):
        ran = cli("find", term, "--system", "exchange", "--json")
        assert ran.status == 2, term
        assert ran.error["field"] == term.partition(":")[0]


def test_a_system_that_cannot_be_reached_stops_no_other(
    cli: CommandLine, server: ScriptedEws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postwarden.connectors.http.ATTEMPTS", 1)
    added(cli, "http://127.0.0.1:9/EWS", "broken")
    added(cli, server.url)
    server.add(BOB, "inbox", BAD, subject="Free money")
    ran = cli("find", "subject:money", "--system", "all", "--json")
    assert ran.status == 1
    assert [row["account"] for row in ran.rows] == [BOB]
    told = json.loads(ran.err)
    assert (told["system"], told["error"]["code"]) == ("broken", "unavailable")


def test_an_inventory_of_a_system_has_our_columns(
    cli: CommandLine, server: ScriptedEws
) -> None:
    added(cli, server.url)
    ran = cli("inventory", "accounts", "--system", "exchange")
    assert ran.status == 0
    header, first, second = ran.out.splitlines()
    assert header.startswith("domain,userName,displayName,status")
    assert first.startswith("example.org,ada,Name of ada@example.org,,1,")
    assert len(second.split(",")) == len(header.split(",")) == 32
    assert cli("inventory", "lists", "--system", "exchange").out.count("\n") == 1


def test_an_inventory_names_the_domain_that_it_lacks(
    cli: CommandLine, tmp_path: Path
) -> None:
    with scripted_smartermail(ADA, "cat@example.net") as server:
        added(cli, server.url, "old-mail", kind="smartermail")
        server.before.append(
            lambda path: no(200, "BROKEN") if "account-list" in path else None
        )
        path = tmp_path / "accounts.csv"
        words = ("inventory", "accounts", "--system", "old-mail", "--output", str(path))
        ran = cli(*words)
    assert ran.status == 1
    assert "system old-mail: domain example.net: BROKEN" in ran.err
    _, row = path.read_text().splitlines()
    assert row.startswith('example.org,ada,"The ""ada""",1,1,0,,,2025-03-01T10:00:00Z,')


def test_one_case_acts_here_and_there_and_takes_it_all_back(
    cli: CommandLine, server: ScriptedEws, tmp_path: Path
) -> None:
    """The whole loop, evidence included, over our own store and an Exchange."""
    added(cli, server.url)
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "bad.eml").write_bytes(BAD)
    words = ("import", "eml", str(mail), "--account", "ada@example.org", "--create")
    assert cli(*words).status == 0
    other = BAD.replace(b"<bad@", b"<other@")
    server.add(ADA, "inbox", BAD, message_id="<bad@evil.example>", subject="Free money")
    server.add(BOB, "sub", other, message_id="<other@e>", subject="Free money")
    before = {a: [i.folder for i in box.items] for a, box in server.boxes.items()}
    query = "similar:<bad@evil.example>"
    assert cli("case", "open", query, "--reason", "phishing").status == 0
    ran = cli("case", "preview", "1", "--system", "all", "--json")
    assert ran.status == 0
    plan = ran.json["plan"]
    assert [(i["system"], i["account"], i["uid"]) for i in plan["items"]] == [
        ("local", ADA, 1),
        ("exchange", ADA, None),
        ("exchange", BOB, None),
    ]
    assert [(s["system"], s["copies"]) for s in plan["systems"]] == [
        ("local", 1),
        ("exchange", 2),
    ]
    assert cli("case", "approve", "1", "--plan", plan["sha256"]).status == 0
    assert cli("case", "run", "1", "--json").json["outcomes"]["removed"] == 3
    for account, box in server.boxes.items():
        (item,) = box.items
        assert box.folders[item.folder] == (f"{account}:root", "Postwarden")
    verified = cli("case", "verify", "1", "--json")
    assert (verified.status, verified.json["residual"]) == (0, 0)
    evidence = str(tmp_path / "evidence")
    assert cli("case", "export", "1", "--to", evidence).status == 0
    assert cli("case", "check", evidence).status == 0
    assert len(list((tmp_path / "evidence" / "messages").iterdir())) == 2
    report = cli("case", "report", "1", "--format", "json").json["accounts"]
    assert {row["account"]: row["copies"] for row in report} == {ADA: 2, BOB: 1}
    assert all(row["removed_at"] for row in report)
    undone = cli("case", "undo", "1", "--json").json
    assert (undone["state"], undone["restored"]) == ("undone", 3)
    assert before == {
        a: [i.folder for i in box.items] for a, box in server.boxes.items()
    }
    assert cli("audit", "verify").status == 0
    assert cli("store", "fsck").status == 0


def test_a_case_that_cannot_reach_a_system_says_so_and_does_the_rest(
    cli: CommandLine, server: ScriptedEws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postwarden.connectors.http.ATTEMPTS", 1)
    added(cli, "http://127.0.0.1:9/EWS", "broken")
    added(cli, server.url)
    server.add(BOB, "inbox", BAD, subject="Free money")
    assert cli("case", "open", "subject:money", "--reason", "phishing").status == 0
    ran = cli("case", "preview", "1", "--system", "all", "--json")
    assert (ran.status, ran.json["plan"]["copies"]) == (1, 1)
    assert json.loads(ran.err)["system"] == "broken"
    assert cli("case", "approve", "1", "--plan", ran.json["plan"]["sha256"]).status == 0
    url = server.url
    ran = cli(
        *("system", "change", "exchange", "--url", "http://127.0.0.1:9/EWS"),
        "--secret-stdin",
        stdin=b"secret",
    )
    assert ran.status == 0
    ran = cli("case", "run", "1", "--json")
    assert (ran.status, ran.json["state"]) == (1, "stopped")
    assert ran.json["waiting"][0]["system"] == "exchange"
    ran = cli(
        *("system", "change", "exchange", "--url", url, "--secret-stdin"),
        stdin=b"secret",
    )
    ran = cli("case", "resume", "1", "--json")
    assert (ran.status, ran.json["outcomes"]["removed"]) == (0, 1)
