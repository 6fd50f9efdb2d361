"""Real mails, broken ones among them, if a folder of them is at hand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from postwarden.wire.mime import DEFECTS, NotAMessage, require_header, scan
from tests.unit.wire.mime import imap_syntax


@pytest.fixture
def real_mails() -> Iterator[tuple[Path, bytes]]:
    folder = os.environ.get("POSTWARDEN_TEST_DATA")
    if not folder:
        pytest.skip("POSTWARDEN_TEST_DATA names no folder of real mails")
    return (
        (path, path.read_bytes())
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    )


def test_every_file_scans(real_mails: Iterator[tuple[Path, bytes]]) -> None:
    for path, octets in real_mails:
        scanned = scan(octets)

        assert scanned.size == len(octets), path
        assert set(scanned.defects) <= DEFECTS, path
        imap_syntax.check_envelope(imap_syntax.read(scanned.envelope))
        imap_syntax.check_body(imap_syntax.read(scanned.bodystructure))


def test_what_is_refused_has_no_header(
    real_mails: Iterator[tuple[Path, bytes]],
) -> None:
    for path, octets in real_mails:
        try:
            require_header(octets)
        except NotAMessage:
            scanned = scan(octets.replace(b"\r", b""))
            assert "no-header-field" in scanned.defects, path
        else:
            assert scan(octets).defects.count("no-header-field") == 0, path
