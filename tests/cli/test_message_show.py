"""`message show`: content for whoever may see it, with a reason, audited first."""

from pathlib import Path

import pytest

from tests.e2e import mails
from tests.support.command_line import CommandLine

ORIGINAL = mails.mail("original", subject="Ignore \x1b[2J this")
MAIL = mails.forwarding("outer", ORIGINAL)


@pytest.fixture
def sha256(cli: CommandLine, tmp_path: Path) -> str:
    (tmp_path / "1.eml").write_bytes(MAIL)
    account = ("--account", "ada@example.org", "--create")
    assert cli("import", "eml", str(tmp_path / "1.eml"), *account).status == 0
    return str(cli("find", "all", "--json").rows[0]["sha256"])


WHY = ("--reason", "ticket 4711")


def test_a_look_takes_a_reason_and_is_audited_with_it(
    cli: CommandLine, sha256: str
) -> None:
    shown = cli("message", "show", sha256, *WHY, "--json").json
    assert shown["subject"] == "Fwd: have a look outer"
    assert "What is this?" in shown["text"]
    (entry,) = (
        each
        for each in cli("audit", "list", "--json").rows
        if each["action"] == "message.show"
    )
    assert (entry["object"], entry["reason"]) == (f"message {sha256}", "ticket 4711")
    assert entry["after"] == {"part": "text"}
    assert cli("message", "show", sha256, "--reason", " ").status == 2


def test_a_look_that_cannot_be_audited_shows_nothing(
    cli: CommandLine, sha256: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr("postwarden.services.showing.audit.record", fails)
    ran = cli("message", "show", sha256, *WHY, "--raw")
    assert (ran.status, ran.out) == (1, "")


def test_parts_of_a_message_are_shown_by_themselves(
    cli: CommandLine, sha256: str
) -> None:
    assert cli("message", "show", sha256, *WHY, "--raw").out.encode() == MAIL
    headers = cli("message", "show", sha256, *WHY, "--headers").out
    assert headers.startswith("Date: ")
    assert "What is this?" not in headers
    parts = cli("message", "show", sha256, *WHY, "--structure", "--json").rows
    assert [(each["part"], each["content_type"]) for each in parts][:3] == [
        ("TEXT", "multipart/mixed"),
        ("1", "text/plain"),
        ("2", "message/rfc822"),
    ]
    assert "What is this?" in cli("message", "show", sha256, *WHY, "--part", "1").out
    attached = cli("message", "show", sha256, *WHY, "--part", "2").out
    assert "X-Token: original" in attached
    assert cli("message", "show", sha256, *WHY, "--part", "9").status == 3
    assert cli("message", "show", sha256, *WHY, "--raw", "--headers").status == 2


def test_what_is_not_there_is_not_found(cli: CommandLine) -> None:
    for name in ("0" * 64, "no-such-trace", ""):
        assert cli("message", "show", name, *WHY).status == 3
