"""`similar:file:PATH`: what is no mail is told, and nothing is read without end."""

from pathlib import Path

import pytest

from postwarden.cli import queries
from tests.support.command_line import CommandLine


@pytest.mark.parametrize("path", ["/dev/zero", "/absent", "/dev"])
def test_what_is_no_mail_file_is_refused(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(queries, "MAX_FILE", 1 << 20)
    ran = cli("find", f"similar:file:{path}", "--json")
    assert ran.status == 2
    assert ran.error["field"] == "similar"


def test_a_mail_is_found_by_its_file(cli: CommandLine, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"Subject: one\n\nwords\n")
    words = ("import", "eml", str(mail), "--account", "ada@example.org", "--create")
    assert cli(*words).status == 0
    [found] = cli("find", f"similar:file:{mail}", "--json").rows
    assert (found["subject"], found["class"]) == ("one", "exact")
