"""`import maildir` and `import mbox`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.mail_files import (
    SEPARATOR,
    copies,
    counts,
    imported,
    mail,
    places,
    write,
)

TIME = datetime(2020, 2, 29, 12, tzinfo=UTC)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    root = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (root / part).mkdir(parents=True)
    return root


def test_a_maildir_brings_flags_dates_and_folders(
    cli: CommandLine, maildir: Path
) -> None:
    date = "Date: Fri, 20 Nov 2009 09:00:00 +0000"
    write(maildir / "cur" / "1.a:2,FRS", mail("flagged", date), TIME)
    write(maildir / "cur" / "2.a:2,ab", mail("with keywords"), TIME)
    write(maildir / "new" / "3.a:2,S", mail("new"), TIME)
    write(maildir / "tmp" / "4.a", mail("unfinished"))
    write(maildir / "dovecot-keywords", b"0 $Junk\n")
    write(maildir / ".A.Entw&APw-rfe" / "cur" / "1.a:2,D", mail("draft"), TIME)
    write(maildir / ".B" / "new" / "1.a", mail("below"), TIME)
    write(maildir / "fs" / "cur" / "1.a:2,S", mail("plain folder"), TIME)
    write(maildir / "not" / "a" / "mailbox", mail("elsewhere"))
    ran = imported(cli, "maildir", maildir)
    assert (ran.status, counts(ran)) == (0, (6, 0, 0))
    assert [(r["mailbox"], r["subject"], r["flags"]) for r in copies(cli)] == [
        ("A/Entwürfe", "draft", ["\\Draft"]),
        ("B", "below", []),
        ("INBOX", "flagged", ["\\Seen", "\\Answered", "\\Flagged"]),
        ("INBOX", "with keywords", ["$Junk"]),
        ("INBOX", "new", []),
        ("fs", "plain folder", ["\\Seen"]),
    ]
    assert {row["internal_date"] for row in copies(cli)} == {"2020-02-29T12:00:00Z"}


def test_a_maildir_folder_that_names_no_mailbox_is_told_for_each_mail(
    cli: CommandLine, maildir: Path
) -> None:
    write(maildir / ".A..B" / "cur" / "1.a:2,", mail())
    write(maildir / ".A..B" / "cur" / "2.a:2,", mail())
    assert counts(imported(cli, "maildir", maildir)) == (0, 0, 2)
    assert counts(imported(cli, "maildir", maildir, "--mailbox", "Old")) == (1, 1, 0)


def test_a_link_to_keywords_is_not_followed(cli: CommandLine, maildir: Path) -> None:
    write(maildir / "cur" / "1.a:2,a", mail())
    (maildir / "dovecot-keywords").symlink_to("/etc/passwd")
    assert counts(imported(cli, "maildir", maildir)) == (1, 0, 0)
    assert copies(cli)[0]["flags"] == []


def test_a_folder_that_is_no_maildir_is_a_usage_error_and_makes_nothing(
    cli: CommandLine, tmp_path: Path
) -> None:
    write(tmp_path / "x" / "1.eml", mail())
    ran = imported(cli, "maildir", tmp_path / "x")
    assert (ran.status, ran.error["code"]) == (2, "invalid")
    assert cli("account", "list", "--json").rows == []


def test_an_mbox_brings_the_dates_of_its_separators(
    cli: CommandLine, tmp_path: Path
) -> None:
    quoted = mail("quoted", body=">From me\n\nFrom Monday on")
    octets = SEPARATOR + mail("first") + b"\n" + SEPARATOR + quoted + b"\n"
    ran = imported(cli, "mbox", write(tmp_path / "old", octets))
    assert (ran.status, counts(ran)) == (0, (2, 0, 0))
    rows = copies(cli)
    assert [row["subject"] for row in rows] == ["first", "quoted"]
    assert {row["internal_date"] for row in rows} == {"2002-08-22T12:36:23Z"}
    assert rows[1]["size"] == len(quoted.replace(b"\n", b"\r\n"))


def test_bad_mails_of_an_mbox_are_named_by_number(
    cli: CommandLine, tmp_path: Path
) -> None:
    large = mail("large", body="x" * 70_000)
    parts = [mail("good"), b"no header\n", large, mail("last")]
    octets = b"".join(SEPARATOR + part + b"\n" for part in parts)
    path = write(tmp_path / "old", octets)
    ran = cli(
        *("import", "mbox", str(path), "--account", "ada@example.org", "--create"),
        *("--set", "smtp.message_size=64K"),
    )
    assert ran.status == 0
    lines = ran.err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"path {path}"] * 2
    assert "mail 2: not a mail" in lines[0]
    assert "mail 3: larger than" in lines[1]
    assert [subject for _, subject in places(cli)] == ["good", "last"]


def test_a_file_that_is_no_mbox_fails(cli: CommandLine, tmp_path: Path) -> None:
    ran = imported(cli, "mbox", write(tmp_path / "x", mail()))
    assert (ran.status, counts(ran)) == (1, (0, 0, 1))
    assert "not an mbox" in ran.error["message"]


def test_files_of_a_folder_are_mailboxes(cli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    write(folder / "Sent.mbox", SEPARATOR + mail("sent"))
    write(folder / "work" / "2024", SEPARATOR + mail("old"))
    write(folder / "empty", b"")
    assert counts(imported(cli, "mbox", folder)) == (2, 0, 0)
    assert places(cli) == [("Sent", "sent"), ("work/2024", "old")]


def test_a_large_mbox_is_read_in_pieces(cli: CommandLine, tmp_path: Path) -> None:
    mails = [mail(str(n), body="line\n" * 2000) for n in range(300)]
    octets = b"".join(SEPARATOR + each + b"\n" for each in mails)
    assert len(octets) > 2 << 20
    ran = imported(cli, "mbox", write(tmp_path / "large", octets))
    assert counts(ran) == (300, 0, 0)
    assert [subject for _, subject in places(cli)] == [str(n) for n in range(300)]
