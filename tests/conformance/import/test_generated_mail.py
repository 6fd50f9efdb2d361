"""Mail files of every shape go in, or are refused, and come out to the last octet."""

from itertools import product
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

SEPARATORS = (
    b"",
    b"From ada@example.org Thu Aug 22 12:36:23 2002\n",
    b"From ada@example.org\r\n",
)
HEADERS = (
    b"Subject: plain\nFrom: ada@example.org\n",
    b"Subject: folded\n and longer\nX-Odd \t: yes\n",
    b"junk before\nSubject: after junk\n",
    b"Subject: \xff\xfe 8bit \0\n",
    b">From nobody\nSubject: quoted separator\n",
    b"no field at all\n",
    b" Subject: folded into nothing\n",
    b'{\n  "report": true\n}\n',
    b"",
)
BODIES = (
    b"",
    b"\n",
    b"\nbody\n",
    b"\nno line end",
    b"\nFrom me\n>From you\n\nFrom ada Thu Aug 22 12:36:23 2002\n>>From\n",
    b"\n" + b"x" * 3000 + b"\n",
    b"\nnul \0 and bare \r here\n",
    b"\n\n\n\n",
    b"\nSubject: not a header\n",
)
LINE_ENDS = (b"\n", b"\r\n", b"\r")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of all combinations, spread over some folders."""
    root = tmp_path / "mails"
    shapes = product(SEPARATORS, HEADERS, BODIES, LINE_ENDS)
    for number, (separator, header, body, end) in enumerate(shapes):
        place = root / ("", "inbox", "Sent/2024")[number % 3]
        place.mkdir(parents=True, exist_ok=True)
        content = separator + (header + body).replace(b"\n", end)
        (place / f"{number}.eml").write_bytes(content)
    return root


def test_every_file_is_filed_or_refused_as_foretold(
    cli: CommandLine, folder: Path
) -> None:
    expected = expect(folder)
    assert expected.filed
    assert expected.refused
    ran = import_all(cli, "eml", folder)
    assert refused_by(ran) == expected.refused
    assert filed(cli) == expected.filed
    assert ran.json["imported"] == expected.filed.total()
    assert ran.json["failed"] == len(expected.refused)
    assert ran.json["bytes"] == expected.octets
    assert cli("doctor", "--full", "--json").status == 0


def test_an_export_of_files_has_the_stored_octets(
    cli: CommandLine, folder: Path, tmp_path: Path
) -> None:
    import_all(cli, "eml", folder)
    assert cli("export", "account", ACCOUNT, "--to", str(tmp_path / "out")).status == 0
    assert exported(tmp_path / "out") == filed(cli)


@pytest.mark.parametrize("kind", ["eml", "maildir", "mbox"])
def test_every_kind_of_export_can_be_imported_again(
    cli: CommandLine, folder: Path, tmp_path: Path, kind: str
) -> None:
    import_all(cli, "eml", folder)
    words = ("--to", str(tmp_path / "out"), "--format", kind)
    assert cli("export", "account", ACCOUNT, *words).status == 0
    ran = import_all(cli, kind, tmp_path / "out", "bob@example.org")
    assert ran.err == ""
    assert filed(cli, "bob@example.org") == filed(cli)
