"""Pages that tell a whole story: their commands are run in order, as they stand."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.docs import tree
from tests.support.command_line import CommandLine, Ran
from tests.support.scripted_ews import ScriptedEws, scripted_ews
from tests.support.tracking import MESSAGE_ID, write_logs

ADA, BOB, CARL = (f"{name}@example.org" for name in ("ada", "bob", "carl"))
URL = "https://ex.example.org/EWS/Exchange.asmx"
PLAN = "3f79bb7b435b0532..."
BIG = (
    f"Message-ID: {MESSAGE_ID}\r\nDate: Fri, 27 Nov 2026 08:00:00 +0000\r\n"
    "From: eve@example.net\r\nTo: ada@example.org\r\n"
    "Subject: Quarterly figures, final\r\n\r\nfigures\r\n"
).encode()


def commands(page: str, section: str = "# ") -> Iterator[list[str]]:
    """Yield the command lines of a page's shell blocks, in their order."""
    text = (tree.DOCS / f"{page}.md").read_text("utf-8").partition(section)[2]
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            first, *words = shlex.split(line)
            assert first == "postwarden"
            yield words


@pytest.fixture
def server() -> Iterator[ScriptedEws]:
    with scripted_ews(ADA, BOB, CARL) as served:
        yield served


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the story happens: a folder with the logs of the last hour."""
    write_logs(tmp_path / "logs", datetime.now(UTC) - timedelta(hours=1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Story:
    """Runs what a page says; `told` is what each command has printed."""

    def __init__(self, cli: CommandLine, url: str) -> None:
        self._cli, self._url, self._plan = cli, url, ""
        self.told: dict[str, Ran] = {}

    def go_on(self, words: list[str]) -> Ran:
        stdin = b""
        if "<" in words:
            words, stdin = words[: words.index("<")], b"secret\n"
        named = " ".join(words[:2])
        words = [{URL: self._url, PLAN: self._plan}.get(w, w) for w in words]
        ran = self._cli(*words, stdin=stdin)
        assert ran.status == 0, (words, ran.err)
        if words[:2] == ["case", "preview"]:
            (self._plan,) = set(re.findall(r"\b[0-9a-f]{64}\b", ran.err))
        self.told[named] = ran
        return ran


def test_the_worked_example_works(
    cli: CommandLine, server: ScriptedEws, place: Path
) -> None:
    server.add(ADA, "inbox", BIG, message_id=MESSAGE_ID)
    server.add(BOB, "sub", BIG, message_id=MESSAGE_ID)
    server.add(CARL, "deletions", BIG, message_id="<other@example.net>")
    before = {a: [i.folder for i in box.items] for a, box in server.boxes.items()}
    story = Story(cli, server.url)
    aside: list[str] = []
    for words in commands("worked-example"):
        ran = story.go_on(words)
        if words[0] == "trace":
            assert MESSAGE_ID in ran.out or ADA in ran.out
        if words[:2] == ["case", "run"]:
            aside = [
                box.folders[item.folder][1]
                for box in server.boxes.values()
                for item in box.items
            ]
    assert sorted(aside) == ["Deletions", "Postwarden", "Postwarden"]
    find = story.told["find message-id:<big.1@example.net>"].out
    assert ADA in find
    assert BOB in find
    for name in ("before", "after"):
        (mail,) = (place / name / "messages").iterdir()
        assert mail.read_bytes() == BIG
    assert before == {
        a: [i.folder for i in box.items] for a, box in server.boxes.items()
    }
    rows = cli("case", "report", "1", "--format", "json").json["accounts"]
    assert {row["account"] for row in rows} >= {ADA, BOB}
    delivered = {row["account"]: row["delivered_at"] for row in rows}
    assert delivered[ADA] is not None


def test_the_example_of_tracing_works(
    cli: CommandLine, place: Path, tmp_path: Path
) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "big.eml").write_bytes(BIG)
    words = ("import", "eml", str(mail), "--account", ADA, "--create")
    assert cli(*words).status == 0
    assert cli("import", "tracking-log", str(place / "logs")).status == 0
    story = Story(cli, "")
    for line in commands("tracing", "## From a log to every copy"):
        story.go_on(line)
    preview = cli("case", "preview", "1", "--json").json["plan"]
    assert [item["account"] for item in preview["items"]] == [ADA]
    assert [each["account"] for each in preview["traced"]["shown"]] == [BOB]
