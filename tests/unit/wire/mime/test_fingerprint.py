"""Which mails are the same, which are variants, and which are neither."""

import base64
import binascii
import hashlib
from email.header import Header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.wire.mime import ScannedMessage, scan
from postwarden.wire.mime.fingerprint import text_digest
from tests.unit.wire.mime.strategies import WORDS

DATE = b"Tue, 4 Nov 2025 10:11:10 +0100"
TEXT = b"Dear all,\r\n\r\nthe meeting is at ten.\r\n"


def mail(
    body: bytes = TEXT,
    *,
    date: bytes | None = DATE,
    author: bytes | None = b"Ada <ada@example.org>",
    subject: bytes = b"The meeting",
    more: bytes = b"",
) -> bytes:
    fields = [b"Subject: " + subject]
    if date is not None:
        fields.append(b"Date: " + date)
    if author is not None:
        fields.append(b"From: " + author)
    return b"\r\n".join(fields) + b"\r\n" + more + b"\r\n" + body


def mixed(*parts: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> bytes:
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    more = b"Content-Type: multipart/%b; boundary=%b\r\n" % (subtype, boundary)
    return mail(body + b"--%b--\r\n" % boundary, more=more)


def attachment(data: bytes, *, name: bytes = b"a.bin") -> bytes:
    return (
        b"Content-Type: application/octet-stream; name=%b\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%b"
    ) % (name, base64.b64encode(data))


def html(source: bytes) -> bytes:
    return b"Content-Type: text/html\r\n\r\n" + source


def is_same(one: bytes, other: bytes) -> bool:
    first, second = scan(one), scan(other)
    assert first.fingerprint is not None
    return first.fingerprint == second.fingerprint


def is_variant(one: bytes, other: bytes) -> bool:
    first, second = scan(one), scan(other)
    assert first.content_fingerprint is not None
    return first.content_fingerprint == second.content_fingerprint


def prints(scanned: ScannedMessage) -> tuple[bytes | None, bytes | None]:
    return scanned.fingerprint, scanned.content_fingerprint


SAME = {
    "message-id": mail(more=b"Message-ID: <other@example.org>\r\n"),
    "trace": mail(more=b"Received: from x; y\r\nReturn-Path: <a@b>\r\nX-Folder: z\r\n"),
    "recipients": mail(more=b"To: bob@example.org\r\nCc: carol@example.org\r\n"),
    "lf": mail().replace(b"\r\n", b"\n"),
    "cr": mail().replace(b"\r\n", b"\r"),
    "mixed line ends": mail(TEXT.replace(b"\r\n", b"\n")),
    "white space at line ends": mail(TEXT.replace(b"\r\n", b" \t\r\n")),
    "empty lines around": mail(b"\r\n\r\n" + TEXT + b"\r\n \r\n"),
    "no last line end": mail(TEXT.rstrip()),
    "base64": mail(
        base64.encodebytes(TEXT), more=b"Content-Transfer-Encoding: BASE64\r\n"
    ),
    "quoted-printable": mail(
        binascii.b2a_qp(TEXT.replace(b"e", b"=65")).replace(b"=3D65", b"=65"),
        more=b"Content-Transfer-Encoding: quoted-printable\r\n",
    ),
    "charset": mail(
        TEXT.decode().encode("utf-16"),
        more=b"Content-Type: text/plain; charset=utf-16\r\n",
    ),
    "content-type": mail(more=b"Content-Type: text/plain; charset=utf-8\r\n"),
    "folding": mail(subject=b"The\r\n\t meeting", author=b"Ada\r\n <ada@example.org>"),
    "encoded-word": mail(subject=b"=?utf-8?q?The?= =?us-ascii?b?IG1lZXRpbmc=?="),
    "zone": mail(date=b"4 Nov 2025 09:11:10 GMT"),
    "author spelling": mail(author=b'"Ada" (x) <ada@EXAMPLE.org>'),
    "one part": mixed(b"\r\n" + TEXT),
    "other boundary": mixed(b"\r\n" + TEXT, boundary=b"=_other"),
    "empty part beside": mixed(b"\r\n" + TEXT, b"\r\n  \r\n"),
    "preamble": mixed(b"\r\n" + TEXT).replace(b"--b\r\n", b"preamble\r\n--b\r\n", 1),
    "mbox line": b">From ada Tue Nov  4\r\n" + mail(),
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME.keys())
def test_what_systems_change_on_the_way_leaves_a_mail_the_same(other: bytes) -> None:
    assert is_same(mail(), other)
    assert is_variant(mail(), other)


VARIANTS = {
    "date": mail(date=b"Tue, 4 Nov 2025 10:11:11 +0100"),
    "author": mail(author=b"Ada <eve@example.org>"),
    "author's name": mail(author=b"Eve <ada@example.org>"),
    "local part's case": mail(author=b"Ada <Ada@example.org>"),
    "second author": mail(author=b"Ada <ada@example.org>, eve@example.org"),
    "no date that can be read": mail(date=b"yesterday"),
}


@pytest.mark.parametrize("other", VARIANTS.values(), ids=VARIANTS.keys())
def test_another_date_or_author_makes_a_variant(other: bytes) -> None:
    assert not is_same(mail(), other)
    assert is_variant(mail(), other)


OTHERS = {
    "one word": mail(TEXT.replace(b"ten", b"two")),
    "one letter's case": mail(TEXT.replace(b"ten", b"Ten")),
    "white space within": mail(TEXT.replace(b"the meeting", b"the  meeting")),
    "subject": mail(subject=b"Re: The meeting"),
    "html instead": mail(more=b"Content-Type: text/html\r\n"),
    "html beside": mixed(b"\r\n" + TEXT, html(b"<p>x</p>")),
    "attachment beside": mixed(b"\r\n" + TEXT, attachment(b"x")),
    "attached message beside": mixed(
        b"\r\n" + TEXT, b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n"
    ),
    "text in the header": mail(more=b"this some clients show\r\n"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_other_content_makes_another_mail(other: bytes) -> None:
    assert not is_same(mail(), other)
    assert not is_variant(mail(), other)


def forward(inner: bytes) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + inner


PLAIN = b"\r\n" + TEXT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (mixed(PLAIN, attachment(b"x")), mixed(PLAIN, attachment(b"y"))),
        (mixed(PLAIN, attachment(b"QQ")), mixed(PLAIN, attachment(b"QQ\n"))),
        (
            mixed(PLAIN, attachment(b"x"), attachment(b"y")),
            mixed(PLAIN, attachment(b"y"), attachment(b"x")),
        ),
        (
            mixed(PLAIN, attachment(b"x")),
            mixed(PLAIN, attachment(b"x"), attachment(b"x")),
        ),
        (
            mixed(PLAIN, html(b"<p>x</p>"), subtype=b"alternative"),
            mixed(PLAIN, html(b"<p>y</p>"), subtype=b"alternative"),
        ),
        (
            mixed(PLAIN, html(b"<a href=a>x</a>"), subtype=b"alternative"),
            mixed(PLAIN, html(b"<a href=b>x</a>"), subtype=b"alternative"),
        ),
        (mixed(PLAIN, forward(mail())), mixed(PLAIN, forward(mail(b"other")))),
        (
            mixed(PLAIN, forward(mail())),
            mixed(PLAIN, forward(mail(author=b"eve@example.org"))),
        ),
        (mixed(forward(mail())), mixed(PLAIN)),
        # Broken on purpose: what is lost in decoding still counts.
        (mail(b"\xe4"), mail(b"\xf6")),
        (mail(b"\xff\xff", more=b"Content-Type: text/plain; charset=utf-8\r\n"),
         mail(b"\xff\xfe", more=b"Content-Type: text/plain; charset=utf-8\r\n")),
        (mail(subject=b"=?utf-8?q?=FF?="), mail(subject=b"=?utf-8?q?=FE?=")),
        (mail(author=b"=?utf-8?q?=FF?= <a@b>"), mail(author=b"=?utf-8?q?=FE?= <a@b>")),
        (mail(author=b"a@b, " * 20_000), mail(author=b"a@b, " * 20_001)),
        (mail(date=b"never"), mail(date=b"ever")),
        (mixed(PLAIN + b"\r\n--b--\r\n--b\r\n\r\nlate"),
         mixed(PLAIN + b"\r\n--b--\r\n--b\r\n\r\nlater")),
        (mixed(b"Content-Type: text/plain\r\njunk one\r\n\r\nx"),
         mixed(b"Content-Type: text/plain\r\njunk two\r\n\r\nx")),
    ],
)  # fmt: skip
def test_different_mails_never_merge(one: bytes, other: bytes) -> None:
    assert not is_same(one, other)


def test_one_message_id_merges_nothing() -> None:
    more = b"Message-ID: <one@example.org>\r\n"

    assert not is_same(mail(more=more), mail(b"forged", more=more))
    assert not is_variant(mail(more=more), mail(b"forged", more=more))


def test_a_campaign_sent_mail_by_mail_is_one_mail() -> None:
    copies = {
        scan(
            mail(more=b"To: user%d@example.org\r\nMessage-ID: <%d@x>\r\n" % (n, n))
        ).fingerprint
        for n in range(20)
    }

    assert len(copies) == 1


def test_a_forward_is_the_same_whatever_encodes_the_forwarded() -> None:
    inner = mail(more=b"Message-ID: <1@x>\r\nReceived: from a\r\n")
    other = mail(
        base64.encodebytes(TEXT),
        more=b"Content-Transfer-Encoding: base64\r\nMessage-ID: <2@x>\r\n",
    )

    assert is_same(mixed(PLAIN, forward(inner)), mixed(PLAIN, forward(other)))


@pytest.mark.parametrize("missing", ["date", "author"])
@pytest.mark.parametrize("value", [None, b"", b" \r\n "])
def test_without_date_or_author_there_is_only_the_content(
    missing: str, value: bytes | None
) -> None:
    scanned = scan(mail(date=value) if missing == "date" else mail(author=value))

    assert scanned.fingerprint is None
    assert scanned.content_fingerprint == scan(mail()).content_fingerprint


@pytest.mark.parametrize(
    "empty",
    [
        mail(b""),
        mail(b"\r\n \r\n\t\r\n"),
        mail(b"=\r\n=20", more=b"Content-Transfer-Encoding: quoted-printable\r\n"),
        mail(b"<html><body> </body></html>", more=b"Content-Type: text/html\r\n"),
        mail(b"<p>&nbsp;</p>", more=b"Content-Type: text/html\r\n"),
        mixed(b"\r\n", html(b"<br>")),
        mixed(attachment(b"")),
    ],
)
def test_a_mail_without_content_has_no_fingerprint(empty: bytes) -> None:
    assert prints(scan(empty)) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        mail(b"."),
        mail(b"<img src=cid:1>", more=b"Content-Type: text/html\r\n"),
        mail(b"<br>" * 50_000, more=b"Content-Type: text/html\r\n"),
        mixed(attachment(b"x")),
        mixed(forward(b"Subject: x\r\n\r\n")),
    ],
)
def test_the_least_content_is_enough(content: bytes) -> None:
    assert None not in prints(scan(content))


def test_what_is_kept_for_search_changes_no_fingerprint() -> None:
    long = mixed(b"\r\n" + b"word " * 5_000, html(b"<p>word</p>" * 5_000))

    assert prints(scan(long, text_limit=0)) == prints(scan(long))


def test_mbox_quoting_is_undone() -> None:
    assert is_same(mail(b"a\r\nFrom here\r\n"), mail(b"a\r\n>From here\r\n"))
    assert not is_same(mail(b"a\r\nFrom here\r\n"), mail(b"a\r\n> From here\r\n"))


def test_the_version_is_part_of_what_is_hashed() -> None:
    """Stored fingerprints rest on this form: changing it needs a new version."""
    text = hashlib.sha256(b"Dear all,\n\nthe meeting is at ten.").digest()

    def fact(name: bytes, value: bytes) -> bytes:
        return b"%b %d\n%b\n" % (name, len(value), value)

    shared = fact(b"subject", b"The meeting") + fact(b"text", text)
    own = fact(b"date", b"@1762247470") + fact(b"from", b"Ada <ada@example.org>")
    scanned = scan(mail())

    assert (
        scanned.fingerprint
        == hashlib.sha256(b"postwarden-fingerprint-1\n" + own + shared).digest()
    )
    assert (
        scanned.content_fingerprint
        == hashlib.sha256(b"postwarden-content-fingerprint-1\n" + shared).digest()
    )


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16", "utf-7"]))
def test_text_digests_the_same_in_every_charset(text: str, codec: str) -> None:
    expected = text_digest([text.encode()], "utf_8")

    assert text_digest([text.encode(codec)], codec.replace("-", "_")) == expected


@settings(max_examples=15)
@given(st.lists(st.sampled_from([b"a", b"b ", b"\t", b"", b">From x", b"From x"])))
def test_text_digests_the_same_in_any_pieces(lines: list[bytes]) -> None:
    small = b"\n".join(lines)
    padding = b"\n".join([b"x" * 98] * 20_000)
    whole = padding + b"\n" + small + b"\n" + padding
    once = text_digest([whole], None)

    assert once == text_digest([whole.replace(b"\n", b"\r\n")], None)


@given(
    st.text(alphabet="aé\u0301 >\t\r\nFrom", max_size=200),
    st.sampled_from(["utf-8", "utf-16", "utf-7", "iso-2022-jp-2"]),
    st.integers(1, 30),
)
def test_text_digests_the_same_however_it_is_cut(
    text: str, codec: str, piece: int
) -> None:
    data = text.encode(codec, "replace")
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]

    assert text_digest(pieces, codec) == text_digest([data], codec)


@pytest.mark.parametrize("word", [b"word ", b"word", b"> >From ", b"\r\n From "])
def test_a_line_of_any_length_digests_the_same_however_it_is_cut(word: bytes) -> None:
    data = b"x" + word * 700_000
    pieces = [data[start : start + 333_333] for start in range(0, len(data), 333_333)]

    assert text_digest(pieces, None) == text_digest([data], None)


@given(WORDS)
def test_subjects_digest_the_same_in_every_charset(subject: str) -> None:
    one = Header(subject, "utf-8", maxlinelen=40).encode(linesep="\r\n").encode()

    assert is_same(mail(subject=one), mail(subject=subject.encode()))
