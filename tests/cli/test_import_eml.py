"""`import eml`: folders of mail files into mailboxes."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.mail_files import (
    ADA,
    SEPARATOR,
    copies,
    counts,
    imported,
    mail,
    places,
    stored,
    write,
)

TIME = datetime(2020, 2, 29, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mails").mkdir()
    return tmp_path / "mails"


def test_files_at_the_top_go_to_inbox_and_sub_folders_become_mailboxes(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "10.eml", mail("ten"))
    write(folder / "9.eml", mail("nine"))
    write(folder / "inbox" / "x", mail("inner"))
    write(folder / "Sent" / "2024" / "a.txt", mail("deep"))
    write(folder / ".hidden", mail("hidden"))
    ran = imported(cli, "eml", folder)
    assert ran.status == 0
    assert set(ran.json) == {
        *("imported", "skipped_duplicates", "failed", "bytes", "seconds"),
    }
    assert counts(ran) == (4, 0, 0)
    assert places(cli) == [
        *(("INBOX", "nine"), ("INBOX", "ten"), ("INBOX", "inner")),
        ("Sent/2024", "deep"),
    ]
    assert ran.json["bytes"] == sum(row["size"] for row in copies(cli))


def test_what_is_stored_has_crlf_and_no_separator_line(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "1", mail("lf"))
    write(folder / "2", SEPARATOR + mail("separated"))
    write(folder / "3", b"Subject: mixed\r\n\nbody\n")
    expected = [stored(mail("lf")), stored(mail("separated"))]
    expected.append(b"Subject: mixed\r\n\nbody\n")
    imported(cli, "eml", folder)
    assert [row["sha256"] for row in copies(cli)] == [
        hashlib.sha256(content).hexdigest() for content in expected
    ]


def test_dates_are_received_or_date_or_the_file_s(
    cli: CommandLine, folder: Path
) -> None:
    received = "Received: by b; Sat, 21 Nov 2020 10:00:00 +0100"
    date = "Date: Fri, 20 Nov 2020 09:00:00 +0000"
    write(folder / "1", mail("a", received, date))
    write(folder / "2", mail("b", date))
    write(folder / "3", mail("c"), TIME)
    imported(cli, "eml", folder)
    assert [row["internal_date"] for row in copies(cli)] == [
        *("2020-11-21T09:00:00Z", "2020-11-20T09:00:00Z", "2020-02-29T12:00:00Z"),
    ]


def test_bad_items_are_told_with_path_and_reason_and_stop_nothing(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "1", mail())
    write(folder / "empty", b"")
    write(folder / "text", b"no header here\n\n")
    write(folder / "a*b" / "x", mail())
    write(folder / "large", mail(body="x" * 70_000))
    ran = imported(cli, "eml", folder, "--set", "smtp.message_size=64K")
    assert ran.status == 0
    assert counts(ran) == (1, 0, 4)
    told = {
        Path(line["path"]).name: line["error"]["message"]
        for line in map(json.loads, ran.err.splitlines())
    }
    assert told["empty"] == "the file is empty"
    assert "no header field" in told["text"]
    assert "mailbox name" in told["x"]
    assert "smtp.message_size" in told["large"]


def test_people_get_one_line_per_bad_item(cli: CommandLine, folder: Path) -> None:
    write(folder / "bad\nname", b"")
    ran = cli("import", "eml", str(folder), "--account", ADA, "--create")
    assert ran.status == 1
    [line] = ran.err.splitlines()
    assert line == f"path {folder}/bad\\nname: the file is empty"


def test_only_a_run_without_anything_good_fails(cli: CommandLine, folder: Path) -> None:
    assert imported(cli, "eml", folder).status == 0
    write(folder / "empty", b"")
    assert imported(cli, "eml", folder).status == 1
    write(folder / "good", mail())
    assert imported(cli, "eml", folder).status == 0
    again = imported(cli, "eml", folder)
    assert (again.status, counts(again)) == (0, (0, 1, 1))


def test_the_same_octets_are_filed_once_unless_asked(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "1", mail())
    write(folder / "2", mail())
    write(folder / "Sent" / "1", mail())
    assert counts(imported(cli, "eml", folder)) == (2, 1, 0)
    assert counts(imported(cli, "eml", folder, "--duplicates")) == (3, 0, 0)
    assert [row["mailbox"] for row in copies(cli)] == ["INBOX"] * 3 + ["Sent"] * 2


def test_one_mailbox_may_take_all(cli: CommandLine, folder: Path) -> None:
    write(folder / "1", mail("a"))
    write(folder / "a*b" / "2", mail("b"))
    ran = imported(cli, "eml", folder, "--mailbox", "Old/Mail")
    assert counts(ran) == (2, 0, 0)
    assert {mailbox for mailbox, _ in places(cli)} == {"Old/Mail"}
    assert imported(cli, "eml", folder, "--mailbox", "a//b").status == 2


def test_path_may_be_one_file(cli: CommandLine, folder: Path) -> None:
    assert counts(imported(cli, "eml", write(folder / "1.eml", mail()))) == (1, 0, 0)


def test_links_lead_nowhere_but_the_path_itself(
    cli: CommandLine, folder: Path, tmp_path: Path
) -> None:
    secret = write(tmp_path / "secret" / "1", mail("secret"))
    (folder / "link").symlink_to(secret)
    (folder / "Sent").symlink_to(secret.parent)
    os.mkfifo(folder / "pipe")
    write(folder / "1", mail("mine"))
    root = tmp_path / "root"
    root.symlink_to(folder)
    ran = imported(cli, "eml", root)
    assert counts(ran) == (1, 0, 0)
    assert places(cli) == [("INBOX", "mine")]
    errors = [json.loads(line)["error"] for line in ran.err.splitlines()]
    assert [error["code"] for error in errors] == ["skipped"] * 3
    assert sorted(error["message"] for error in errors) == [
        *("skipped: a link", "skipped: a link", "skipped: no regular file"),
    ]


def test_what_cannot_be_read_is_told(cli: CommandLine, folder: Path) -> None:
    write(folder / "1", mail()).chmod(0)
    if os.access(folder / "1", os.R_OK):
        pytest.skip("the superuser may read everything")
    write(folder / "Sent" / "1", mail())
    (folder / "Sent").chmod(0)
    ran = imported(cli, "eml", folder)
    (folder / "Sent").chmod(0o700)
    assert (ran.status, counts(ran)) == (1, (0, 0, 2))


def test_the_account_is_made_only_when_asked_and_its_domain_is_hosted(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "1", mail())
    without = cli("import", "eml", str(folder), "--account", ADA, "--json")
    assert (without.status, without.error["code"]) == (3, "not-found")
    words = ("--account", "ada@example.net", "--create")
    assert cli("import", "eml", str(folder), *words).status == 3
    assert cli("import", "eml", str(folder), "--account", "ada").status == 2
    assert cli("account", "list", "--json").rows == []


def test_a_path_that_is_not_there_makes_nothing(cli: CommandLine) -> None:
    assert imported(cli, "eml", Path("/nowhere/at/all")).status == 3
    assert cli("account", "list", "--json").rows == []


def test_there_must_be_a_store(nowhere: CommandLine, folder: Path) -> None:
    assert imported(nowhere, "eml", folder).status == 3


def test_a_dry_run_foretells_the_counts_and_changes_nothing(
    cli: CommandLine, folder: Path
) -> None:
    for name in ("1", "2", "Sent/3"):
        write(folder / name, mail())
    write(folder / "empty", b"")
    foretold = imported(cli, "eml", folder, "--dry-run")
    assert foretold.json["dry_run"] is True
    assert cli("account", "list", "--json").rows == []
    assert not (cli.data / "blobs").exists()
    assert counts(imported(cli, "eml", folder)) == counts(foretold) == (2, 1, 1)
    assert counts(imported(cli, "eml", folder, "--dry-run")) == (0, 3, 1)


def test_a_full_account_refuses_and_smaller_mails_still_fit(
    cli: CommandLine, folder: Path
) -> None:
    cli("account", "create", ADA, "--quota", "2K")
    write(folder / "1", mail("one", body="x" * 1200))
    write(folder / "2", mail("two", body="y" * 1200))
    write(folder / "3", mail("three"))
    ran = imported(cli, "eml", folder)
    assert (ran.status, counts(ran)) == (0, (2, 0, 1))
    assert json.loads(ran.err)["error"]["code"] == "over-quota"
    assert [subject for _, subject in places(cli)] == ["one", "three"]


def test_what_was_imported_is_found_by_its_words_at_once(
    cli: CommandLine, folder: Path
) -> None:
    for number in range(70):
        write(folder / str(number), mail(f"number {number}", body=f"xylophone{number}"))
    assert counts(imported(cli, "eml", folder)) == (70, 0, 0)
    assert cli("find", "xylophone69", "--count", "--json").json["copies"] == 1


def test_a_run_is_audited_even_when_the_disk_is_full(
    cli: CommandLine, folder: Path
) -> None:
    write(folder / "1", mail())
    ran = imported(cli, "eml", folder, "--set", "store.minimum_free=64T")
    assert (ran.status, ran.error["code"]) == (1, "storage-full")
    imported(cli, "eml", folder)
    entries = cli("audit", "list", "--json").rows
    runs = [entry for entry in entries if entry["action"] == "mail.import"]
    assert [entry["after"]["imported"] for entry in runs] == [0, 1]
    assert runs[0]["object"] == f"account {ADA}"
    assert runs[0]["after"]["path"] == str(folder)


def test_each_mail_has_a_trace_of_its_own(cli: CommandLine, folder: Path) -> None:
    write(folder / "1.eml", mail("a"))
    write(folder / "2.eml", mail("b"))
    imported(cli, "eml", folder)
    events = cli("trace", "event:RECEIVE", "--json").rows
    assert [event["source"] for event in events] == ["import", "import"]
    assert [event["detail"] for event in events] == ["1.eml", "2.eml"]
    assert len({event["trace_id"] for event in events}) == 2
