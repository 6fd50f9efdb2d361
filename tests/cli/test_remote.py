"""`--server`: the same commands print the same through a server as on the machine."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CHEAP, CommandLine, Ran

MAIL = b"From: mia@example.net\r\nSubject: news\r\n\r\nSome news.\r\n"
SHA256 = hashlib.sha256(MAIL).hexdigest()
MOVING = {
    *(
        "created_at",
        "old_secret_until",
        "opened_at",
        "uid_validity",
        "internal_date",
        "time",
        "sha256",
    ),
    *("trace_id", "client_ip", "dialect", "hash", "previous_hash", "request_id"),
    *("released_at", "revoked_at", "last_used_at", "task", "signed", "createDate"),
    *("started_at", "ended_at", "run_at", "heartbeat_at", "leased_until", "seconds"),
    *("expires_at", "vaulted_at", "made_at", "delivered_at", "removed_at"),
    *("restored_at", "exposed_seconds", "entries"),
    *("link", "uri"),
    *("expires", "secret", "prefix", "approved_at", "expires_at", "armed_at", "plan"),
}

SCRIPT: list[list[str]] = [
    ["domain", "create", "example.net", "--quota", "2G", "--vault-retention", "7d"],
    ["domain", "change", "example.net", "--delimiter", "-"],
    ["domain", "show", "example.net"],
    ["domain", "list"],
    ["domain", "list", "--limit", "1"],
    ["domain-alias", "create", "example.com", "--of", "example.net"],
    ["domain-alias", "list", "--of", "example.net"],
    ["account", "create", "eve@example.net", "--name", "Eve", "--quota", "1M"],
    ["account", "create", "eve@example.net"],
    ["account", "create", "eva@example.net", "--dry-run"],
    ["account", "show", "eva@example.net"],
    ["account", "change", "eve@example.net", "--state", "disabled"],
    ["account", "change", "eve@example.net"],
    ["account", "rename", "eve@example.net", "eva@example.net"],
    ["account", "show", "eva@example.net"],
    ["account", "list", "--domain", "example.net"],
    ["account", "create", "no address"],
    ["alias", "create", "all@example.net", "--to", "eva@example.net"],
    ["alias", "change", "all@example.net", "--add", "bob@elsewhere.example"],
    ["alias", "list"],
    ["group", "create", "team@example.net", "--member", "eva@example.net"],
    ["group", "show", "team@example.net"],
    ["group", "remove", "team@example.net"],
    ["list", "show", "team@example.net"],
    ["forward", "create", "eva@example.net", "--to", "x@y.example", "--keep-copy"],
    ["forward", "list"],
    ["catch-all", "create", "example.net", "--to", "eva@example.net"],
    ["catch-all", "list"],
    ["find", "from:mia@example.net"],
    ["find", "from:mia@example.net", "--count"],
    ["find", "event:SEND"],
    ["trace", "account:ada@example.org", "--count"],
    *(
        ["message", "show", SHA256, "--reason", "ticket 4711", *option]
        for option in ([], ["--headers"], ["--raw"], ["--structure"], ["--part", "1"])
    ),
    ["message", "show", SHA256, "--reason", "x", "--part", "9"],
    ["message", "show", SHA256, "--reason", " "],
    ["message", "show", SHA256, "--reason", "x", "--raw", "--part", "1"],
    ["case", "open", "from:mia@example.net", "--reason", "phishing"],
    ["case", "preview", "1", "--dry-run"],
    ["case", "preview", "1"],
    ["case", "run", "1"],
    ["case", "status", "1"],
    ["case", "approve", "1", "--plan", "PLAN"],
    ["case", "run", "1", "--dry-run"],
    ["case", "run", "1"],
    ["case", "resume", "1", "--dry-run"],
    ["case", "verify", "1"],
    ["case", "undo", "1", "--dry-run"],
    ["case", "undo", "1"],
    ["case", "verify", "1"],
    ["case", "list"],
    ["hold", "create", "from:mia@example.net", "--reason", "dispute"],
    ["hold", "show", "1"],
    ["hold", "release", "1", "--reason", "settled"],
    ["vault", "find", "all"],
    ["role", "create", "porter", "--allow", "directory.read"],
    ["admin", "create", "carol", "--role", "porter"],
    ["admin", "show", "carol"],
    ["key", "create", "--actor", "carol", "--expires", "30d"],
    ["key", "list"],
    ["key", "revoke", "1"],
    ["webhook", "create", "https://example.org/hook", "--event", "all"],
    ["webhook", "change", "1", "--event", "hold.created", "--dry-run"],
    ["webhook", "change", "1", "--state", "disabled"],
    ["webhook", "change", "1"],
    ["webhook", "change", "1", "--new-secret"],
    ["webhook", "test", "1", "--dry-run"],
    ["webhook", "list"],
    ["webhook", "show", "1"],
    ["webhook", "queue", "list"],
    ["webhook", "queue", "replay", "999"],
    ["webhook", "remove", "1"],
    ["webhook", "show", "1"],
    ["account", "create-many", "PEOPLE", "--dry-run"],
    ["account", "create-many", "PEOPLE"],
    ["account", "create-many", "PEOPLE"],
    ["directory", "import", "DIRECTORY", "--dry-run"],
    ["directory", "import", "DIRECTORY"],
    ["directory", "import", "DIRECTORY", "--mode", "replace"],
    ["inventory", "accounts"],
    ["inventory", "lists", "--domain", "example.net"],
    ["inventory", "accounts", "--compat"],
    ["case", "report", "1"],
    ["case", "report", "1", "--format", "pdf"],
    ["hold", "report", "1"],
    ["hold", "report", "999"],
    ["admin", "link", "carol"],
    ["admin", "link", "nobody"],
    ["admin", "totp", "carol"],
    ["admin", "totp", "carol", "--code", "123456"],
    ["admin", "totp", "carol", "--remove"],
    ["admin", "passkeys", "carol"],
    ["admin", "passkeys", "carol", "--remove", "3"],
    ["login", "list"],
    ["login", "list", "--account", "eva@example.net", "--admin", "carol"],
    ["login", "sessions"],
    ["login", "end", "1"],
    ["task", "await", "999"],
    ["task", "retry", "1"],
    ["account", "remove", "eva@example.net"],
    ["account", "remove", "ada@example.org"],
    ["vault", "restore", "from:mia@example.net"],
    ["vault", "restore", "from:mia@example.net", "--to", "pia@example.net"],
    ["vault", "restore"],
    ["vault", "expire", "--dry-run"],
    ["vault", "expire"],
    ["audit", "list", "--object", "domain example.net"],
    ["audit", "verify"],
    ["audit", "verify", "--public-key", "00" * 32],
    ["inventory", "--help"],
]
PEOPLE = """address,name,password,password_hash,quota
pia@example.net,Pia,correct horse,,1M
no address,,,,
leo@example.net,=Leo,,$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA,
kim@example.net,Kim,,a word,
eve@nowhere.example,,,,
pia@example.net,,,,
"""
DIRECTORY = """kind,domain,address,name,to
domain,new.example,,,
account,,new@new.example,New,
alias,,all@new.example,,new@new.example
account,,no address,,
account,,ada@example.org,Ada,
"""


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path / "here", monkeypatch, capsys)


def _fill(cli: CommandLine, folder: Path) -> None:
    (folder / "mail.eml").write_bytes(MAIL)
    cli("domain", "create", "example.org")
    ran = cli("import", "eml", str(folder), "--account", "ada@example.org", "--create")
    assert ran.status == 0, ran.err


@pytest.fixture
def server(tmp_path: Path, cli: CommandLine) -> Iterator[str]:
    """Serve another store with the same rows."""
    (tmp_path / "mail").mkdir()
    _fill(cli, tmp_path / "mail")
    there = CommandLine(tmp_path / "there", cli.monkeypatch, cli.capsys)
    _fill(there, tmp_path / "mail")
    words = [sys.executable, "-m", "postwarden.cli.main", "--data", str(there.data)]
    words += [*CHEAP, "--set", "dialects.native.authentication=none"]
    serving = subprocess.Popen(
        [*words, "serve", "--http", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert serving.stdout is not None
    try:
        yield "http://" + serving.stdout.readline().strip().rpartition("=")[2]
    finally:
        serving.terminate()
        serving.wait(30)
        serving.stdout.close()


def test_every_command_prints_the_same_through_a_server(
    cli: CommandLine, server: str, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    directory = tmp_path / "directory.csv"
    directory.write_text(DIRECTORY)
    files = {"PEOPLE": str(people), "DIRECTORY": str(directory)}
    plans = {"here": "", "there": ""}
    for script in SCRIPT:
        words = [files.get(word, word) for word in script]
        here = cli(*_with(words, plans["here"]), "--json")
        there = cli.bare(*_with(words, plans["there"]), "--json", "--server", server)
        assert there.status == here.status, (words, here.err, there.err)
        assert _printed(there) == _printed(here), words
        if words == ["case", "preview", "1"]:
            plans = {
                "here": here.json["plan"]["sha256"],
                "there": there.json["plan"]["sha256"],
            }


def _with(words: list[str], plan: str) -> list[str]:
    return [plan if word == "PLAN" else word for word in words]


def _printed(ran: Ran) -> Any:
    if ran.out.startswith("Usage"):
        return ran.out
    if ran.err.startswith("{") and not ran.out:
        return {**ran.error, "field": None, "message": None}
    rows = [json.loads(line) for line in ran.err.splitlines()]
    return [_still(row) for row in (*rows, *ran.rows)]


def _still(value: Any) -> Any:
    """Return a value without what two stores cannot have in common."""
    if isinstance(value, dict):
        return {k: None if k in MOVING else _still(v) for k, v in value.items()}
    return [_still(each) for each in value] if isinstance(value, list) else value


def test_people_are_told_the_same_too(cli: CommandLine, server: str) -> None:
    words = ["alias", "create", "all@example.org", "--to", "ada@example.org"]
    assert cli.bare(*words, "--server", server).out == cli(*words).out
    for listed in (["alias", "list"], ["inventory", "lists"], ["hold", "list"]):
        assert cli.bare(*listed, "--server", server).out == cli(*listed).out


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_a_directory_is_written_here_as_it_is_there(
    cli: CommandLine, server: str, form: str
) -> None:
    words = ("directory", "export", "--format", form)
    assert cli.bare(*words, "--server", server).out == cli(*words).out
    file = cli.data.parent / f"written.{form}"
    ran = cli.bare("directory", "export", "--to", str(file), "--server", server)
    assert (ran.status, file.read_bytes()) == (0, cli(*words).out.encode())


def test_evidence_is_unpacked_and_checked_here(
    cli: CommandLine, server: str, tmp_path: Path
) -> None:
    words = ("case", "open", "from:mia@example.net", "--reason", "x")
    assert cli.bare(*words, "--server", server).status == 0
    assert cli.bare("case", "preview", "1", "--server", server).status == 0
    export = ("case", "export", "1", "--to", str(tmp_path / "evidence"), "--json")
    ran = cli.bare(*export, "--server", server)
    assert ran.status == 0, ran.err
    checked = cli.bare("case", "check", str(tmp_path / "evidence"), "--json")
    assert checked.json["signed_by"] == ran.json["public_key"]
    assert (tmp_path / "evidence" / "messages" / f"{SHA256}.eml").read_bytes() == MAIL
    again = cli.bare(*export, "--server", server)
    assert (again.status, again.error["code"]) == (5, "already-exists")
    absent = ("case", "export", "9", "--to", str(tmp_path / "none"), "--json")
    ran = cli.bare(*absent, "--server", server)
    assert (ran.status, (tmp_path / "none").exists()) == (3, False)


def test_secrets_are_read_here_and_tasks_awaited_there(
    cli: CommandLine, server: str
) -> None:
    words = ["account", "change", "ada@example.org", "--password-stdin", "--json"]
    ran = cli.bare(*words, "--server", server, stdin=b"correct horse battery\n")
    assert (ran.status, ran.json["address"]) == (0, "ada@example.org")
    ended = cli.bare("task", "await", "1", "--timeout", "30s", "--server", server)
    assert (ended.status, "completed" in ended.out) == (0, True)


def test_what_is_for_the_machine_says_so(cli: CommandLine, server: str) -> None:
    ran = cli.bare("doctor", "--server", server, "--json")
    assert (ran.status, ran.error["field"]) == (2, "server")
    ran = cli.bare("audit", "export", "--to", "log", "--server", server, "--json")
    assert (ran.status, ran.error["field"]) == (2, "server")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("find", "all", "--system", "all"), "system"),
        (("trace", "all", "--format", "tracking-log"), "format"),
    ],
)
def test_an_option_that_no_server_takes_is_refused(
    cli: CommandLine, server: str, words: tuple[str, ...], field: str
) -> None:
    ran = cli.bare(*words, "--server", server, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)


def test_a_key_is_not_sent_in_clear_to_another_machine(cli: CommandLine) -> None:
    ran = cli.bare("domain", "list", "--server", "http://mail.example", "--json")
    assert (ran.status, ran.error["field"]) == (2, "server")


def test_a_server_that_does_not_answer_is_named(cli: CommandLine) -> None:
    ran = cli.bare("domain", "list", "--server", "http://127.0.0.1:1", "--json")
    assert (ran.status, ran.error["code"]) == (1, "unavailable")
    assert "127.0.0.1:1" in ran.error["message"]
