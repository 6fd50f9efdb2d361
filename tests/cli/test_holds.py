"""`hold ...`: made, seen on copies, reported, released."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

ADA = "ada@example.org"
MAIL = "From: {}\r\nTo: ada@example.org\r\nSubject: {}\r\nDate: {}\r\n\r\nWords.\r\n"
DATE = "Sat, 21 Nov 2026 12:00:00 +0000"


def write(folder: Path, *mails: tuple[str, str]) -> Path:
    folder.mkdir()
    for number, (author, subject) in enumerate(mails):
        content = MAIL.format(author, subject, DATE)
        (folder / f"{number}.eml").write_bytes(content.encode())
    return folder


@pytest.fixture
def mailed(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Two mails in the INBOX of ada, one of them from eve."""
    mails = write(tmp_path / "mails", ("eve@evil.example", "a"), ("bob@x.example", "b"))
    cli("account", "create", ADA)
    assert cli("import", "eml", str(mails), "--account", ADA).status == 0
    return cli


def test_a_hold_from_making_to_release(mailed: CommandLine, tmp_path: Path) -> None:
    made = mailed(
        *("hold", "create", "subject:a", "from:@evil.example", "--name", "dispute"),
        *("--reason", "2026-17", "--json"),
    )
    assert made.status == 0
    assert made.json == {
        "hold": 1,
        "name": "dispute",
        "query": "subject:a from:@evil.example",
        "case": None,
        "reason": "2026-17",
        "state": "active",
        "created_by": "operator",
        "created_at": made.json["created_at"],
        "released_by": None,
        "released_at": None,
        "release_reason": None,
        "copies": 1,
        "accounts": 1,
    }
    later = write(tmp_path / "later", ("eve@evil.example", "A later"))
    mailed("import", "eml", str(later), "--account", ADA)

    found = mailed("find", "is:held", "--json").rows
    assert [(row["subject"], row["hold"]) for row in found] == [
        ("a", [1]),
        ("A later", [1]),
    ]
    report = mailed("hold", "report", "1", "--json").json
    assert (report["copies"], report["live"], report["messages"]) == (2, 2, 2)
    assert report["by_account"] == [
        {"account": ADA, "copies": 2, "octets": report["octets"]}
    ]
    assert mailed("hold", "show", "1", "--json").json["copies"] == 2

    released = mailed("hold", "release", "1", "--reason", "settled", "--json").json
    assert (released["state"], released["copies"]) == ("released", 0)
    assert mailed("find", "is:held", "--json").rows == []
    assert [row["state"] for row in mailed("hold", "list", "--json").rows] == [
        "released"
    ]
    again = mailed("hold", "release", "1", "--reason", "settled", "--json")
    assert (again.status, again.error["code"]) == (5, "refused")


def test_a_dry_run_holds_nothing(mailed: CommandLine) -> None:
    ran = mailed("hold", "create", "all", "--reason", "x", "--dry-run", "--json")
    assert ran.status == 0
    assert ran.json["changes"][0]["action"] == "hold.create"
    assert mailed("hold", "list", "--json").rows == []


def test_what_a_hold_cannot_ask_is_a_usage_error(mailed: CommandLine) -> None:
    ran = mailed("hold", "create", "in:inbox", "--reason", "x", "--json")
    assert (ran.status, ran.error["field"]) == (2, "in")
    nothing = mailed("hold", "create", "--reason", "x", "--json")
    assert (nothing.status, nothing.error["field"]) == (2, "query")
    absent = mailed("hold", "show", "7", "--json")
    assert (absent.status, absent.error["code"]) == (3, "not-found")


def test_people_read_it_too(mailed: CommandLine) -> None:
    assert mailed("hold", "list").out.strip() == ""
    made = mailed("hold", "create", "--account", ADA, "--reason", "litigation")
    assert made.out == "hold 1 holds 2 copies in 1 accounts: account:ada@example.org\n"
    report = mailed("hold", "report", "1").out
    assert "by_account" not in report
    assert f"{ADA}" in report.splitlines()[-1]
