"""`vault ...`: deleted mail found, restored and destroyed when its time has come."""

from pathlib import Path

import pytest

from tests.cli.test_holds import ADA, write
from tests.support.command_line import CommandLine


@pytest.fixture
def deleted(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """A removed account whose two mails lie in the vault."""
    mails = write(tmp_path / "mails", ("eve@evil.example", "a"), ("bob@x.example", "b"))
    cli("account", "create", ADA)
    cli("import", "eml", str(mails), "--account", ADA)
    assert cli("account", "remove", ADA).status == 0
    return cli


def test_deleted_mail_is_found_and_given_to_somebody(deleted: CommandLine) -> None:
    found = deleted("vault", "find", "subject:a", "--json").rows
    assert [(row["account"], row["state"], row["mailbox"]) for row in found] == [
        (ADA, "vaulted", "INBOX")
    ]
    assert found[0]["expires_at"] > found[0]["vaulted_at"]
    assert found[0]["hold"] == []
    item = str(found[0]["item"])

    refused = deleted("vault", "restore", "--item", item, "--json")
    assert (refused.status, refused.error["code"]) == (5, "refused")
    failed = deleted("vault", "restore", "subject:a", "--json")
    assert (failed.status, failed.json["failed"]) == (1, 1)
    assert "--to" in failed.error["message"]

    deleted("account", "create", "bob@example.org")
    words = ("vault", "restore", "--item", item, "--to", "bob@example.org")
    rehearsed = deleted(*words, "--dry-run", "--json").json
    assert rehearsed["changes"][0]["action"] == "vault.restore"
    given = deleted(*words, "--json")
    assert (given.status, given.json) == (
        0,
        {"restored": 1, "failed": 0, "reasons": []},
    )
    rows = deleted("find", "account:bob@example.org", "--json").rows
    assert [row["subject"] for row in rows] == ["a"]
    assert len(deleted("vault", "find", "all", "--json").rows) == 1


def test_what_is_due_goes_and_what_is_held_stays(deleted: CommandLine) -> None:
    deleted("hold", "create", "subject:a", "--reason", "dispute")
    nothing = deleted("vault", "expire", "--dry-run", "--json").json
    assert nothing == {
        "dry_run": True,
        "copies": 0,
        "octets": 0,
        "messages": 0,
        "accounts": 0,
        "held": 0,
    }
    changed = deleted(
        *("domain", "change", "example.org", "--removed-account-retention", "0"),
        "--json",
    )
    assert changed.json["removed_account_retention_seconds"] == 0
    due = deleted("vault", "expire", "--dry-run", "--json").json
    assert (due["copies"], due["held"]) == (1, 1)

    expired = deleted("vault", "expire", "--json").json
    assert (expired["destroyed"], expired["held"]) == (1, 1)

    rows = deleted("find", "all", "--state", "any", "--json").rows
    assert [(row["subject"], row["hold"]) for row in rows] == [("a", [1])]
    events = deleted("trace", "event:PURGE", "--json").rows
    assert [(e["subject"], e["detail"]) for e in events] == [("b", "retention ended")]
    deleted("hold", "release", "1", "--reason", "settled")
    assert deleted("vault", "expire").out == "destroyed 1 copies\n"
    assert deleted("find", "all", "--state", "any", "--json").rows == []


def test_what_cannot_be_meant_is_refused(deleted: CommandLine) -> None:
    ran = deleted("vault", "restore", "--json")
    assert (ran.status, ran.error["field"]) == (2, "query")
    ran = deleted("vault", "find", "is:live", "--json")
    assert (ran.status, ran.error["field"]) == (2, "is")
    ran = deleted("domain", "change", "example.org", "--vault-retention", "x", "--json")
    assert (ran.status, ran.error["field"]) == (2, "vault_retention")
