"""`store fsck`: messages and content from both sides, and what `--repair` removes."""

import os
import random
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import pytest
import zstandard

from postwarden.cli import content_checkup
from tests.support.command_line import CommandLine
from tests.support.mail_files import copies, imported, mail, stored, write

CLEAN = {"missing": 0, "altered": 0, "orphans": 0, "drafts": 0, "ok": True}
DAY = 86_400
TABLES = {
    "postwarden.db": ("messages", "size"),
    "search.db": ("progress", "up_to"),
    "blobs/content.db": ("blobs", "size"),
}
LARGE = mail("large", body=random.Random(1).randbytes(150_000).hex())


@pytest.fixture
def filled(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """A store with three mails, one of them large and thus a file of its own."""
    for name, content in {"1": mail("one"), "2": mail("two"), "3": LARGE}.items():
        write(tmp_path / "mails" / name, content)
    assert imported(cli, "eml", tmp_path / "mails").json["imported"] == 3
    return cli


def fsck(
    cli: CommandLine, *words: str, status: int = 0
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return findings and summary."""
    ran = cli("store", "fsck", "--json", *words)
    *findings, summary = ran.rows
    for each in findings:
        assert set(each) == {
            *("finding", "sha256", "path", "size", "detail", "repaired")
        }
    assert ran.status == status
    assert summary["ok"] == (status != 1)
    return findings, summary


def kinds(findings: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    return [(each["finding"], each["repaired"]) for each in findings]


def change(cli: CommandLine, sql: str, *values: object, database: str) -> None:
    connection = apsw.Connection(str(cli.data / database))
    connection.execute(sql, values)
    connection.close()


def content(cli: CommandLine, sql: str, *values: object) -> None:
    change(cli, sql, *values, database="blobs/content.db")


def blobs(cli: CommandLine) -> set[bytes]:
    connection = apsw.Connection(str(cli.data / "blobs" / "content.db"))
    found = {row[0] for row in connection.execute("SELECT digest FROM blobs")}
    connection.close()
    return found


def digest(content: bytes) -> bytes:
    return sha256(stored(content)).digest()


def large_file(cli: CommandLine) -> Path:
    [path] = (cli.data / "blobs").rglob("*.zst")
    return path


def add_orphan(cli: CommandLine, octets: bytes, *, age: float) -> bytes:
    """File content that is no message's."""
    key = sha256(octets).digest()
    content(
        cli,
        "INSERT INTO blobs (digest, size, stored_at, content)"
        " VALUES (?, ?, (unixepoch('subsec') - ?) * 1000000, ?)",
        *(key, len(octets), age, zstandard.compress(octets)),
    )
    return key


def aged(path: Path, age: float) -> Path:
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def break_index(path: Path, table: str, column: str) -> None:
    """Let an index say other than its table: hide it, change the table, show it."""
    connection = apsw.Connection(str(path))
    connection.execute(f"CREATE INDEX broken ON {table} ({column})")
    [row] = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'broken'")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'broken'")
    connection.close()
    connection = apsw.Connection(str(path))
    connection.execute(f"UPDATE {table} SET {column} = {column} + 1")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    connection.close()


def last_audit(cli: CommandLine) -> dict[str, Any]:
    entry: dict[str, Any] = cli("audit", "list", "--json").rows[-1]
    return entry


def test_a_good_store_has_nothing_to_tell(filled: CommandLine) -> None:
    for words in ((), ("--full",), ("--full", "--repair")):
        findings, summary = fsck(filled, *words)
        assert findings == []
        assert summary == {"messages": 3, "blobs": 3, "verified": 3, **CLEAN}
    assert last_audit(filled)["action"] != "store.fsck"


def test_an_empty_store_is_good_and_stays_without_content(cli: CommandLine) -> None:
    findings, summary = fsck(cli, "--full", "--repair")
    assert findings == []
    assert summary == {"messages": 0, "blobs": 0, "verified": 0, **CLEAN}
    assert not (cli.data / "blobs").exists()


def test_people_get_a_table_and_a_summary(filled: CommandLine) -> None:
    add_orphan(filled, b"old", age=2 * DAY)
    ran = filled("store", "fsck")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["finding", "sha256", "path", "detail", "repaired"]
    assert lines[1].split()[0] == "orphan"
    assert lines[-1].split() == ["ok", "yes"]


def test_without_a_store_the_status_says_so(nowhere: CommandLine) -> None:
    assert nowhere("store", "fsck").status == 3
    assert not nowhere.data.exists()


def test_missing_content_is_named_by_its_hash(filled: CommandLine) -> None:
    content(filled, "DELETE FROM blobs WHERE digest = ?", digest(mail("one")))
    findings, summary = fsck(filled, "--repair", status=1)
    assert kinds(findings) == [("missing", False)]
    assert findings[0]["sha256"] == digest(mail("one")).hex()
    assert findings[0]["size"] == len(stored(mail("one")))
    assert summary["missing"] == 1
    assert summary["blobs"] == 2
    found = filled("find", f"sha256:{findings[0]['sha256']}", "--json").rows
    assert [row["subject"] for row in found] == ["one"]


def test_no_content_at_all_is_missing_and_none_is_made(filled: CommandLine) -> None:
    """As when the disk of the content is not mounted."""
    for file in (filled.data / "blobs").glob("content.db*"):
        file.unlink()
    findings, summary = fsck(filled, "--repair", "--full", status=1)
    assert kinds(findings) == [
        *[("missing", False)] * 2,
        ("file-without-row", False),
        ("missing", False),
    ]
    assert (summary["missing"], summary["blobs"]) == (3, 0)
    assert not list((filled.data / "blobs").glob("content.db*"))
    assert large_file(filled).exists()


def test_a_row_whose_file_is_gone_is_told_from_both_sides(filled: CommandLine) -> None:
    large_file(filled).unlink()
    findings, summary = fsck(filled, "--repair", status=1)
    assert kinds(findings) == [("missing", False), ("row-without-file", False)]
    assert {each["sha256"] for each in findings} == {digest(LARGE).hex()}
    assert summary["missing"] == 1
    assert summary["orphans"] == 0


def test_a_file_whose_row_is_gone_is_filed_again(filled: CommandLine) -> None:
    aged(large_file(filled), 2 * DAY)
    content(filled, "DELETE FROM blobs WHERE content IS NULL")
    findings, summary = fsck(filled, status=1)
    assert kinds(findings) == [("file-without-row", False), ("missing", False)]
    assert summary["orphans"] == 0

    findings, summary = fsck(filled, "--repair")
    assert kinds(findings) == [("file-without-row", True)]
    assert last_audit(filled)["after"]["refiled"] == 1
    assert fsck(filled, "--full")[0] == []
    assert large_file(filled).exists()


def test_a_file_without_a_row_is_not_filed_when_it_is_altered(
    filled: CommandLine,
) -> None:
    content(filled, "DELETE FROM blobs WHERE content IS NULL")
    aged(large_file(filled), 2 * DAY).write_bytes(zstandard.compress(b"other"))
    findings, _ = fsck(filled, "--repair", status=1)
    assert kinds(findings) == [("file-without-row", False), ("missing", False)]
    assert digest(LARGE) not in blobs(filled)
    assert large_file(filled).exists()


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
def test_altered_content_is_seen_when_it_is_read(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    key = digest(LARGE if is_large else mail("two"))
    if is_large:
        large_file(filled).write_bytes(zstandard.compress(b"other"))
    else:
        other = zstandard.compress(b"other")
        content(filled, "UPDATE blobs SET content = ? WHERE digest = ?", other, key)
    monkeypatch.setattr(content_checkup, "SAMPLE", 0)
    assert fsck(filled)[1]["verified"] == 0

    findings, summary = fsck(filled, "--full", status=1)
    assert kinds(findings) == [("altered", False)]
    assert findings[0]["sha256"] == key.hex()
    assert summary["altered"] == 1
    assert summary["missing"] == 0
    assert summary["verified"] == 3


def test_the_sample_is_bounded_and_all_content_is_looked_for(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_checkup, "SAMPLE", 2)
    assert fsck(filled)[1]["verified"] == 2
    content(filled, "DELETE FROM blobs")
    _, summary = fsck(filled, status=1)
    assert summary["missing"] == 3
    assert summary["verified"] == 0


def test_only_old_content_that_is_nobody_s_is_told_and_removed(
    filled: CommandLine,
) -> None:
    old = add_orphan(filled, b"old", age=DAY + 60)
    young = add_orphan(filled, b"young", age=DAY - 60)
    findings, summary = fsck(filled)
    assert kinds(findings) == [("orphan", False)]
    assert findings[0]["sha256"] == old.hex()
    assert summary == {
        **CLEAN,
        "messages": 3,
        "blobs": 5,
        "verified": 3,
        "orphans": 1,
    }
    assert old in blobs(filled)

    findings, summary = fsck(filled, "--repair")
    assert kinds(findings) == [("orphan", True)]
    assert summary["orphans"] == 1
    assert {old, young} & blobs(filled) == {young}
    entry = last_audit(filled)
    assert entry["action"] == "store.fsck"
    assert entry["after"] == {
        "orphans": 1,
        "octets": len(b"old"),
        "refiled": 0,
        "drafts": 0,
    }

    assert fsck(filled, "--repair", "--full")[0] == []
    assert len(copies(filled)) == 3


def test_old_content_of_messages_is_never_removed(filled: CommandLine) -> None:
    content(filled, "UPDATE blobs SET stored_at = 0")
    aged(large_file(filled), 9 * DAY)
    assert fsck(filled, "--repair")[0] == []
    assert fsck(filled, "--full")[1]["ok"]


def test_large_orphans_go_with_their_file(filled: CommandLine) -> None:
    forget = "DELETE FROM messages WHERE sha256 = ?"
    change(filled, forget, digest(LARGE), database="postwarden.db")
    aged(large_file(filled), 2 * DAY)
    content(filled, "UPDATE blobs SET stored_at = 0")

    findings, _ = fsck(filled, "--repair")

    assert kinds(findings) == [("orphan", True)]
    assert digest(LARGE) not in blobs(filled)
    assert list((filled.data / "blobs").rglob("*.zst")) == []


def test_files_that_are_nobody_s_are_removed_when_they_are_old(
    filled: CommandLine,
) -> None:
    large = large_file(filled).parent
    name = sha256(b"nobody").hexdigest()
    young = write(large / f"{sha256(b'young').hexdigest()}.zst", b"x")
    old = aged(write(large / f"{name}.zst", b"xy"), 2 * DAY)
    other = aged(write(large / "README", b"not content"), 2 * DAY)

    findings, summary = fsck(filled)
    assert kinds(findings) == [("orphan", False)]
    assert findings[0]["sha256"] == name
    assert findings[0]["path"] == str(old)
    assert summary["orphans"] == 1

    assert kinds(fsck(filled, "--repair")[0]) == [("orphan", True)]
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)
    assert fsck(filled, "--full")[0] == []


def test_old_drafts_are_told_and_removed(filled: CommandLine) -> None:
    drafts = filled.data / "blobs" / "drafts"
    old = aged(write(drafts / "old", b"xyz"), DAY + 60)
    young = aged(write(drafts / "young", b"x"), DAY - 60)

    findings, summary = fsck(filled)
    assert kinds(findings) == [("draft", False)]
    assert (findings[0]["path"], findings[0]["size"]) == (str(old), 3)
    assert summary["drafts"] == 1

    assert kinds(fsck(filled, "--repair")[0]) == [("draft", True)]
    assert (old.exists(), young.exists()) == (False, True)
    assert last_audit(filled)["after"]["drafts"] == 1


def test_content_of_another_store_is_not_removed(
    filled: CommandLine, tmp_path: Path
) -> None:
    """As when `--blobs` names the wrong place, or the rows were lost."""
    content(filled, "UPDATE blobs SET stored_at = 0")
    blobs_before = blobs(filled)
    words = ("--blobs", f"file:{filled.data / 'blobs'}")
    other = CommandLine(tmp_path / "other", filled.monkeypatch, filled.capsys)
    assert other("quickstart", "eve@example.net").status == 0

    findings, _ = fsck(other, *words)
    assert kinds(findings) == [("orphan", False)] * 3
    ran = other("store", "fsck", "--repair", "--json", *words)
    assert ran.status == 5
    assert ran.error["code"] == "refused"
    assert ran.rows[-1]["orphans"] == 3
    assert blobs(filled) == blobs_before
    assert large_file(filled).exists()


@pytest.mark.parametrize("database", TABLES)
def test_damaged_databases_are_named_and_nothing_is_removed(
    filled: CommandLine, database: str
) -> None:
    old = add_orphan(filled, b"old", age=2 * DAY)
    path = filled.data / database
    break_index(path, *TABLES[database])

    findings, _ = fsck(filled, "--repair", status=1)

    damaged = [each for each in findings if each["finding"] == "damaged"]
    assert {each["path"] for each in damaged} == {str(path)}
    assert all(each["detail"] for each in damaged)
    assert not any(each["repaired"] for each in findings)
    assert old in blobs(filled)


def test_a_file_that_is_no_database_ends_the_check(filled: CommandLine) -> None:
    for file in filled.data.glob("search.db*"):
        file.unlink()
    write(filled.data / "search.db", b"garbage" * 1000)
    findings, summary = fsck(filled, status=1)
    assert [kind for kind, _ in kinds(findings)] == ["damaged", "stopped"]
    assert summary["messages"] == 0


def test_it_runs_in_chunks(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {add_orphan(filled, b"%d" % n, age=2 * DAY) for n in range(7)}
    monkeypatch.setattr(content_checkup, "PAGE", 2)
    monkeypatch.setattr("postwarden.cli.invocation.PAGE", 2)
    findings, summary = fsck(filled, "--repair")
    assert {bytes.fromhex(each["sha256"]) for each in findings} == old
    assert (summary["messages"], summary["blobs"]) == (3, 10)
    assert len(blobs(filled)) == 3
