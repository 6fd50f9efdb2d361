"""`backup` and `restore`: what an operator does, and what is told."""

import hashlib
import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.support.command_line import CommandLine

ADA = "ada@example.org"


@pytest.fixture
def filled(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """An account with three mails, and a signing key."""
    (tmp_path / "mails").mkdir()
    for number in range(3):
        mail = f"From: eve@example.net\r\nSubject: mail {number}\r\n\r\ntext\r\n"
        (tmp_path / "mails" / f"{number}.eml").write_bytes(mail.encode())
    words = ("import", "eml", str(tmp_path / "mails"), "--account", ADA, "--create")
    assert cli(*words).status == 0
    assert cli("audit", "anchor").status == 0
    return cli


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def elsewhere(cli: CommandLine, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "new", cli.monkeypatch, cli.capsys)


def test_a_store_comes_back_from_its_backup(
    filled: CommandLine, backup: Path, tmp_path: Path
) -> None:
    made = filled("backup", "--to", str(backup), "--json")
    assert made.status == 0
    assert made.json["messages"] == 3
    assert filled("audit", "list", "--json").rows[-1]["action"] == "backup.create"

    verified = filled.bare("backup", "verify", str(backup), "--json").json
    assert verified["whole"]
    assert verified["restore_seconds"] > 0
    new = elsewhere(filled, tmp_path)
    rehearsed = new("restore", "--from", str(backup), "--dry-run", "--json").json
    assert rehearsed["changes"][0]["action"] == "store.restore"
    assert not new.data.exists()
    restored = new("restore", "--from", str(backup), "--json").json

    assert (restored["messages"], restored["master_key"]) == (3, False)
    assert new("find", "all", "--json").out == filled("find", "all", "--json").out
    assert new("audit", "verify").status == 0
    entry = new("audit", "list", "--json").rows[-1]
    assert entry["action"] == "store.restore"
    assert entry["after"]["audit_hash"] == made.json["audit_hash"]
    assert new("store", "fsck", "--full").status == 0
    assert new("restore", "--from", str(backup)).status == 5


def test_without_the_master_key_all_works_but_what_is_sealed(
    filled: CommandLine, backup: Path, tmp_path: Path
) -> None:
    filled("backup", "--to", str(backup))
    assert not (backup / "master.key").exists()
    new = elsewhere(filled, tmp_path)
    restored = new("restore", "--from", str(backup))

    assert "master key is not there" in restored.err
    assert new("account", "create", "bob@example.org").status == 0
    assert new("audit", "verify").status == 0
    anchored = new("audit", "anchor", "--json")
    assert anchored.status == 1
    assert "bring it back" in anchored.error["message"]
    key = (filled.data / "master.key").read_bytes()
    (new.data / "master.key").write_bytes(key)
    assert new("audit", "anchor").status == 0


def test_the_master_key_comes_along_where_it_is_asked_for(
    filled: CommandLine, backup: Path, tmp_path: Path
) -> None:
    filled("backup", "create", "--to", str(backup), "--with-master-key")
    new = elsewhere(filled, tmp_path)
    restored = new("restore", "--from", str(backup), "--json")
    assert restored.json["master_key"] is True
    assert new("audit", "anchor").status == 0


def test_what_is_no_whole_backup_is_said_to_be_none(
    filled: CommandLine, backup: Path
) -> None:
    assert filled.bare("backup", "verify", str(backup)).status == 3
    filled("backup", "--to", str(backup))
    assert filled("backup", "--to", str(backup)).status == 5
    (backup / "UNFINISHED").touch()
    assert filled.bare("backup", "verify", str(backup)).status == 5
    assert filled("backup", "--to", str(backup)).status == 0
    (backup / "postwarden.db").write_bytes(b"")
    damaged = filled.bare("backup", "verify", str(backup), "--json")
    assert damaged.status == 1
    assert damaged.error["message"] == "postwarden.db: altered"
    assert damaged.json["whole"] is False


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE mailboxes SET messages = 9", "count wrongly"),
        ("UPDATE audit SET actor = 'eve' WHERE id = 2", "entry 2 was altered"),
        ("DELETE FROM audit WHERE id > 3", "its end is not the one"),
        ("DELETE FROM messages WHERE id = 1", "copies without a message"),
        ("UPDATE messages SET sha256 = zeroblob(32) WHERE id = 1", "no content"),
    ],
)
def test_the_drill_finds_what_hashes_do_not(
    filled: CommandLine, backup: Path, sql: str, problem: str
) -> None:
    """As if the store had been damaged before the backup was made."""
    filled("backup", "--to", str(backup))
    rows, manifest = backup / "postwarden.db", backup / "MANIFEST.json"
    with closing(apsw.Connection(str(rows))) as raw:
        raw.execute(sql)
    facts = json.loads(manifest.read_text())
    facts["files"]["postwarden.db"] = hashlib.sha256(rows.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(facts))

    assert filled.bare("backup", "verify", str(backup), "--quick").status == 0
    verified = filled.bare("backup", "verify", str(backup))

    assert verified.status == 1
    assert problem in verified.err


def test_damage_that_the_store_has_already_is_told(
    filled: CommandLine, backup: Path
) -> None:
    with closing(apsw.Connection(str(filled.data / "blobs/content.db"))) as raw:
        raw.execute("DELETE FROM blobs WHERE id = 1")

    made = filled("backup", "--to", str(backup), "--json")

    assert made.status == 1
    assert made.json["missing"] == 1
    assert "store fsck" in made.error["message"]
    assert filled.bare("backup", "verify", str(backup)).status == 0


def test_nobody_restores_with_a_key(filled: CommandLine, backup: Path) -> None:
    filled("backup", "--to", str(backup))
    for words in (("restore", "--from"), ("backup", "verify")):
        assert filled("--key", "pwk_x", *words, str(backup)).status == 4


def test_a_key_makes_a_backup_only_where_its_owner_may(
    filled: CommandLine, backup: Path
) -> None:
    filled("admin", "create", "dan", "--role", "auditor")
    key = filled("key", "create", "--actor", "dan", "--json").json["secret"]
    assert filled("--key", key, "backup", "--to", str(backup)).status == 4
    assert not backup.exists()
