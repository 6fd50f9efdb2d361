"""Boundaries, nesting, numbers, and the limits of both."""

import base64
from hashlib import sha256

import pytest

from postwarden.wire.mime import Part, scan
from postwarden.wire.mime.limits import (
    MAX_DECODED,
    MAX_DEPTH,
    MAX_HEADER,
    MAX_PARTS,
    Budget,
)
from postwarden.wire.mime.structure import Entity, entities, read_message

HEAD = b"From: a@b.example\r\nDate: Tue, 4 Nov 2025 10:11:10 +0100\r\n"


def multipart(boundary: bytes, body: bytes, subtype: bytes = b"mixed") -> bytes:
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n%b' % (
        subtype,
        boundary,
        body,
    )


def outline(mail: bytes) -> list[tuple[str, str, bytes]]:
    """Number, type and body of everything but multiparts."""
    return [
        (part.number, part.content_type, mail[part.body_start : part.body_end])
        for part in scan(mail).parts
        if not part.content_type.startswith("multipart/")
    ]


def test_a_part_ends_before_the_line_end_of_its_delimiter() -> None:
    mail = multipart(b"b", b"--b\r\n\r\none\r\n\r\n--b  \t\r\n\r\ntwo\n--b--\r\nend")

    assert outline(mail) == [
        ("1", "text/plain", b"one\r\n"),
        ("2", "text/plain", b"two"),
    ]


def test_a_boundary_is_a_whole_line() -> None:
    mail = multipart(
        b"b",
        b"--b\r\n\r\n--bb\r\n--b x\r\n --b\r\nx--b\r\n--B\r\n---b\r\n"
        b"--b\r\n\r\ntwo\r\n--b--",
    )

    assert [body for _number, _type, body in outline(mail)] == [
        b"--bb\r\n--b x\r\n --b\r\nx--b\r\n--B\r\n---b",
        b"two",
    ]


def test_many_lines_that_only_begin_like_a_boundary_hide_none() -> None:
    noise = b"--bb\r\n" * 200
    mail = multipart(b"b", b"--b\r\n\r\n" + noise + b"--b\r\n\r\n" + noise + b"--b--")

    assert [body for _number, _type, body in outline(mail)] == [noise[:-2]] * 2


def test_an_outer_boundary_ends_inner_parts() -> None:
    inner = multipart(b"outer-in", b"--outer-in\r\n\r\none")
    mail = multipart(
        b"outer", b"--outer\r\n" + inner + b"\r\n--outer\r\n\r\ntwo\r\n--outer--"
    )

    assert outline(mail) == [("1.1", "text/plain", b"one"), ("2", "text/plain", b"two")]
    assert "boundary-unclosed" in scan(mail).defects


def test_one_boundary_used_twice_loses_nothing() -> None:
    inner = multipart(b"b", b"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--")
    mail = multipart(b"b", b"--b\r\n" + inner + b"\r\n--b\r\n\r\nthree\r\n--b--")

    assert [body for *_rest, body in outline(mail)][1:] == [b"one", b"two", b"three"]
    assert "parts-after-close" in scan(mail).defects


@pytest.mark.parametrize(
    "boundary", [b"", b"absent", b"x" * 300, b'"', b"(?:a|b)*", b"\\", b"\xff"]
)
def test_a_multipart_without_parts_is_read_as_text(boundary: bytes) -> None:
    mail = HEAD + multipart(boundary, b"--b\r\n\r\nwords\r\n--b--")

    scanned = scan(mail)

    assert [part.content_type for part in scanned.parts] == ["text/plain"]
    assert "words" in scanned.text
    assert "boundary-missing" in scanned.defects


def test_a_body_may_begin_with_what_is_no_boundary() -> None:
    mail = multipart(b"b", b"--bb\r\n--b\r\n\r\none\r\n--b--")

    assert outline(mail) == [("1", "text/plain", b"one")]


@pytest.mark.parametrize(
    "last",
    [
        multipart(b"i", b"--i\r\n\r\nsecret\r\n--i--"),
        b"Content-Type: message/rfc822\r\n\r\nsecret",
    ],
)
def test_the_last_part_of_the_limit_stays_closed(last: bytes) -> None:
    body = b"\r\n--b\r\n\r\nx" * (MAX_PARTS - 2) + b"\r\n--b\r\n" + last
    mail = HEAD + multipart(b"b", body + b"\r\n--b--")

    scanned = scan(mail)

    assert len(scanned.parts) == MAX_PARTS
    assert scanned.parts[-1].content_type == "application/octet-stream"
    assert scanned.fingerprint != scan(mail.replace(b"secret", b"public")).fingerprint
    assert "too-many-parts" in scanned.defects


@pytest.mark.parametrize("boundary", [b"(?:a|b)*", b"a.b", b"=_ +:?"])
def test_a_boundary_is_no_pattern(boundary: bytes) -> None:
    mail = multipart(boundary, b"--%b\r\n\r\none\r\n--%b--" % (boundary, boundary))

    assert outline(mail) == [("1", "text/plain", b"one")]


def test_a_part_may_lack_its_empty_line() -> None:
    mail = multipart(
        b"b",
        b"--b\r\nno header\r\n--b\r\nContent-Type: text/html\r\nno empty line\r\n--b--",
    )

    assert outline(mail) == [
        ("1", "text/plain", b"no header"),
        ("2", "text/html", b"no empty line"),
    ]


def test_text_without_an_empty_line_is_body() -> None:
    mail = b"From someone\r\nSubject: x\r\nHello\r\nyou\r\n"

    scanned = scan(mail)

    assert scanned.subject == "x"
    assert scanned.text == "Hello\nyou"
    assert mail[scanned.header_end :] == b"Hello\r\nyou\r\n"
    assert "no-empty-line" in scanned.defects


def test_a_digest_holds_messages() -> None:
    mail = multipart(b"b", b"--b\r\n\r\nSubject: x\r\n\r\none\r\n--b--", b"digest")

    assert outline(mail) == [
        ("1", "message/rfc822", b"Subject: x\r\n\r\none"),
        ("1.1", "text/plain", b"one"),
    ]


def test_numbers_are_those_of_imap() -> None:
    forwarded = multipart(b"i", b"--i\r\n\r\none\r\n--i\r\n\r\ntwo\r\n--i--")
    mail = multipart(
        b"o",
        b"--o\r\n\r\ntext\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
        + forwarded
        + b"\r\n--o\r\n"
        + multipart(b"n", b"--n\r\n\r\nthree\r\n--n--")
        + b"\r\n--o--",
    )

    assert [part.number for part in scan(mail).parts] == [
        "TEXT",
        "1",
        "2",
        "2.TEXT",
        "2.1",
        "2.2",
        "3",
        "3.1",
    ]


def test_a_message_that_is_only_a_message_is_numbered_too() -> None:
    mail = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\none"

    assert [part.number for part in scan(mail).parts] == ["1", "1.1"]


def test_an_encoded_attached_message_is_read_but_has_no_parts() -> None:
    inner = HEAD + b"Message-ID: <i@x>\r\n\r\ninner words"
    mail = (
        HEAD
        + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(inner)
    )

    scanned = scan(mail)

    assert [part.number for part in scanned.parts] == ["1"]
    assert scanned.text == "inner words"
    assert scanned.attached_messages[0].fingerprint == scan(inner).fingerprint
    assert scanned.bodystructure.startswith(b'("application" "octet-stream"')
    assert "attached-message-encoded" in scanned.defects


def test_attached_messages_are_decoded_up_to_a_bound() -> None:
    inner = HEAD + b"Message-ID: <i@x>\r\n\r\n" + b"x" * MAX_DECODED
    mail = (
        HEAD
        + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(inner)
    )

    scanned = scan(mail)

    assert "attached-message-too-large" in scanned.defects
    assert not scanned.attached_messages
    assert scanned.parts[0].content_type == "application/octet-stream"
    assert scanned.parts[0].sha256 == sha256(inner).digest()


def depth_of(part: Part) -> int:
    return part.number.count(".")


def test_depth_is_bounded() -> None:
    mail = HEAD + b"words"
    for number in range(50):
        boundary = b"b%d." % number
        mail = HEAD + multipart(
            boundary, b"--%b\r\n%b\r\n--%b--\r\n" % (boundary, mail, boundary)
        )

    scanned = scan(mail)

    assert len(scanned.parts) == MAX_DEPTH + 1
    assert scanned.parts[-1].content_type == "application/octet-stream"
    assert scanned.fingerprint is not None
    assert "too-deep" in scanned.defects


def test_depth_of_attached_messages_is_bounded() -> None:
    mail = b"Content-Type: message/rfc822\r\n\r\n" * 5_000

    scanned = scan(mail)

    assert len(scanned.parts) == MAX_DEPTH + 1
    assert max(map(depth_of, scanned.parts)) == MAX_DEPTH
    assert "too-deep" in scanned.defects


def test_parts_are_bounded_and_none_goes_unhashed() -> None:
    body = b"".join(b"\r\n--b\r\n\r\n%d" % number for number in range(2_000))
    mail = HEAD + multipart(b"b", body)

    scanned = scan(mail)

    assert len(scanned.parts) == MAX_PARTS
    assert "too-many-parts" in scanned.defects
    assert scanned.fingerprint is not None
    assert scanned.fingerprint != scan(mail + b"0").fingerprint


def test_parts_are_counted_over_all_levels() -> None:
    inner = multipart(b"i", b"\r\n--i\r\n\r\nx" * 40)
    message = b"Content-Type: message/rfc822\r\n\r\n" + inner
    mail = HEAD + multipart(b"o", (b"\r\n--o\r\n" + message) * 40)

    budget = Budget()
    root = read_message(mail, budget)

    assert len(list(entities(root))) <= MAX_PARTS
    assert budget.parts == 0


def test_a_header_is_read_up_to_its_limit() -> None:
    filler = b"X-Filler: %b\r\n" % (b"x" * 1000)
    mail = b"Subject: seen\r\n" + filler * 2_000 + b"To: late@x.example\r\n\r\nbody"

    scanned = scan(mail)

    assert scanned.subject == "seen"
    assert scanned.to_addresses == ()
    assert len(scanned.header) == MAX_HEADER
    assert mail[scanned.header_end :] == b"body"
    assert "header-too-long" in scanned.defects


def test_ten_thousand_fields_are_read() -> None:
    mail = b"Subject: seen\r\n" + b"X: y\r\n" * 9_999 + b"To: late@x.example\r\n\r\n"

    scanned = scan(mail)

    assert scanned.subject == "seen"
    assert scanned.to_addresses == ()
    assert "header-too-many-fields" in scanned.defects


def test_children_lie_inside_their_parents() -> None:
    def check(entity: Entity) -> None:
        assert entity.start <= entity.body_start <= entity.end
        for child in entity.children:
            assert entity.body_start <= child.start <= child.end <= entity.end
            check(child)

    check(
        read_message(
            multipart(b"b", b"--b\r\n--b--\r\n--b\r\n\r\n--b\r\n\r\n\r\n--b--"),
            Budget(),
        )
    )
