"""`doctor`: each check, what fails it, and what `--repair` mends."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
import trustme

from postwarden.cli import checkups
from tests.support.command_line import CommandLine
from tests.support.mail_files import imported, mail, write

CHECKS = [
    *("store", "pages", "tables", "references", "counters", "content"),
    *("content-hashes", "full-text", "drafts", "clock"),
    *("disk", "files", "tls", "ports"),
]


@pytest.fixture
def filled(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """A store with three mails, one of them large and thus a file of its own."""
    write(tmp_path / "mails" / "1", mail("first"))
    write(tmp_path / "mails" / "Sent" / "1", mail("second"))
    write(tmp_path / "mails" / "2", mail("large", body=os.urandom(200_000).hex()))
    assert imported(cli, "eml", tmp_path / "mails").json["imported"] == 3
    return cli


def findings(cli: CommandLine, *words: str) -> dict[str, dict[str, Any]]:
    ran = cli("doctor", "--json", *words)
    for row in ran.rows:
        assert set(row) == {"check", "status", "message", "hint"}
        assert (row["status"] == "ok") == (row["hint"] == "")
    found = {row["check"]: row for row in ran.rows}
    failed = any(row["status"] == "failed" for row in found.values())
    assert ran.status == int(failed)
    return found


def not_ok(cli: CommandLine, *words: str) -> dict[str, str]:
    return {
        name: row["status"]
        for name, row in findings(cli, *words).items()
        if row["status"] != "ok"
    }


def change(cli: CommandLine, sql: str, database: str = "postwarden.db") -> None:
    connection = apsw.Connection(str(cli.data / database))
    connection.execute(sql)
    connection.close()


def test_a_good_store_passes_every_check(filled: CommandLine) -> None:
    assert list(findings(filled)) == CHECKS
    assert not_ok(filled) == {}
    assert not_ok(filled, "--full") == {}


def test_people_get_a_table(filled: CommandLine) -> None:
    ran = filled("doctor")
    assert ran.out.splitlines()[0].split() == ["check", "status", "message", "hint"]
    assert len(ran.out.splitlines()) == 1 + len(CHECKS)


def test_an_empty_store_is_a_good_one(cli: CommandLine) -> None:
    assert not_ok(cli) == {}
    assert not (cli.data / "blobs").exists()


def test_no_store_is_a_failure_and_none_is_made(nowhere: CommandLine) -> None:
    assert not_ok(nowhere) == {"store": "failed"}
    assert not nowhere.data.exists()


@pytest.mark.parametrize("octets", [b"not a database at all" * 100, b""])
def test_a_file_that_is_no_store_is_named(cli: CommandLine, octets: bytes) -> None:
    (cli.data / "postwarden.db").write_bytes(octets)
    assert "store" in not_ok(cli)
    assert (cli.data / "postwarden.db").read_bytes() == octets


def test_a_newer_store_is_left_alone(cli: CommandLine) -> None:
    change(cli, "UPDATE alembic_version SET version_num = '9999'")
    assert not_ok(cli) == {"store": "failed"}


def test_damaged_pages_are_seen(filled: CommandLine) -> None:
    change(filled, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = filled.data / "postwarden.db"
    octets = bytearray(path.read_bytes())
    octets[4096 * 20 : 4096 * 60] = os.urandom(4096 * 40)
    path.write_bytes(octets)
    assert "failed" in not_ok(filled).values()


def test_a_missing_column_is_named(cli: CommandLine) -> None:
    change(cli, "ALTER TABLE cases DROP COLUMN ticket")
    assert "cases.ticket" in findings(cli)["tables"]["message"]


def test_rows_that_name_others_that_are_gone_are_counted(filled: CommandLine) -> None:
    change(filled, "DELETE FROM mailboxes WHERE name = 'Sent'")
    assert not_ok(filled)["references"] == "failed"
    assert "1 live copies" in findings(filled)["references"]["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE mailboxes SET messages = 7 WHERE name = 'INBOX'",
        "UPDATE mailboxes SET unseen = 0 WHERE name = 'INBOX'",
        "UPDATE mailboxes SET octets = octets + 1 WHERE name = 'Sent'",
        "UPDATE mailboxes SET uid_next = 1 WHERE name = 'Sent'",
        "UPDATE mailboxes SET highest_modseq = 0 WHERE name = 'Sent'",
        "UPDATE mailboxes SET messages = 1 WHERE name = 'Trash'",
        "UPDATE accounts SET used_octets = 0",
        "UPDATE accounts SET used_messages = -1",
        "UPDATE accounts SET vault_octets = 5",
        "UPDATE accounts SET vault_messages = 5",
    ],
)
def test_wrong_counters_are_seen_and_counted_anew(
    filled: CommandLine, wrong: str
) -> None:
    before = filled("account", "show", "ada@example.org", "--json").json
    change(filled, wrong)
    assert not_ok(filled) == {"counters": "failed"}
    assert not_ok(filled, "--repair") == {}
    assert not_ok(filled) == {}
    assert filled("account", "show", "ada@example.org", "--json").json == before
    [entry] = filled("audit", "list", "--json").rows[-1:]
    assert entry["action"] == "store.recount"


def test_what_lies_in_the_vault_is_counted_there(filled: CommandLine) -> None:
    number = str(
        filled("case", "open", "subject:first", "--reason", "x", "--json").json["case"]
    )
    plan = filled("case", "preview", number, "--json").json["plan"]["sha256"]
    filled("case", "approve", number, "--plan", plan)
    assert filled("case", "run", number).status == 0
    assert not_ok(filled) == {}


def test_missing_content_is_named(filled: CommandLine) -> None:
    change(filled, "DELETE FROM blobs WHERE content IS NOT NULL", "blobs/content.db")
    assert not_ok(filled) == {"content": "failed", "content-hashes": "failed"}
    assert "2 messages" in findings(filled)["content"]["message"]


def test_a_missing_file_of_large_content_is_named(filled: CommandLine) -> None:
    [large] = (filled.data / "blobs").rglob("*.zst")
    large.unlink()
    assert not_ok(filled) == {"content": "failed", "content-hashes": "failed"}
    assert large.stem in findings(filled)["content"]["message"]


def test_content_that_was_lost_comes_back_with_an_import(
    filled: CommandLine, tmp_path: Path
) -> None:
    change(filled, "DELETE FROM blobs", "blobs/content.db")
    assert "content" in not_ok(filled)
    ran = imported(filled, "eml", tmp_path / "mails")
    assert (ran.json["imported"], ran.json["skipped_duplicates"]) == (0, 3)
    assert not_ok(filled, "--full") == {}


def test_no_content_at_all_is_a_failure(filled: CommandLine) -> None:
    for file in (filled.data / "blobs").glob("content.db*"):
        file.unlink()
    assert "content" in not_ok(filled)


def test_altered_content_is_seen(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkups, "SAMPLE", 0)
    [large] = (filled.data / "blobs").rglob("*.zst")
    octets = bytearray(large.read_bytes())
    octets[1000] ^= 1
    large.write_bytes(octets)
    assert not_ok(filled) == {}
    assert not_ok(filled, "--full") == {"content-hashes": "failed"}


def test_mail_that_is_not_indexed_is_counted_and_indexed(filled: CommandLine) -> None:
    change(filled, "UPDATE progress SET up_to = 0; DELETE FROM texts", "search.db")
    assert not_ok(filled) == {"full-text": "warning"}
    assert not_ok(filled, "--repair") == {}
    assert not_ok(filled) == {}


def test_a_broken_index_can_be_removed(filled: CommandLine) -> None:
    search = filled.data / "search.db"
    for file in filled.data.glob("search.db*"):
        file.unlink()
    search.write_bytes(b"garbage" * 1000)
    search.chmod(0o600)
    assert not_ok(filled) == {"store": "failed"}
    search.unlink()
    assert not_ok(filled, "--repair") == {}


def test_drafts_of_a_crash_are_removed_and_others_stay(filled: CommandLine) -> None:
    drafts = filled.data / "blobs" / "drafts"
    old = write(drafts / "old", b"x", datetime(2020, 1, 1, tzinfo=UTC))
    new = write(drafts / "new", b"x")
    assert not_ok(filled) == {"drafts": "warning"}
    assert not_ok(filled, "--repair") == {}
    assert (old.exists(), new.exists()) == (False, True)


def test_a_clock_behind_the_newest_event_is_seen(filled: CommandLine) -> None:
    change(filled, "UPDATE ledger SET time = time + 1000000 * 3600")
    assert not_ok(filled) == {"clock": "failed"}


def test_a_full_disk_is_seen(filled: CommandLine) -> None:
    assert not_ok(filled, "--set", "store.minimum_free=64T") == {"disk": "failed"}


def test_files_that_others_can_read_are_closed_to_them(filled: CommandLine) -> None:
    (filled.data / "postwarden.db").chmod(0o644)
    filled.data.chmod(0o755)
    assert not_ok(filled) == {"files": "failed"}
    assert not_ok(filled, "--repair") == {}
    assert stat.S_IMODE(filled.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((filled.data / "postwarden.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("year", "status"), [(2020, "failed"), (2099, None)], ids=["ended", "good"]
)
def test_a_certificate_is_looked_at(
    filled: CommandLine, tmp_path: Path, year: int, status: str | None
) -> None:
    end = datetime(year, 1, 1, tzinfo=UTC)
    issued = trustme.CA().issue_cert("mx.example.org", not_after=end)
    pem = write(tmp_path / "cert.pem", issued.cert_chain_pems[0].bytes())
    key = write(tmp_path / "key.pem", issued.private_key_pem.bytes())
    words = ("--set", f"tls.certificate={pem}", "--set", f"tls.key={key}")
    assert not_ok(filled, *words).get("tls") == status
    write(key, b"no key")
    assert not_ok(filled, *words) == {"tls": "failed"}
