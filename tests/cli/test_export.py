"""`export account`: the stored octets in files, and back again."""

import hashlib
import json
import mailbox as reference
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postwarden.model.mailboxes import mailbox_name
from tests.support.command_line import CommandLine, Ran
from tests.support.mail_files import (
    ADA,
    SEPARATOR,
    copies,
    counts,
    imported,
    mail,
    stored,
    write,
)

TIME = datetime(2020, 2, 29, 12, tzinfo=UTC)
FORMATS = ("eml", "maildir", "mbox")
ODD = mail("odd", body="From me\n>From you\n\n" + SEPARATOR.decode() + "no end")[:-1]


@pytest.fixture
def filled(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Ada with three mails in two mailboxes, with flags and keywords."""
    root = tmp_path / "Maildir"
    write(root / "cur" / "1.a:2,FS", mail("first"), TIME)
    write(root / "new" / "2.a", ODD, TIME)
    write(root / ".Sent.2024" / "cur" / "1.a:2,Sa", mail("sent"), TIME)
    write(root / ".Sent.2024" / "dovecot-keywords", b"0 todo\n")
    assert counts(imported(cli, "maildir", root)) == (3, 0, 0)
    return cli


def export(cli: CommandLine, to: Path, *words: str) -> Ran:
    return cli("export", "account", ADA, "--to", str(to), "--json", *words)


def hashes(cli: CommandLine, account: str) -> list[tuple[str, str]]:
    return [
        (row["mailbox"], row["sha256"])
        for row in copies(cli)
        if row["account"] == account
    ]


def test_each_copy_is_a_file_of_the_stored_octets(
    filled: CommandLine, tmp_path: Path
) -> None:
    ran = export(filled, tmp_path / "out")
    assert ran.status == 0
    assert {k: v for k, v in ran.json.items() if k != "seconds"} == {
        "account": ADA,
        "directory": str(tmp_path / "out"),
        "format": "eml",
        "exported": 3,
        "failed": 0,
        "bytes": sum(row["size"] for row in copies(filled)),
    }
    first = tmp_path / "out" / "INBOX" / "1.eml"
    assert first.read_bytes() == stored(mail("first"))
    assert first.stat().st_mtime == TIME.timestamp()
    for row in copies(filled):
        file = tmp_path / "out" / row["mailbox"] / f"{row['uid']}.eml"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == row["sha256"]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_index_has_what_find_prints(
    filled: CommandLine, tmp_path: Path, kind: str
) -> None:
    export(filled, tmp_path / "out", "--format", kind)
    lines = (tmp_path / "out" / "index.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == copies(filled)


@pytest.mark.parametrize("kind", FORMATS)
def test_nobody_else_can_read_an_export(
    filled: CommandLine, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    export(filled, out, "--format", kind)
    for path in (out, *out.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_can_be_imported_again_to_the_last_octet(
    filled: CommandLine, tmp_path: Path, kind: str
) -> None:
    export(filled, tmp_path / "out", "--format", kind)
    words = ("--account", "bob@example.org", "--create", "--json")
    ran = filled("import", kind, str(tmp_path / "out"), *words)
    assert (ran.status, counts(ran)) == (0, (3, 0, 0))
    assert hashes(filled, "bob@example.org") == hashes(filled, ADA)


def test_a_maildir_keeps_flags_keywords_and_dates(
    filled: CommandLine, tmp_path: Path
) -> None:
    export(filled, tmp_path / "out", "--format", "maildir")
    words = ("--account", "bob@example.org", "--create")
    filled("import", "maildir", str(tmp_path / "out"), *words)
    kept = ("mailbox", "flags", "internal_date")
    facts: dict[str, list[list[object]]] = {}
    for row in copies(filled):
        facts.setdefault(row["account"], []).append([row[name] for name in kept])
    assert facts["bob@example.org"] == facts[ADA]


def test_other_programs_can_read_our_maildir(
    filled: CommandLine, tmp_path: Path
) -> None:
    export(filled, tmp_path / "out", "--format", "maildir")
    root = reference.Maildir(tmp_path / "out", create=False)
    assert sorted(root.list_folders()) == [
        *("Drafts", "Junk", "Sent", "Sent.2024", "Trash"),
    ]
    seen = {each["subject"]: each.get_flags() for each in root}
    assert seen == {"first": "FS", "odd": ""}


def test_other_programs_can_cut_our_mbox(filled: CommandLine, tmp_path: Path) -> None:
    export(filled, tmp_path / "out", "--format", "mbox")
    with closing(reference.mbox(tmp_path / "out" / "INBOX.mbox")) as box:
        first, odd = box.values()
    assert first.as_bytes() == mail("first")
    assert odd["subject"] == "odd"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_folder_with_anything_in_it_is_refused(
    filled: CommandLine, tmp_path: Path, kind: str
) -> None:
    write(tmp_path / "out" / "mine", b"x")
    ran = export(filled, tmp_path / "out", "--format", kind)
    assert (ran.status, ran.error["code"]) == (5, "refused")
    assert export(filled, tmp_path / "out" / "mine", "--format", kind).status == 5
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    assert export(filled, tmp_path / "empty", "--format", kind).status == 0


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "name",
    [
        *(".hidden", "1.eml", "index.jsonl", "INBOX.mbox", "a.b/c", "cur", "R&D"),
        *("Entwürfe", "a:b\\c", "ends with dot.", "é" * 100, "a/" * 19 + "b"),
    ],
)
def test_any_mailbox_name_stays_inside_and_comes_back(
    cli: CommandLine, tmp_path: Path, kind: str, name: str
) -> None:
    assert mailbox_name(name) == name
    write(tmp_path / "mails" / "1", mail())
    imported(cli, "eml", tmp_path / "mails", "--mailbox", name)
    if kind == "maildir" and len(name) == 100:
        # Twice as long in modified UTF-7, and folders of a maildir are flat.
        ran = export(cli, tmp_path / "out", "--format", kind)
        assert (ran.status, ran.error["code"]) == (1, "unsupported")
        return
    assert export(cli, tmp_path / "out", "--format", kind).status == 0
    words = ("--account", "bob@example.org", "--create")
    cli("import", kind, str(tmp_path / "out"), *words)
    assert [box for box, _ in hashes(cli, "bob@example.org")] == [name]


def test_contained_mail_stays_behind(filled: CommandLine, tmp_path: Path) -> None:
    opened = filled("case", "open", "subject:first", "--reason", "x", "--json").json
    number = str(opened["case"])
    plan = filled("case", "preview", number, "--json").json["plan"]["sha256"]
    assert filled("case", "approve", number, "--plan", plan).status == 0
    assert filled("case", "run", number).status == 0
    assert export(filled, tmp_path / "out").json["exported"] == 2


def test_damaged_content_is_told_and_the_rest_is_written(
    filled: CommandLine, tmp_path: Path
) -> None:
    (filled.data / "blobs" / "content.db").unlink()
    ran = export(filled, tmp_path / "out")
    assert (ran.status, ran.json["exported"], ran.json["failed"]) == (1, 0, 3)
    told = [json.loads(line) for line in ran.err.splitlines()]
    assert [(line["mailbox"], line["uid"]) for line in told] == [
        *(("INBOX", 1), ("INBOX", 2), ("Sent/2024", 1)),
    ]


def test_an_export_is_audited_and_in_the_ledger(
    filled: CommandLine, tmp_path: Path
) -> None:
    export(filled, tmp_path / "out")
    entry = filled("audit", "list", "--json").rows[-1]
    assert (entry["action"], entry["object"]) == ("mail.export", f"account {ADA}")
    assert entry["after"]["directory"] == str(tmp_path / "out")
    assert len(filled("trace", "event:EXPORT", "--json").rows) == 3


def test_what_is_not_there_or_not_known_is_told(
    cli: CommandLine, tmp_path: Path
) -> None:
    assert export(cli, tmp_path / "out").status == 3
    assert not (tmp_path / "out").exists()
    cli("account", "create", ADA)
    assert export(cli, tmp_path / "out", "--format", "zip").status == 2
