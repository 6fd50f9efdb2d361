"""Whatever arrives, in whatever pieces: answers are replies and nothing breaks."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.smtpd import journal, session
from postwarden.smtpd.caps import ConnectionCaps, Networks
from postwarden.smtpd.connection import Connection, Listener
from postwarden.smtpd.options import KIB, Limits, ListenerOptions, Service
from postwarden.wire.scram import ScramVerifier
from postwarden.wire.smtp.lines import MAX_AUTH_LINE
from tests.support.smtp_desk import ADA, ScriptedDesk
from tests.support.smtp_session import TLS_PEER, open_session, talk

LIMITS = Limits(
    message_size=300,
    swallowed=500,
    recipients=3,
    error_delay_seconds=0,
    errors=200,
    commands=200,
    failed_logins=20,
    read_ahead=1 * KIB,
)
REPLY = re.compile(
    rb"(?:220 mx\.example\.org (?:E?SM|LM)TP Postwarden"
    rb"|250[ -](?:mx\.example\.org|PIPELINING|SIZE 300|8BITMIME|SMTPUTF8|CHUNKING"
    rb"|ENHANCEDSTATUSCODES|DSN|STARTTLS|AUTH [A-Z0-9 -]+)"
    rb"|354 [ -~]+|334 [A-Za-z0-9+/=]*"
    rb"|([245])[0-9]{2}[ -]\1\.[0-9]{1,3}\.[0-9]{1,3} [ -~]+)"
)
WORDS = [
    b"HELO a\r\n",
    b"EHLO a\r\n",
    b"LHLO a\r\n",
    b"MAIL FROM:<b@c.example>",
    b"MAIL FROM:<>",
    b" SIZE=200",
    b" BODY=8BITMIME SMTPUTF8",
    b" RET=HDRS ENVID=x",
    b"RCPT TO:<ada@example.org>",
    b"RCPT TO:<",
    b"ada@example.org>",
    "ü@b.example>".encode(),
    b" NOTIFY=NEVER ORCPT=rfc822;a@b",
    b"DATA\r\n",
    b"BDAT 3\r\n",
    b"BDAT 9 LAST\r\n",
    b"BDAT 0 LAST\r\n",
    b"BDAT 99999\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY x\r\n",
    b"QUIT\r\n",
    b"STARTTLS\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBjb3JyZWN0IGhvcnNl\r\n",
    b"AUTH LOGIN\r\n",
    b"YWRhQGV4YW1wbGUub3Jn\r\n",
    b"AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj\r\n",
    b"AUTH SCRAM-SHA-256 biwsbj1hZGFAZXhhbXBsZS5vcmcscj1hYmM=\r\n",
    b"Yz1iaXdzLHI9YWJjLHA9QUFBQQ==\r\n",
    b"*\r\n",
    b"=\r\n",
    b"\r\n",
    b".\r\n",
    b"..",
    b"\r",
    b"\n",
    b"\0",
    b"x" * 100,
    b"x" * 3000,
    b"x" * 13000,
]
HELLO = [b"EHLO a\r\n", b"LHLO a\r\n"]
MAIL = [*HELLO, b"MAIL FROM:<b@c.example>\r\n", b"RCPT TO:<ada@example.org>\r\n"]
# Most of what is random is refused early, so some begins further on.
PROLOGUES = st.sampled_from([[], HELLO, MAIL, [*MAIL, b"DATA\r\n"]])
TAILS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=25)
OCTETS = st.builds(list.__add__, PROLOGUES, TAILS)
SERVICES = st.sampled_from([Service.SMTP, Service.SUBMISSION, Service.LMTP])


def check_replies(octets: bytes) -> None:
    lines = octets.split(b"\r\n")
    assert lines.pop() == b"", "a reply without its CRLF"
    for line in lines:
        assert REPLY.fullmatch(line), line
        assert len(line) <= 510
        assert b"Local error" not in line


class FakeTransport(asyncio.Transport):
    """Keeps what is written and remembers whether it may feed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = self.is_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 1) if name.endswith("name") else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closed
        self.written += data

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None: ...

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_closed = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True


async def feed(pieces: Sequence[bytes], service: Service) -> tuple[bytes, ScriptedDesk]:
    """Let the pieces arrive on a connection without a socket."""
    desk = ScriptedDesk()
    options = ListenerOptions(
        address="127.0.0.1:0", hostname="mx.example.org", service=service, limits=LIMITS
    )
    listener = Listener(
        desk, options, ConnectionCaps(), lambda: None, Networks(()), buffer=BUFFER
    )
    transport = FakeTransport()
    connection = Connection(listener)
    stream = connection.stream
    stream.connection_made(transport)
    for piece in pieces:
        while transport.is_paused:  # noqa: ASYNC110  there is no event for it
            await asyncio.sleep(0)
        if transport.is_closed:
            break
        stream.get_buffer(-1)[: len(piece)] = piece
        stream.buffer_updated(len(piece))
        # The beginning of a line may wait for its end, beside what was just read.
        held = max(LIMITS.read_ahead, MAX_AUTH_LINE)
        assert len(stream.pending) <= held + len(BUFFER)
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(connection._lines.pending) <= MAX_AUTH_LINE
    stream.eof_received()
    for _ in range(3):
        await asyncio.sleep(0)
    stream.connection_lost(None)
    await connection.ended
    assert listener.caps.count == 0
    return transport.written, desk


BUFFER = memoryview(bytearray(16 * KIB))


@pytest.fixture(autouse=True)
def no_bug_is_reported() -> Any:
    def fail(error: BaseException, **values: object) -> None:
        raise AssertionError("a bug") from error

    with (
        patch.object(session, "report", fail),
        patch.object(journal, "report", fail),
        patch("postwarden.smtpd.connection.report", fail),
    ):
        yield


@settings(max_examples=150, deadline=None)
@given(OCTETS, SERVICES)
def test_a_connection_answers_in_replies(pieces: list[bytes], service: Service) -> None:
    written, desk = asyncio.run(feed(pieces, service))

    check_replies(written)
    assert all(content.buffer() == b"" for content in desk.contents)


@settings(max_examples=100, deadline=None)
@given(OCTETS, SERVICES, st.integers(1, 40))
def test_pieces_make_no_difference(
    words: list[bytes], service: Service, size: int
) -> None:
    octets = b"".join(words)
    pieces = [octets[i : i + size] for i in range(0, len(octets), size)][:400]
    octets = b"".join(pieces)
    whole = [octets[i : i + len(BUFFER)] for i in range(0, len(octets), len(BUFFER))]

    _, in_pieces = asyncio.run(feed(pieces, service))
    _, at_once = asyncio.run(feed(whole, service))

    # Whether DATA was pipelined may end a session, and so what is accepted after.
    shorter = min(len(in_pieces.mails), len(at_once.mails))
    assert in_pieces.mails[:shorter] == at_once.mails[:shorter]


@settings(max_examples=150, deadline=None)
@given(OCTETS, SERVICES)
def test_a_session_under_tls_answers_in_replies(
    words: list[bytes], service: Service
) -> None:
    verifier = ScramVerifier(b"salt" * 4, 4096, b"k" * 32, b"k" * 32)
    desk = ScriptedDesk(verifiers={ADA: verifier})
    octets = b"".join(words)

    async def converse() -> bytes:
        conversation = open_session(
            desk,
            service=service,
            peer=TLS_PEER,
            limits=LIMITS,
            authentication=True,
            scram=True,
        )
        hello = b"LHLO a\r\n" if service is Service.LMTP else b"EHLO a\r\n"
        answers = await talk(conversation, hello + octets)
        conversation.close()
        return b"".join(reply.octets for reply in answers)

    check_replies(asyncio.run(converse()))
    assert all(content.buffer() == b"" for content in desk.contents)


def test_the_words_can_lead_to_an_accepted_mail() -> None:
    """The fuzzer's alphabet is worth something: mail and logins are within it."""
    words = [
        b"EHLO a\r\n",
        b"MAIL FROM:<b@c.example>",
        b" SIZE=200",
        b"\r\n",
        b"RCPT TO:<ada@example.org>",
        b"\r\n",
        b"DATA\r\n",
        b"x",
        b"\r\n",
        b".\r\n",
    ]

    written, desk = asyncio.run(feed(words, Service.SMTP))

    assert len(desk.mails) == 1
    assert b"accepted trace=t1" in written
