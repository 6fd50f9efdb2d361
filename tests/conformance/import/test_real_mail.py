"""Real mail files go in, or are refused, and come out to the last octet.

The folder that POSTWARDEN_TEST_DATA names has a `MANIFEST.csv` with the columns
`path`, `label` (ham, spam, malformed, dsn ...) and `notes`.
"""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.mail_folders import (
    ACCOUNT,
    expect,
    exported,
    filed,
    import_all,
    refused_by,
)

NOT_MAIL = {"licence", "conformance-suite", None}  # beside the mails, not among them


@pytest.fixture
def folder() -> Path:
    named = os.environ.get("POSTWARDEN_TEST_DATA")
    if not named:
        pytest.skip("needs real mails: POSTWARDEN_TEST_DATA names no folder")
    return Path(named)


def manifest(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return {str(folder / row["path"]): row for row in csv.DictReader(file)}


def test_every_file_is_filed_or_refused_as_foretold(
    cli: CommandLine, folder: Path
) -> None:
    expected = expect(folder)
    ran = import_all(cli, "eml", folder)
    assert ran.status == 0
    assert refused_by(ran) == expected.refused
    assert filed(cli) == expected.filed
    assert ran.json["imported"] == expected.filed.total() > 1500
    assert ran.json["bytes"] == expected.octets


def test_what_is_refused_is_no_mail(cli: CommandLine, folder: Path) -> None:
    known = manifest(folder)
    refused = refused_by(import_all(cli, "eml", folder))
    labels = Counter(known.get(path, {}).get("label") for path in refused)
    mails = {label: n for label, n in labels.items() if label not in NOT_MAIL}
    # No ham, no spam: texts without a header among the malformed; reports as bare
    # XML, JSON, ZIP; and one file that is a single line with bare CR, its
    # separator line.
    assert mails == {"malformed": 16, "dsn": 1, "dmarc-aggregate": 12, "tlsrpt": 4}
    notes = {known[path]["notes"] for path in refused if path in known}
    assert sum("report document" in note for note in notes) == 1
    [bare_cr] = [p for p in refused if known.get(p, {}).get("label") == "dsn"]
    assert "mbox_From_line" in known[bare_cr]["notes"]
    assert "bare_CR" in known[bare_cr]["notes"]


@pytest.mark.parametrize("kind", ["eml", "maildir", "mbox"])
def test_every_kind_of_export_gives_back_the_octets(
    cli: CommandLine, folder: Path, tmp_path: Path, kind: str
) -> None:
    import_all(cli, "eml", folder)
    words = ("--to", str(tmp_path / "out"), "--format", kind)
    assert cli("export", "account", ACCOUNT, *words).status == 0
    if kind == "eml":
        assert exported(tmp_path / "out") == filed(cli)
    ran = import_all(cli, kind, tmp_path / "out", "bob@example.org")
    assert ran.err == ""
    assert filed(cli, "bob@example.org") == filed(cli) == expect(folder).filed
