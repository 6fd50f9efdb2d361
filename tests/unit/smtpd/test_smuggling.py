"""One mail cannot be hidden in another, whatever stands for an end of data.

Each variant is what some servers have taken for CRLF.CRLF. The mail around it must
be refused as a whole, after its true end, and nothing in it may be a command.
"""

import pytest

from postwarden.smtpd.options import Limits
from tests.support.smtp_desk import ScriptedDesk
from tests.support.smtp_server import serving

HIDDEN = (
    b"MAIL FROM:<eve@example.net>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nhidden\r\n"
)
BARE = "550 5.6.0 Bare CR or LF in message, see RFC 5321 2.3.8"
VARIANTS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r",
    "CR.LF": b"\r.\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRCRLF..CRLF": b"\r\r\n..\r\n",
    "CRLF.CR-NUL-LF": b"\r\n.\r\0\n",
    "CR-NUL-LF.CRLF": b"\r\0\n.\r\n",
}
WITH_NUL = {
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
async def test_a_mail_with_a_bare_cr_or_lf_is_refused_whole(variant: bytes) -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()

        answer = await client.ask(b"a" + variant + HIDDEN + b".\r\nNOOP\r\n")

        assert answer == BARE
        assert await client.reply() == ["250 2.0.0 OK"]
    assert desk.mails == []
    assert len(desk.peers) == 1


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
async def test_it_is_refused_however_it_is_cut(variant: bytes) -> None:
    desk = ScriptedDesk()
    content = b"a" + variant + HIDDEN + b".\r\n"
    limits = Limits(error_delay_seconds=0)
    async with serving(desk, limits=limits) as served, served.connect() as client:
        await client.begin()
        for cut in range(1, len(variant) + 3):
            await client.ask(b"RSET\r\n")
            await client.ask(b"MAIL FROM:<bob@example.net>\r\n")
            await client.ask(b"RCPT TO:<ada@example.org>\r\n")
            await client.ask(b"DATA\r\n")
            client.send(content[:cut])
            await client.writer.drain()

            answer = await client.ask(content[cut:])

            assert answer == BARE
    assert desk.mails == []


@pytest.mark.parametrize("variant", WITH_NUL.values(), ids=WITH_NUL)
async def test_a_nul_hides_nothing(variant: bytes) -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()
        answer = await client.ask(b"a" + variant + HIDDEN + b".\r\n")

    assert answer == "250 2.0.0 accepted trace=t1"
    (mail,) = desk.mails
    assert mail.content.endswith(HIDDEN)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
async def test_in_a_chunk_all_of_them_are_data(variant: bytes) -> None:
    desk = ScriptedDesk()
    content = b"a" + variant + HIDDEN + b"\r\n.\r\n"
    async with serving(desk) as served, served.connect() as client:
        await client.begin()
        await client.ask(b"MAIL FROM:<bob@example.net>\r\n")
        await client.ask(b"RCPT TO:<ada@example.org>\r\n")

        answer = await client.ask(
            b"BDAT %d LAST\r\n" % len(content) + content + b"NOOP\r\n"
        )

        assert answer == "250 2.0.0 accepted trace=t1"
        assert await client.reply() == ["250 2.0.0 OK"]
    assert [mail.content for mail in desk.mails] == [content]


async def test_a_stuffed_dot_hides_nothing() -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()
        await client.ask(b"a\r\n..\r\n" + HIDDEN + b".\r\n")

    (mail,) = desk.mails
    assert mail.content == b"a\r\n.\r\n" + HIDDEN


async def test_what_follows_a_refused_data_is_not_obeyed() -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin()
        client.send(b"DATA\r\n" + HIDDEN)
        answer = await client.rest()

    assert answer == (
        b"503 5.5.1 MAIL first\r\n421 4.7.0 Content sent before it was asked for\r\n"
    )
    assert desk.peers == []
