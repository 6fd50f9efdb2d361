"""Mail written to a folder: whole, and durable when it says so."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postwarden.adapters import flushing
from postwarden.adapters.mailexports import (
    EmlWriter,
    ExportFolder,
    MaildirWriter,
    MboxWriter,
)
from postwarden.model.mailboxes import CopyState, Flag
from postwarden.services.ports import CopyFacts
from tests.support.factories import digest

CONTENT = b"Subject: hello\r\n\r\nFrom me\r\n"


def facts(mailbox: str, uid: int) -> CopyFacts:
    return CopyFacts(
        id=uid,
        account=1,
        address="ada@example.org",
        mailbox=mailbox,
        mailbox_id=1,
        uid=uid,
        flags=Flag.SEEN,
        keywords=("Important",),
        internal_date=datetime(2026, 1, 2, tzinfo=UTC),
        state=CopyState.LIVE,
        message=1,
        size=len(CONTENT),
        sha256=digest("one"),
        message_id=None,
        fingerprint=None,
        content_fingerprint=None,
        subject="hello",
        author="ada",
        reception=None,
        recipient=None,
        trace_id=None,
    )


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> dict[Path, int]:
    """The size, at its last flush, of everything that is flushed."""
    seen: dict[Path, int] = {}
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen[path] = os.fstat(descriptor).st_size

    monkeypatch.setattr(os, "fsync", watched)
    return seen


@pytest.mark.parametrize("writer_class", [EmlWriter, MaildirWriter, MboxWriter])
def test_every_file_and_folder_is_flushed_when_it_is_complete(
    writer_class: type[EmlWriter | MaildirWriter | MboxWriter],
    tmp_path: Path,
    flushed: dict[Path, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flushing, "BATCH", 2)
    export = ExportFolder(tmp_path / "new" / "export")
    writer = writer_class(export)
    for mailbox in ("INBOX", "A/B"):
        writer.begin(mailbox)
        for uid in range(1, 4):
            writer.add(facts(mailbox, uid), CONTENT)
            export.describe(b"{}")
        writer.end()
    export.finish()

    written = [tmp_path, *tmp_path.rglob("*")]
    assert {path for path in written if path not in flushed} == set()
    for path in written:
        status = path.stat()
        if path.is_relative_to(export.path):
            assert stat.S_IMODE(status.st_mode) & 0o077 == 0
        if path.is_file():
            assert flushed[path] == status.st_size
