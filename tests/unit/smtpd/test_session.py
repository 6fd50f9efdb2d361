"""Sessions without sockets: what reaches the desk and what is answered."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Content, Envelope, EnvelopeRecipient
from postwarden.model.errors import (
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    StorageFull,
)
from postwarden.smtpd.desk import Accepted
from postwarden.smtpd.options import Limits, Service
from postwarden.smtpd.session import Next
from postwarden.wire.scram import ScramVerifier
from tests.support.smtp_desk import ADA, PASSWORD, ScriptedDesk
from tests.support.smtp_session import PEER, TLS_PEER, codes, open_session, talk

HELLO = b"EHLO client.example\r\n"
TO_ADA = b"MAIL FROM:<bob@example.net>\r\nRCPT TO:<ada@example.org>\r\n"
PLAIN = b"AUTH PLAIN " + base64.b64encode(f"\0{ADA}\0{PASSWORD}".encode()) + b"\r\n"
BAD_PLAIN = b"AUTH PLAIN " + base64.b64encode(f"\0{ADA}\0no".encode()) + b"\r\n"


async def test_the_envelope_says_all_that_was_said() -> None:
    desk = ScriptedDesk()
    session = open_session(desk)

    await talk(
        session,
        b"EHLO client.example\r\n"
        b"MAIL FROM:<bob@Example.NET> SIZE=77 BODY=8BITMIME RET=HDRS ENVID=e+2B1\r\n"
        b"RCPT TO:<ada@example.org> NOTIFY=SUCCESS ORCPT=rfc822;a+40b\r\n"
        b"RCPT TO:<postmaster>\r\n"
        b"DATA\r\n..x\r\n.\r\n",
    )

    (mail,) = desk.mails
    assert mail.content == b".x\r\n"
    assert mail.envelope == Envelope(
        reverse_path=Address("bob", "example.net"),
        recipients=(
            EnvelopeRecipient(
                forward_path=Address("ada", "example.org"),
                notify=("SUCCESS",),
                original_recipient="rfc822;a@b",
            ),
            EnvelopeRecipient(forward_path=Address("postmaster", "mx.example.org")),
        ),
        helo="client.example",
        protocol="ESMTP",
        peer=PEER,
        login=None,
        size_hint=77,
        body="8BITMIME",
        smtputf8=False,
        ret="HDRS",
        envid="e+1",
    )


async def test_the_null_path_is_none() -> None:
    desk = ScriptedDesk()

    await talk(
        open_session(desk),
        HELLO + b"MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n.\r\n",
    )

    assert desk.mails[0].envelope.reverse_path is None


@pytest.mark.parametrize(
    ("service", "hello", "tls", "parameters", "word"),
    [
        (Service.SMTP, b"HELO c", False, b"", "SMTP"),
        (Service.SMTP, b"HELO c", True, b"", "SMTP"),
        (Service.SMTP, b"EHLO c", False, b"", "ESMTP"),
        (Service.SMTP, b"EHLO c", True, b"", "ESMTPS"),
        (Service.SMTP, b"EHLO c", False, b" SMTPUTF8", "UTF8SMTP"),
        (Service.SMTP, b"EHLO c", True, b" SMTPUTF8", "UTF8SMTPS"),
        (Service.SUBMISSION, b"EHLO c", True, b"", "ESMTPSA"),
        (Service.SUBMISSION, b"EHLO c", True, b" SMTPUTF8", "UTF8SMTPSA"),
        (Service.LMTP, b"LHLO c", False, b"", "LMTP"),
        (Service.LMTP, b"LHLO c", True, b"", "LMTPS"),
        (Service.LMTP, b"LHLO c", False, b" SMTPUTF8", "UTF8LMTP"),
    ],
)
async def test_the_word_for_received(
    service: Service, hello: bytes, tls: bool, parameters: bytes, word: str
) -> None:
    desk = ScriptedDesk()
    session = open_session(desk, service=service, peer=TLS_PEER if tls else PEER)

    await talk(
        session,
        hello
        + b"\r\n"
        + (PLAIN if service is Service.SUBMISSION else b"")
        + b"MAIL FROM:<bob@example.net>"
        + parameters
        + b"\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n.\r\n",
    )

    envelope = desk.mails[0].envelope
    assert envelope.protocol == word
    assert envelope.login == (ADA if service is Service.SUBMISSION else None)


async def test_an_address_is_one_in_either_spelling_of_its_domain() -> None:
    desk = ScriptedDesk()

    await talk(
        open_session(desk),
        HELLO
        + "MAIL FROM:<jürgen@bücher.example> SMTPUTF8\r\n".encode()
        + b"RCPT TO:<ada@xn--bcher-kva.example>\r\nDATA\r\n.\r\n",
    )

    envelope = desk.mails[0].envelope
    assert envelope.reverse_path == Address("jürgen", "bücher.example")
    assert envelope.recipients[0].forward_path == Address("ada", "bücher.example")
    assert envelope.smtputf8


async def test_chunks_are_one_message_as_they_are() -> None:
    desk = ScriptedDesk()
    session = open_session(desk)

    await talk(session, HELLO + TO_ADA + b"BDAT 5\r\n\r\n.\r\n")
    await talk(session, b"BDAT 3 LAST\r\n\ra\n")

    assert desk.mails[0].content == b"\r\n.\r\n\ra\n"


async def test_content_may_arrive_octet_by_octet() -> None:
    desk = ScriptedDesk()
    session = open_session(desk)
    await talk(session, HELLO + TO_ADA + b"DATA\r\n")

    for octet in b"..a\r\nb\r\n.\r":
        assert await talk(session, bytes([octet])) == []

    assert await codes(session, b"\n") == [250]
    assert desk.mails[0].content == b".a\r\nb\r\n"


# region our bugs


class Bug(Exception):
    """What no desk should raise."""


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("bob@example.net", [250, 451, 503, 503]),
        ("ada@example.org", [250, 250, 451, 503]),
        ("content", [250, 250, 250, 451]),
        ("accept", [250, 250, 250, 354, 451]),
    ],
)
async def test_a_bug_is_temporary_for_the_client_and_logged_once(
    where: str, expected: list[int]
) -> None:
    session = open_session(ScriptedDesk(refuse={where: Bug("of ours")}))

    with capture_logs() as logs:
        answers = await codes(session, HELLO + TO_ADA + b"DATA\r\n")
        if session.is_receiving:
            answers += await codes(session, b"x\r\n.\r\n")

    assert answers == expected
    assert [log["event"] for log in logs] == ["smtp.failed"]
    assert logs[0]["client_ip"] == "192.0.2.1"
    assert await codes(session, b"NOOP\r\n") == [250]


async def test_a_bug_in_lmtp_is_answered_for_each_recipient() -> None:
    session = open_session(ScriptedDesk(refuse={"accept": Bug()}), service=Service.LMTP)

    with capture_logs():
        answers = await codes(
            session,
            b"LHLO c\r\n" + TO_ADA + b"RCPT TO:<eve@example.org>\r\nDATA\r\n.\r\n",
        )

    assert answers == [250, 250, 250, 250, 354, 451, 451]


async def test_a_desk_that_forgets_a_recipient_is_a_bug() -> None:
    class Forgetful(ScriptedDesk):
        async def accept(self, envelope: Envelope, content: Content) -> Accepted:
            return Accepted(trace_id="t", outcomes=())

    session = open_session(Forgetful(), service=Service.LMTP)

    with capture_logs() as logs:
        answers = await codes(session, b"LHLO c\r\n" + TO_ADA + b"DATA\r\n.\r\n")

    assert answers[-1] == 451
    assert len(logs) == 1


async def test_a_bug_behind_a_chunk_does_not_turn_it_into_commands() -> None:
    session = open_session(ScriptedDesk(refuse={"content": Bug()}))

    with capture_logs():
        answers = await codes(session, HELLO + TO_ADA + b"BDAT 6 LAST\r\nNOOP\r\n")

    assert answers == [250, 250, 250, 451, 421]
    assert session.next is Next.CLOSE


# endregion
# region content refused


async def test_a_full_disk_is_heard_of_at_the_end() -> None:
    class FullContent:
        size = 0
        sha256 = ""

        def write(self, octets: bytes) -> None:
            raise StorageFull

        def buffer(self) -> bytes:
            return b""

        def close(self) -> None: ...

    class Desk(ScriptedDesk):
        def content(self) -> Content:
            return FullContent()

    session = open_session(Desk())

    assert await codes(session, HELLO + TO_ADA + b"DATA\r\n") == [250, 250, 250, 354]
    assert await codes(session, b"x\r\n") == []
    assert await codes(session, b".\r\nNOOP\r\n") == [452, 250]


async def test_no_room_for_content_is_told_before_it_comes() -> None:
    desk = ScriptedDesk(refuse={"content": StorageFull("no")})
    session = open_session(desk)

    answers = await codes(session, HELLO + TO_ADA + b"DATA\r\n")
    chunk = await codes(session, b"BDAT 6 LAST\r\nNOOP\r\n")

    assert answers[-1] == 452
    assert chunk == [452]


async def test_content_after_a_refusal_is_bounded() -> None:
    limits = Limits(message_size=10, swallowed=100)
    session = open_session(ScriptedDesk(), limits=limits)

    answers = await codes(session, HELLO + TO_ADA + b"DATA\r\n")
    for _ in range(3):
        answers += await codes(session, b"x" * 60)

    assert answers == [250, 250, 250, 354, 552, 421]
    assert session.next is Next.CLOSE


async def test_a_chunk_that_is_far_too_large_is_not_waited_for() -> None:
    limits = Limits(message_size=10, swallowed=100)
    session = open_session(ScriptedDesk(), limits=limits)

    answers = await codes(session, HELLO + TO_ADA + b"BDAT 101 LAST\r\n")

    assert answers == [250, 250, 250, 552, 421]


async def test_a_refused_mail_leaves_no_content_open() -> None:
    desk = ScriptedDesk(refuse={"accept": StorageFull("no")})
    session = open_session(desk)

    await talk(session, HELLO + TO_ADA + b"DATA\r\nx\r\n.\r\n")
    await talk(session, TO_ADA + b"BDAT 1\r\nx")
    await talk(session, b"RSET\r\n" + TO_ADA + b"DATA\r\nabc")
    session.close()

    assert len(desk.contents) == 3
    assert all(content.buffer() == b"" for content in desk.contents)


# endregion
# region patience


async def test_errors_are_answered_later_and_then_not_at_all() -> None:
    limits = Limits(errors_before_delay=1, error_delay_seconds=2, errors=3)
    session = open_session(ScriptedDesk(), limits=limits)

    await talk(session, b"X\r\n")
    assert session.delay == 0
    await talk(session, b"X\r\n")
    assert session.delay == 2
    assert await codes(session, b"X\r\nNOOP\r\n") == [500, 421]
    assert session.next is Next.CLOSE


async def test_commands_without_mail_come_to_an_end() -> None:
    session = open_session(ScriptedDesk(), limits=Limits(commands=1, recipients=1))

    assert await codes(session, b"NOOP\r\n" * 4) == [250, 250, 421]


# endregion
# region authentication

SUBMISSION = {"service": Service.SUBMISSION, "peer": TLS_PEER}


def scram_desk() -> ScriptedDesk:
    verifier = ScramVerifier.of_password(PASSWORD, salt=b"0123456789abcdef")
    return ScriptedDesk(verifiers={ADA: verifier})


def scram_client(session_first: str, *, username: str, password: str) -> bytes:
    """Answer a server's first message, with our own code for its other side."""
    values = dict(part.split("=", 1) for part in session_first.split(","))
    salted = hashlib.pbkdf2_hmac(
        "sha256",
        password.encode(),
        base64.b64decode(values["s"]),
        int(values["i"]),
    )
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = f"c=biws,r={values['r']}"
    message = f"n={username},r=abc,{session_first},{without_proof}"
    signature = hmac.digest(
        hashlib.sha256(client_key).digest(), message.encode(), "sha256"
    )
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()


async def scram(
    desk: ScriptedDesk, username: str, password: str
) -> tuple[list[int], str]:
    """Try to log in; return the codes, and the salt that was shown."""
    session = open_session(desk, scram=True, **SUBMISSION)  # type: ignore[arg-type]  # a dict of both
    await talk(session, HELLO)
    first = base64.b64encode(f"n,,n={username},r=abc".encode())
    (challenge,) = await talk(session, b"AUTH SCRAM-SHA-256 " + first + b"\r\n")
    server_first = base64.b64decode(challenge.text).decode()
    final = scram_client(server_first, username=username, password=password)
    answers = await codes(session, base64.b64encode(final) + b"\r\n")
    if answers == [334]:
        answers += await codes(session, b"\r\n")
    salt = server_first.partition(",s=")[2].partition(",")[0]
    return answers, salt


async def test_scram_proves_a_password() -> None:
    desk = scram_desk()

    answers, _ = await scram(desk, ADA, PASSWORD)

    assert answers == [334, 235]
    assert desk.failed_logins == []


async def test_scram_with_a_wrong_password_fails_and_is_told_to_the_desk() -> None:
    desk = scram_desk()

    answers, _ = await scram(desk, ADA, "wrong")

    assert answers == [535]
    assert desk.failed_logins == [ADA]


async def test_scram_does_not_tell_which_accounts_exist() -> None:
    answers, salt = await scram(scram_desk(), "eve@example.org", PASSWORD)
    known, known_salt = await scram(scram_desk(), ADA, "wrong")

    assert answers == known == [535]
    assert len(salt) == len(known_salt)


async def test_the_salt_of_an_unknown_account_stays() -> None:
    salts = set()
    for _ in range(2):
        session = open_session(
            ScriptedDesk(),
            scram=True,
            scram_secret=b"s" * 32,
            service=Service.SUBMISSION,
            peer=TLS_PEER,
        )
        await talk(session, HELLO)
        first = base64.b64encode(b"n,,n=eve,r=abc")
        (challenge,) = await talk(session, b"AUTH SCRAM-SHA-256 " + first + b"\r\n")
        salts.add(base64.b64decode(challenge.text).partition(b",s=")[2])

    assert len(salts) == 1


async def test_the_last_scram_response_is_empty() -> None:
    session = open_session(
        scram_desk(), scram=True, service=Service.SUBMISSION, peer=TLS_PEER
    )
    await talk(session, HELLO + b"AUTH SCRAM-SHA-256\r\n")
    first = base64.b64encode(f"n,,n={ADA},r=abc".encode())
    (challenge,) = await talk(session, first + b"\r\n")
    server_first = base64.b64decode(challenge.text).decode()
    final = scram_client(server_first, username=ADA, password=PASSWORD)

    assert await codes(session, base64.b64encode(final) + b"\r\n") == [334]
    assert await codes(session, b"AAAA\r\n") == [501]
    assert await codes(session, b"MAIL FROM:<ada@example.org>\r\n") == [530]


@pytest.mark.parametrize(
    "error", [NotFound("account", ADA), Invalid("x"), Forbidden("disabled")]
)
async def test_why_a_login_fails_is_not_told(error: Exception) -> None:
    session = open_session(
        ScriptedDesk(refuse={"login": error}), service=Service.SUBMISSION, peer=TLS_PEER
    )

    answers = await talk(session, HELLO + PLAIN)

    assert answers[-1].octets == b"535 5.7.8 Authentication failed\r\n"


async def test_too_many_logins_elsewhere_is_temporary() -> None:
    session = open_session(
        ScriptedDesk(refuse={"login": LimitExceeded("logins", 3)}),
        service=Service.SUBMISSION,
        peer=TLS_PEER,
    )

    assert await codes(session, HELLO + PLAIN) == [250, 452]


async def test_three_failures_end_the_session_even_with_mail_between() -> None:
    desk = ScriptedDesk()
    session = open_session(desk, authentication=True, peer=TLS_PEER)
    await talk(session, HELLO + BAD_PLAIN + BAD_PLAIN)
    await talk(session, TO_ADA + b"DATA\r\n")
    assert await codes(session, b".\r\n") == [250]

    assert await codes(session, BAD_PLAIN) == [535, 421]


async def test_no_login_while_a_mail_is_being_sent() -> None:
    session = open_session(ScriptedDesk(), authentication=True, peer=TLS_PEER)
    await talk(session, HELLO + TO_ADA)

    assert await codes(session, PLAIN) == [503]


async def test_port_25_offers_no_login() -> None:
    session = open_session(ScriptedDesk(), peer=TLS_PEER)

    (hello,) = await talk(session, HELLO)

    assert "AUTH" not in hello.text


async def test_tls_forgets_everything() -> None:
    session = open_session(ScriptedDesk(), authentication=True, offers_tls=True)
    await talk(session, HELLO + TO_ADA + b"STARTTLS\r\n")
    assert session.next is Next.TLS

    session.secure(replace(PEER, tls="TLSv1.3"))

    assert await codes(session, b"RCPT TO:<a@b.example>\r\n") == [503]
    assert await codes(session, b"MAIL FROM:<a@b.example>\r\n") == [503]
    (hello,) = await talk(session, HELLO)
    assert "STARTTLS" not in hello.text
    assert "AUTH PLAIN LOGIN" in hello.text


# endregion
