"""ENVELOPE and BODYSTRUCTURE, octet by octet and by their grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime import render, scan
from tests.unit.wire.mime import imap_syntax
from tests.unit.wire.mime.strategies import RUBBLE, mails, tampered

# RFC 3501 §8, the sample connection; the body is as long as it says there.
RFC_3501 = (
    b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    b"From: Terry Gray <gray@cac.washington.edu>\r\n"
    b"Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
    b"To: imap@cac.washington.edu\r\n"
    b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    b"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
    b"\r\n"
) + (b"x" * 30 + b"\r\n") * 91 + b"y" * 114 + b"\r\n"  # fmt: skip

RFC_3501_ENVELOPE = (
    b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"'
    b' "IMAP4rev1 WG mtg summary and minutes"'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu"))'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu"))'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu"))'
    b' ((NIL NIL "imap" "cac.washington.edu"))'
    b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")'
    b'("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL'
    b' "<B27397-0100000@cac.washington.edu>")'
)


def test_the_example_of_rfc_3501() -> None:
    scanned = scan(RFC_3501)

    assert scanned.envelope == RFC_3501_ENVELOPE
    assert scanned.bodystructure == (
        b'("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 3028 92'
        b" NIL NIL NIL NIL)"
    )


def test_a_multipart_as_in_rfc_3501() -> None:
    """RFC 3501 §7.4.2 BODYSTRUCTURE, with its extension data."""
    mail = (
        b"Content-Type: multipart/mixed; boundary=b; x=y\r\n"
        b"Content-Language: en, fr\r\n"
        b"Content-Location: http://example.org/\r\n"
        b"\r\n"
        b"--b\r\n"
        b"\r\n"
        b"one\r\ntwo\r\n\r\n"
        b"--b\r\n"
        b'Content-Type: text/plain; charset=us-ascii; name="cc.diff"\r\n'
        b"Content-ID: <960723163407.20117h@cac.washington.edu>\r\n"
        b"Content-Description: Compiler diff\r\n"
        b"Content-Transfer-Encoding: BASE64\r\n"
        b'Content-Disposition: attachment; filename="cc \\"x\\".diff"\r\n'
        b"\r\n"
        b"QUJD\r\n"
        b"--b--\r\n"
    )

    assert scan(mail).bodystructure == (
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2 NIL NIL NIL NIL)'
        b'("text" "plain" ("charset" "us-ascii" "name" "cc.diff")'
        b' "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "base64" 4 0'
        b' NIL ("attachment" ("filename" "cc \\"x\\".diff")) NIL NIL)'
        b' "mixed" ("boundary" "b" "x" "y") NIL ("en" "fr") "http://example.org/")'
    )


def test_an_attached_message_brings_its_own() -> None:
    inner = b"From: a@b.c\r\nSubject: x\r\n\r\nhi\r\n"
    mail = b"Content-Type: message/rfc822\r\n\r\n" + inner

    author = b'((NIL NIL "a" "b.c"))'
    assert scan(mail).bodystructure == (
        b'("message" "rfc822" NIL NIL NIL "7bit" 31 '
        b'(NIL "x" %b %b %b NIL NIL NIL NIL NIL) '
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1 NIL NIL NIL NIL)'
        b" 4 NIL NIL NIL NIL)"
    ) % (author, author, author)


def test_groups_and_missing_domains_are_told_apart() -> None:
    mail = b"To: team: a@b, c;, bob\r\nCc: nobody:;\r\nSender: \r\nFrom: x@y\r\n\r\n"

    assert scan(mail).envelope == (
        b'(NIL NIL ((NIL NIL "x" "y")) ((NIL NIL "x" "y")) ((NIL NIL "x" "y"))'
        b' ((NIL NIL "team" NIL)(NIL NIL "a" "b")(NIL NIL "c" "")(NIL NIL NIL NIL)'
        b'(NIL NIL "bob" "")) ((NIL NIL "nobody" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)'
    )


def test_local_parts_lose_their_quotes_and_routes_stay() -> None:
    mail = b'From: "A \\"B\\"" <@r,@s:"c d"@e.f>\r\n\r\n'

    assert scan(mail).envelope.startswith(
        b'(NIL NIL (("A \\"B\\"" "@r,@s" "c d" "e.f")) '
    )


@pytest.mark.parametrize(
    ("octets", "rendered"),
    [
        (b"", b'""'),
        (b"a b", b'"a b"'),
        (b'a"b\\c', b'"a\\"b\\\\c"'),
        (b"\xc3\xa9", b"{2}\r\n\xc3\xa9"),
        (b"a\tb", b"{3}\r\na\tb"),
        (b"a\rb", b"{3}\r\na\rb"),
        (b"a\0b\x7f", b"{3}\r\nab\x7f"),
        (b"=?utf-8?q?x?=", b'"=?utf-8?q?x?="'),
    ],
)
def test_strings_are_quoted_or_literal(octets: bytes, rendered: bytes) -> None:
    assert render.string(octets) == rendered


@given(RUBBLE | tampered() | mails().map(bytes) | st.binary(max_size=400))
def test_what_is_rendered_obeys_the_grammar(mail: bytes) -> None:
    scanned = scan(mail)

    imap_syntax.check_envelope(imap_syntax.read(scanned.envelope))
    imap_syntax.check_body(imap_syntax.read(scanned.bodystructure))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"(",
        b"(NIL NIL",
        b'("a)',
        b"(NIL  NIL)",
        b"{3}\r\nab",
        b"(a)",
        b'""x',
        b'"\xe9"',
    ],
)
def test_the_checker_itself_refuses(data: bytes) -> None:
    with pytest.raises(imap_syntax.SyntaxFault):
        imap_syntax.read(data)
