"""Mails for property tests: well-formed ones, and ones that were tampered with."""

from email.message import EmailMessage
from typing import Final

from hypothesis import strategies as st

_LETTERS: Final = st.characters(
    exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Mn", "Mc")
)
WORDS: Final = st.lists(st.text(_LETTERS, min_size=1, max_size=8), min_size=1).map(
    " ".join
)
_LOCAL: Final = st.from_regex(r"[a-z0-9]{1,12}(\.[a-z0-9]{1,8})?", fullmatch=True)
ADDRESSES: Final = st.builds("{}@{}.example".format, _LOCAL, _LOCAL)
_FRAGMENTS: Final = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\0",
        b"--",
        b"--b",
        b"--b--\r\n",
        b"\r\n--b\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Type: text/html; charset=utf-16\r\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%e9; filename*1=\"x\r\n",
        b"From: ",
        b'To: "a (b <c@d>, e:f;\r\n',
        b"Date: Tue, 31 Feb 2001 99:99:99 +9999\r\n",
        b"Subject: =?utf-8?b?w?= =?x?q?=e9?=\r\n",
        b"Subject: =?iso-2022-jp?b?GyRC?=\r\n",
        b"<!--<script>&#x110000;&#9999999;",
        b"=\r",
        b"\xff\xfe\xe9\x80",
        b";",
        b'"',
        b"(",
        b"<",
        b" ",
    ]
)
RUBBLE: Final = st.lists(_FRAGMENTS | st.binary(max_size=12), max_size=60).map(b"".join)


@st.composite
def mails(draw: st.DrawFn) -> EmailMessage:
    """Draw a well-formed mail with text, perhaps HTML, attachments and a forward."""
    mail = EmailMessage()
    mail["Date"] = "Tue, 4 Nov 2025 10:11:10 +0100"
    mail["From"] = draw(ADDRESSES)
    mail["To"] = ", ".join(draw(st.lists(ADDRESSES, min_size=1, max_size=4)))
    mail["Subject"] = draw(WORDS)
    mail["Message-ID"] = f"<{draw(_LOCAL)}@mail.example>"
    mail.set_content(draw(WORDS), cte=draw(st.sampled_from(["base64", "8bit", None])))
    if draw(st.booleans()):
        mail.add_alternative(f"<p>{draw(WORDS)}</p>", subtype="html")
    for number in range(draw(st.integers(0, 3))):
        mail.add_attachment(
            draw(st.binary(max_size=200)),
            maintype="application",
            subtype="octet-stream",
            filename=f"{draw(WORDS)}{number}.bin",
        )
    if draw(st.booleans()):
        inner = EmailMessage()
        inner["From"] = draw(ADDRESSES)
        inner["Subject"] = draw(WORDS)
        inner.set_content(draw(WORDS))
        mail.add_attachment(inner)
    for number, part in enumerate(mail.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_b{number}")
    return mail


@st.composite
def tampered(draw: st.DrawFn) -> bytes:
    """Draw the octets of a mail with pieces cut out, doubled, or put in."""
    octets = bytearray(draw(mails()).as_bytes())
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(octets)))
        end = draw(st.integers(start, min(len(octets), start + 40)))
        octets[start:end] = draw(_FRAGMENTS | st.just(bytes(octets[start:end]) * 2))
    return bytes(octets)
