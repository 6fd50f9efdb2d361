"""Copies of one mail in many mailboxes are found, and nothing else is.

The ground truth of docs on cases: every group is exactly one fingerprint.
"""

import os
from pathlib import Path

import pytest

from postwarden.wire.mime import scan
from tests.conformance.fingerprint import groups


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of real mails with its FANOUT.csv."""
    name = os.environ.get("POSTWARDEN_TEST_DATA")
    if not name:
        pytest.skip("POSTWARDEN_TEST_DATA names no folder of real mails")
    return Path(name)


def test_every_copy_is_found_and_no_other_mail(folder: Path) -> None:
    accuracy = groups.measure(folder)

    assert accuracy.true > 0
    assert not accuracy.missed
    assert not accuracy.wrong
    assert (accuracy.precision, accuracy.recall) == (1.0, 1.0)


def test_each_group_is_one_fingerprint_of_many_ids(folder: Path) -> None:
    seen: set[bytes] = set()
    for group in groups.known_groups(folder):
        scanned = [scan((folder / path).read_bytes()) for path in group]

        fingerprints = {message.fingerprint for message in scanned}
        assert len(fingerprints) == 1
        (fingerprint,) = fingerprints
        assert fingerprint is not None
        assert fingerprint not in seen
        assert len({message.message_id for message in scanned}) > 1
        seen.add(fingerprint)


def test_a_mail_of_another_date_is_a_variant(folder: Path) -> None:
    """The same text sent again is tied by content, not taken for a copy."""
    again = scan((folder / "enron/sturm-f/inbox/141").read_bytes())
    copy = scan((folder / "enron/holst-k/inbox/6").read_bytes())

    assert again.fingerprint != copy.fingerprint
    assert again.content_fingerprint == copy.content_fingerprint
