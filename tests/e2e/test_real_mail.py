"""Mail that people and machines wrote, sent, kept, found, removed and returned.

POSTWARDEN_TEST_DATA names a folder with MANIFEST.csv (path of each mail) and
FANOUT.csv (paths of the copies of one mail, each under its own Message-ID).
"""

import csv
import hashlib
import os
from collections import Counter
from pathlib import Path

import pytest

from postwarden.services.ingest import stored_form
from tests.e2e import books
from tests.e2e.campaign import opened, snapshot
from tests.e2e.clients import Dialog, trace_of
from tests.e2e.processes import Postwarden, Serving
from tests.e2e.world import MEMBERS


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("POSTWARDEN_TEST_DATA")
    if not named:
        pytest.skip("needs POSTWARDEN_TEST_DATA")
    return Path(named)


def mail_in(path: Path) -> bytes:
    """Return a mail file as it goes over the wire, without mbox's first line."""
    octets = path.read_bytes()
    if octets.startswith(b"From "):
        octets = octets.partition(b"\n")[2]
    return stored_form(octets)


def deliver(serving: Serving, mails: list[tuple[str, bytes]]) -> None:
    """Send each mail to its account; BDAT takes what DATA could not carry."""
    with Dialog(serving.addresses["lmtp"]) as dialog:
        dialog.begin("LHLO mta.example")
        for recipient, content in mails:
            dialog.send(
                f"MAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\n"
                f"BDAT {len(content)} LAST\r\n".encode()
                + content
            )
            assert dialog.reply().startswith("250")
            assert dialog.reply().startswith("250")
            trace_of(dialog.reply())


def test_every_mail_is_kept_to_the_octet(postwarden: Postwarden, folder: Path) -> None:
    with (folder / "MANIFEST.csv").open(newline="") as file:
        names = [row["path"] for row in csv.DictReader(file)]
    mails = [mail_in(folder / name) for name in names]
    serving = postwarden.serve()
    deliver(serving, [("ada@example.org", mail) for mail in mails])
    serving.stop()
    sent = Counter(hashlib.sha256(mail).hexdigest() for mail in mails)
    with books.opened(postwarden.data) as seen:
        assert not seen.faults()
        kept = Counter(filed.sha256 for filed in seen.filed().elements())
    assert kept == sent
    assert sent.total() > 1000


def test_a_case_over_one_copy_takes_its_whole_group_and_gives_it_back(
    postwarden: Postwarden, folder: Path
) -> None:
    """The largest group among all the others' copies."""
    with (folder / "FANOUT.csv").open(newline="") as file:
        groups = [row["paths"].split("|") for row in csv.DictReader(file)]
    groups.sort(key=len, reverse=True)
    mails = [
        (MEMBERS[number], mail_in(folder / name))
        for group in groups
        for number, name in enumerate(group)
    ]
    serving = postwarden.serve()
    deliver(serving, mails)
    before = snapshot(postwarden.data)
    for group in groups[:1]:
        contents = [mail_in(folder / name) for name in group]
        sha256s = [hashlib.sha256(content).hexdigest() for content in contents]
        case = opened(postwarden, f"similar:{sha256s[0]}")
        items = case.preview()["items"]
        assert {item["class"] for item in items} == {"exact", "same"}
        assert [(item["account"], item["sha256"]) for item in items] == list(
            zip(MEMBERS, sha256s, strict=False)
        )
        assert case.carried_out() == {"removed": len(group)}
        assert (before - snapshot(postwarden.data)).total() == len(group)
        assert case.residual() == 0
        assert case.undo()["restored"] == len(group)
        assert snapshot(postwarden.data) == before
    serving.stop()
