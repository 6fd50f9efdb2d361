"""What a scan finds in one message."""

import hashlib
import mmap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postwarden.wire.mime import (
    DEFECTS,
    NotAMessage,
    ScannedMessage,
    require_header,
    scan,
)

PLAIN = (
    b"Received: from mx.example.net by mail.example.org with ESMTPS id 1;\r\n"
    b"\tTue, 4 Nov 2025 10:11:12 +0100 (CET)\r\n"
    b"Received: from elsewhere; Tue, 4 Nov 2025 08:00:00 +0000\r\n"
    b"Date: Tue, 4 Nov 2025 10:11:10 +0100\r\n"
    b"From: =?utf-8?q?Ad=C3=A9la?= <ada@Example.ORG>\r\n"
    b"Sender: desk@example.org\r\n"
    b"Reply-To: reply@example.org\r\n"
    b'To: "Carol, C." <carol@example.org>, team: bob@example.org, dave@x.example;\r\n'
    b"Cc: erin@example.org\r\n"
    b"Bcc: frank@example.org\r\n"
    b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n\t=?utf-8?b?IGF1cw==?= Berlin\r\n"
    b"Message-ID: (a comment)\r\n <one.two@example.org>\r\n"
    b"In-Reply-To: <zero@example.org>\r\n"
    b"References: <a@x>\r\n <b@x>\r\n"
    b"List-Id: The Team <Team.Example.Org>\r\n"
    b"\r\n"
    b"Hello\r\n"
)
MIXED = (
    b"From: ada@example.org\r\n"
    b"Subject: files\r\n"
    b'Content-Type: multipart/mixed; boundary="outer"\r\n'
    b"\r\n"
    b"preamble\r\n"
    b"--outer\r\n"
    b"Content-Type: multipart/alternative; boundary=inner\r\n"
    b"\r\n"
    b"--inner\r\n"
    b"\r\n"
    b"plain words\r\n"
    b"--inner\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
    b"<p>h=C3=A9llo</p>\r\n"
    b"--inner--\r\n"
    b"--outer\r\n"
    b"Content-Type: application/pdf; name=ignored.pdf\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"AAEC/w==\r\n"
    b"--outer\r\n"
    b"Content-Type: message/rfc822\r\n"
    b"\r\n"
    b"From: bob@example.org\r\n"
    b"Date: Tue, 4 Nov 2025 10:00:00 +0000\r\n"
    b"Subject: inner subject\r\n"
    b"Message-ID: <inner@example.org>\r\n"
    b"\r\n"
    b"inner words\r\n"
    b"--outer--\r\n"
    b"epilogue\r\n"
)


def test_header_facts_are_decoded() -> None:
    scanned = scan(PLAIN)

    assert scanned.size == len(PLAIN)
    assert scanned.header == PLAIN[: scanned.header_end]
    assert PLAIN[scanned.header_end :] == b"Hello\r\n"
    assert scanned.subject == "Grüße aus Berlin"
    assert scanned.author == "Adéla <ada@Example.ORG>"
    assert scanned.author_addresses == ("ada@Example.ORG",)
    assert scanned.sender_addresses == ("desk@example.org",)
    assert scanned.reply_to_addresses == ("reply@example.org",)
    assert scanned.to_addresses == (
        "carol@example.org",
        "bob@example.org",
        "dave@x.example",
    )
    assert scanned.header_to.startswith('"Carol, C." <carol@example.org>')
    assert scanned.header_cc == "erin@example.org"
    assert scanned.cc_addresses == ("erin@example.org",)
    assert scanned.bcc_addresses == ("frank@example.org",)
    assert scanned.message_id == "<one.two@example.org>"
    assert scanned.in_reply_to == "<zero@example.org>"
    assert scanned.references == ("<a@x>", "<b@x>")
    assert scanned.list_id == "team.example.org"
    assert scanned.date == datetime(2025, 11, 4, 9, 11, 10, tzinfo=UTC)
    assert scanned.received_date == datetime(2025, 11, 4, 9, 11, 12, tzinfo=UTC)
    assert scanned.text == "Hello"
    assert scanned.defects == ()


def test_an_empty_message_has_nothing() -> None:
    scanned = scan(b"")

    assert scanned.message_id is None
    assert scanned.date is None
    assert scanned.subject == ""
    assert scanned.fingerprint is None
    assert scanned.content_fingerprint is None
    assert scanned.defects == ("no-header-field",)


def test_parts_come_in_imap_order_with_their_offsets() -> None:
    scanned = scan(MIXED)

    assert [(part.number, part.content_type) for part in scanned.parts] == [
        ("TEXT", "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "application/pdf"),
        ("3", "message/rfc822"),
        ("3.1", "text/plain"),
    ]
    bodies = {
        part.number: MIXED[part.body_start : part.body_end] for part in scanned.parts
    }
    assert bodies["1.1"] == b"plain words"
    assert bodies["2"] == b"AAEC/w=="
    assert bodies["3.1"] == b"inner words"
    headers = {
        part.number: MIXED[part.header_start : part.body_start]
        for part in scanned.parts
    }
    assert headers["1.1"] == b"\r\n"
    assert headers["3"] == b"Content-Type: message/rfc822\r\n\r\n"
    assert headers["3.1"].startswith(b"From: bob@example.org\r\n")


def test_an_attachment_has_its_name_and_the_hash_of_its_content() -> None:
    attachment, forwarded = scan(MIXED).attachments

    assert attachment.number == "2"
    assert attachment.filename == "résumé.pdf"
    assert attachment.disposition == "attachment"
    assert attachment.encoding == "base64"
    assert attachment.sha256 == hashlib.sha256(b"\x00\x01\x02\xff").digest()
    assert forwarded.number == "3"


def test_an_attached_message_is_what_it_would_be_in_a_mailbox() -> None:
    scanned = scan(MIXED)
    part = scanned.parts[5]
    inner = MIXED[part.body_start : part.body_end]
    (attached,) = scanned.attached_messages

    alone = scan(inner)

    assert attached.number == "3"
    assert attached.message_id == "<inner@example.org>"
    assert attached.sha256 == hashlib.sha256(inner).digest() == part.sha256
    assert attached.fingerprint == alone.fingerprint is not None
    assert attached.content_fingerprint == alone.content_fingerprint is not None


def test_text_is_that_of_every_part() -> None:
    assert scan(MIXED).text.split("\n") == [
        "plain words",
        "héllo",
        "inner subject",
        "inner words",
    ]


@pytest.mark.parametrize("limit", [0, 1, 5, 11, 12, 13, 30])
def test_text_is_capped_in_octets(limit: int) -> None:
    scanned = scan(MIXED, text_limit=limit)

    assert len(scanned.text.encode()) <= limit
    assert scan(MIXED).text.startswith(scanned.text)
    assert "text-truncated" in scanned.defects


def test_a_mapped_file_scans_like_its_octets(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(MIXED)

    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        scanned = scan(mapped)
        mapped.close()  # raises BufferError if the scan kept a view of it

    assert scanned == scan(MIXED)


def test_line_ends_do_not_matter() -> None:
    def facts(scanned: ScannedMessage) -> tuple[object, ...]:
        return (
            scanned.subject,
            scanned.to_addresses,
            scanned.fingerprint,
            scanned.text,
            [(part.number, part.content_type, part.filename) for part in scanned.parts],
        )

    for mail in (PLAIN, MIXED):
        assert facts(scan(mail.replace(b"\r\n", b"\n"))) == facts(scan(mail))
        assert facts(scan(mail.replace(b"\r\n", b"\r"))) == facts(scan(mail))


def test_bare_cr_ends_no_line_where_there_is_lf() -> None:
    scanned = scan(b"Subject: a\rFrom: b@c.example\r\n\r\n")

    assert scanned.subject == "a From: b@c.example"
    assert scanned.author_addresses == ()
    assert scanned.defects == ("header-bare-cr",)


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: x\n\nbody",
        b"Subject : x\n",
        b"junk without colon\nX: y\n\nbody",
        b" folded first\nX: y\n",
        b"X:",
    ],
)
def test_one_field_before_the_first_empty_line_makes_a_message(octets: bytes) -> None:
    require_header(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n",
        b"\r\nSubject: x\r\n",
        b"junk\n folded: x\n\nSubject: x\n",
        b": no name\n\n",
        b"two words: x\n\n",
        b"From someone\rSubject: x\r\r",
        b"\xd0\xcf\x11\xe0: binary\n",
    ],
)
def test_no_field_before_the_first_empty_line_is_no_message(octets: bytes) -> None:
    with pytest.raises(NotAMessage):
        require_header(octets)

    assert scan(octets).size == len(octets)


def test_an_id_without_brackets_gets_them() -> None:
    assert scan(b"Message-ID: a@b (c)\r\n\r\n").message_id == "<a@b>"
    assert scan(b"Message-ID: (c)\r\n\r\n").message_id is None
    assert scan(b"Message-ID:\r\n\r\n").message_id is None
    assert scan(b"Message-ID: <a\r\n b@c>\r\n\r\n").message_id == "<ab@c>"


def test_an_id_too_long_to_keep_is_none() -> None:
    scanned = scan(b"Message-ID: <%b>\r\n\r\n" % (b"x" * 2_000))

    assert scanned.message_id is None
    assert scanned.defects == ("message-id-too-long",)


def test_the_last_hundred_references_are_kept() -> None:
    ids = [f"<{number}@x>" for number in range(250)]

    scanned = scan(f"References: {' '.join(ids)}\r\n\r\n".encode())

    assert list(scanned.references) == ids[-100:]


def test_repeated_fields_are_all_searched() -> None:
    scanned = scan(
        b"To: a@x.example\r\nTo: b@x.example\r\nFrom: c@x\r\nFrom: d@x\r\n\r\n"
    )

    assert scanned.to_addresses == ("a@x.example", "b@x.example")
    assert scanned.header_to == "a@x.example, b@x.example"
    assert scanned.author_addresses == ("c@x", "d@x")
    assert scanned.defects == ("header-repeated-field",)


def test_a_name_is_cut_at_255_characters() -> None:
    scanned = scan(
        b"Content-Disposition: attachment; filename=%b\r\n\r\n" % (b"n" * 300)
    )

    assert scanned.parts[0].filename == "n" * 255
    assert "filename-too-long" in scanned.defects


def test_control_characters_never_reach_the_texts() -> None:
    scanned = scan(
        b"Subject: a\x07b\x00c =?utf-8?q?=0A=0D=1B[31m?=\r\n"
        b'Content-Disposition: attachment; filename="x=?utf-8?q?=00=0A?="\r\n'
        b"\r\nq\x00\x1b[31mr"
    )

    assert scanned.subject.split() == ["abc", "[31m"]
    assert scanned.text == "q[31mr"
    assert scanned.parts[0].filename == "x"


def test_pictures_of_an_html_part_are_no_attachments() -> None:
    related = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<img src=cid:1>\r\n"
        b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <1>\r\n\r\nx\r\n"
        b"--b\r\nContent-Type: image/png\r\n"
        b"Content-Disposition: attachment\r\n\r\nx\r\n"
        b"--b--\r\n"
    )

    assert [part.number for part in scan(related).attachments] == ["3"]


def test_the_machine_s_parts_of_a_report_are_no_attachments() -> None:
    report = (
        b"Content-Type: multipart/report; boundary=b\r\n\r\n"
        b"--b\r\n\r\nSorry\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Final-Recipient: rfc822; bob@example.org\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: sent\r\n\r\nhi\r\n"
        b"--b--\r\n"
    )

    scanned = scan(report)

    assert scanned.attachments == ()
    assert "bob@example.org" in scanned.text
    assert len(scanned.attached_messages) == 1


def test_a_charset_nobody_knows_is_told() -> None:
    scanned = scan(b"Content-Type: text/plain; charset=x-nobody\r\n\r\nh\xc3\xa9")

    assert scanned.text == "hé"
    assert scanned.parts[0].charset == "x-nobody"
    assert scanned.defects == ("unknown-charset",)


def test_every_defect_told_is_a_listed_one() -> None:
    broken = (
        b" folded\r\njunk\r\nFrom: \xff\0\r\r\nDate: never\r\nDate: x\r\n"
        b"Content-Type: multipart\r\nContent-Transfer-Encoding: rot13\r\n\r\n\xff"
    )

    defects = scan(broken).defects

    assert set(defects) <= DEFECTS
    assert len(set(defects)) == len(defects)
    assert set(defects) >= {
        "bad-content-type",
        "bad-date",
        "bad-transfer-encoding",
        "header-bare-cr",
        "header-eight-bit",
        "header-junk",
        "header-nul",
        "header-repeated-field",
        "header-starts-folded",
        "text-not-in-charset",
    }
