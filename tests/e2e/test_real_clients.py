"""Clients that others wrote, and what only the octets on the wire show."""

import base64
import os
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.services import accounts
from tests.e2e import books, mails, world
from tests.e2e.clients import Dialog, dotted, trace_of
from tests.e2e.processes import Postwarden, Serving, settings
from tests.e2e.waiting import PATIENCE

ADA, BOB = "ada@example.org", "bob@example.org"
MALLORY = "mallory@example.net"


@dataclass(frozen=True)
class Site:
    """A `serve` with every mail listener, and the certificate it shows."""

    postwarden: Postwarden
    serving: Serving
    authority: trustme.CA

    @property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def contents(self, token: str) -> dict[str, bytes]:
        """Return what each account has of a mail: the bytes by address."""
        with books.opened(self.postwarden.data) as seen:
            return {
                filed.account: seen.blob(bytes.fromhex(filed.sha256))
                for filed in seen.filed()
                if filed.message_id == f"{token}@example.net"
            }

    @contextmanager
    def client(self, name: str = "smtp") -> Iterator[smtplib.SMTP]:
        port = self.serving.port(name)
        if name == "submissions":
            with smtplib.SMTP_SSL(
                "localhost", port, timeout=PATIENCE, context=self.tls
            ) as client:
                client.ehlo()
                yield client
            return
        with smtplib.SMTP("localhost", port, timeout=PATIENCE) as client:
            if name == "submission":
                client.starttls(context=self.tls)
            client.ehlo()
            yield client


@pytest.fixture(scope="module")
def site(shared: Postwarden, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(folder / "certificate.pem", append=number > 0)
    jose = accounts.NewAccount(address=Address.parse("josé@example.org"))
    world.transact(shared.data, accounts.create, OPERATOR, jose)
    serving = shared.serve(
        *("--smtp", "127.0.0.1:0", "--lmtp", f"unix:{folder}/lmtp"),
        *("--submission", "127.0.0.1:0", "--submissions", "127.0.0.1:0"),
        *settings(
            tls__certificate=folder / "certificate.pem", tls__key=folder / "key.pem"
        ),
    )
    return Site(shared, serving, authority)


def test_smtplib_delivers_to_several_at_once(site: Site) -> None:
    content = mails.mail("smtplib", body=".\r\n..\r\nlines of dots\r\n.")
    with site.client() as client:
        assert client.sendmail(MALLORY, [ADA, BOB], content) == {}
    # smtplib ends the last line, as it must (RFC 5321 §4.1.1.4).
    assert site.contents("smtplib") == dict.fromkeys([ADA, BOB], content + b"\r\n")


def test_smtplib_is_told_which_recipients_are_refused(site: Site) -> None:
    with site.client() as client:
        refused = client.sendmail(
            MALLORY, [ADA, "nobody@example.org", BOB], mails.mail("partly")
        )
    assert refused == {
        "nobody@example.org": (550, b"5.1.1 No such recipient here"),
    }
    assert site.contents("partly").keys() == {ADA, BOB}


def test_8bitmime_content_is_kept_to_the_octet(site: Site) -> None:
    content = mails.mail("eightbit").replace(b"invoice", "Rückläufer \xe4".encode())
    content += b"\xff\xfe\x80 no charset at all\r\n"
    with site.client() as client:
        client.sendmail(MALLORY, [ADA], content, mail_options=["BODY=8BITMIME"])
    assert site.contents("eightbit") == {ADA: content}


def test_an_address_that_is_not_ascii_takes_mail_with_smtputf8(site: Site) -> None:
    content = mails.mail("utf8", author="müller@example.net")
    with site.client() as client:
        client.sendmail(
            "müller@example.net",
            ["josé@example.org"],
            content,
            mail_options=["SMTPUTF8", "BODY=8BITMIME"],
        )
    assert site.contents("utf8") == {"josé@example.org": content}
    (told,) = site.postwarden.rows("trace", "message-id:utf8@example.net event:DELIVER")
    assert told["reverse_path"] == "müller@example.net"
    assert told["forward_path"] == told["account"] == "josé@example.org"


def test_an_address_that_is_not_ascii_needs_smtputf8(site: Site) -> None:
    with Dialog(site.serving.addresses["smtp"]) as dialog:
        dialog.begin()
        dialog.ask(f"MAIL FROM:<{MALLORY}>")
        assert dialog.ask("RCPT TO:<josé@example.org>").startswith("553 5.6.7")


def test_a_pipelined_group_is_answered_in_order(site: Site) -> None:
    """RFC 2920 §3.1: all up to DATA in one write, content and QUIT in another."""
    with Dialog(site.serving.addresses["smtp"]) as dialog:
        dialog.begin()
        dialog.send(
            f"MAIL FROM:<{MALLORY}>\r\nRCPT TO:<{ADA}>\r\n"
            f"RCPT TO:<nobody@example.org>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode()
        )
        answers = [dialog.reply()[:3] for _ in range(5)]
        assert answers == ["250", "250", "550", "250", "354"]
        dialog.send(dotted(mails.mail("pipelined")) + b"QUIT\r\n")
        trace_of(dialog.reply())
        assert dialog.reply().startswith("221")
        assert dialog.is_closed()
    assert site.contents("pipelined").keys() == {ADA, BOB}


def test_bdat_takes_content_that_data_could_not_carry(site: Site) -> None:
    """RFC 3030: chunks are counted, so dots and bare line ends mean nothing."""
    content = (
        mails.mail("chunks") + b"\r\n.\r\nbare \n and \r in it\r\n" + b"x" * 70_000
    )
    with Dialog(site.serving.addresses["smtp"]) as dialog:
        dialog.begin()
        dialog.ask(f"MAIL FROM:<{MALLORY}>")
        dialog.ask(f"RCPT TO:<{ADA}>")
        first, rest = content[:1000], content[1000:]
        dialog.send(b"BDAT 1000\r\n" + first)
        assert dialog.reply().startswith("250")
        dialog.send(f"BDAT {len(rest)}\r\n".encode() + rest + b"BDAT 0 LAST\r\n")
        assert dialog.reply().startswith("250")
        trace_of(dialog.reply())
    assert site.contents("chunks") == {ADA: content}


def test_lmtp_answers_for_each_recipient(site: Site) -> None:
    """RFC 2033 §4.2: it is too much for one of them, and the others have it."""
    tiny = accounts.NewAccount(
        address=Address.parse("tiny@example.org"), quota_octets=100
    )
    world.transact(site.postwarden.data, accounts.create, OPERATOR, tiny)
    with Dialog(site.serving.addresses["lmtp"]) as dialog:
        dialog.begin("LHLO mta.example")
        answers = dialog.begin_mail(
            MALLORY, [ADA, "no@example.org", "tiny@example.org", BOB]
        )
        assert [answer[:9] for answer in answers] == [
            *("250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5"),
        ]
        dialog.send(dotted(mails.mail("lmtp")))
        first, full, second = (dialog.reply() for _ in range(3))
        assert full.startswith("452 4.2.2")
        assert trace_of(first) == trace_of(second)
        assert dialog.ask("NOOP").startswith("250")
    assert site.contents("lmtp").keys() == {ADA, BOB}


# region submission


def auth(client: smtplib.SMTP, mechanism: str, password: str = world.PASSWORD) -> None:
    client.user, client.password = ADA, password
    client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))


@pytest.mark.parametrize("listener", ["submission", "submissions"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize(
    "sender", ["ada@example.org", "sales@example.org", "ada+shop@example.org"]
)
def test_an_account_submits_as_itself_and_its_aliases(
    site: Site, listener: str, mechanism: str, sender: str
) -> None:
    token = f"{listener}-{mechanism}-{sender.partition('@')[0]}"
    with site.client(listener) as client:
        assert client.has_extn("auth")
        auth(client, mechanism)
        assert client.sendmail(sender, [BOB], mails.mail(token, author=sender)) == {}
    assert site.contents(token).keys() == {BOB}


@pytest.mark.parametrize(
    "sender", ["bob@example.org", "support@example.org", MALLORY, "no@example.org"]
)
def test_an_account_may_not_submit_as_somebody_else(site: Site, sender: str) -> None:
    with site.client("submissions") as client:
        auth(client, "PLAIN")
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail(sender, [BOB], mails.mail("forged"))
    assert refused.value.smtp_code == 550
    assert isinstance(refused.value.smtp_error, bytes)
    assert refused.value.smtp_error.startswith(b"5.7.1")
    assert not site.contents("forged")


@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_nobody_submits_without_logging_in(site: Site, listener: str) -> None:
    with site.client(listener) as client:
        assert client.mail(ADA)[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            auth(client, "PLAIN", "wrong")
        assert refused.value.smtp_code == 535
        assert client.mail(ADA)[0] == 530


def test_submission_takes_no_password_in_the_clear(site: Site) -> None:
    with Dialog(site.serving.addresses["submission"]) as dialog:
        dialog.reply()
        dialog.send(b"EHLO client.example\r\n")
        keywords: list[str] = []
        while not keywords or keywords[-1][3] == "-":
            keywords.append(dialog.line())
        assert any("STARTTLS" in line for line in keywords)
        assert not any("AUTH" in line for line in keywords)
        secret = base64.b64encode(f"\0{ADA}\0{world.PASSWORD}".encode()).decode()
        assert dialog.ask(f"AUTH PLAIN {secret}").startswith("538")
        assert dialog.ask(f"MAIL FROM:<{ADA}>").startswith("530 5.7.0")


def test_a_submission_elsewhere_is_kept_and_told_of(site: Site) -> None:
    """Sending is for a later release: nothing that was accepted is lost."""
    with site.client("submissions") as client:
        auth(client, "PLAIN")
        content = mails.mail("away", author=ADA)
        assert client.sendmail(ADA, ["friend@example.net"], content) == {}
    told = site.postwarden.rows("trace", "message-id:away@example.net")
    assert [row["event"] for row in told] == ["RECEIVE", "DEFER"]
    assert told[1]["forward_path"] == "friend@example.net"
    with books.opened(site.postwarden.data) as seen:
        assert seen.all("SELECT forward_path, state FROM queue") == [
            ("friend@example.net", "parked")
        ]


# endregion
# region programs


def program(name: str) -> str:
    """Return where a mail program lies; skips without it."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"needs {name}: make services")
    return found


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=PATIENCE
    )


@pytest.mark.parametrize("transport", ["smtp", "lmtp"])
def test_swaks_delivers(site: Site, tmp_path: Path, transport: str) -> None:
    swaks = program("swaks")
    content = mails.mail(f"swaks-{transport}")
    (tmp_path / "mail.eml").write_bytes(content)
    where: Callable[[], Sequence[str]] = {
        "smtp": lambda: ("--server", site.serving.addresses["smtp"], "--pipeline"),
        "lmtp": lambda: (
            *("--socket", site.serving.addresses["lmtp"].removeprefix("unix:")),
            *("--protocol", "LMTP"),
        ),
    }[transport]
    ended = ran(
        swaks,
        *where(),
        *("--from", MALLORY, "--to", f"{ADA},{BOB}"),
        *("--data", f"@{tmp_path}/mail.eml"),
    )
    assert ended.returncode == 0, ended.stdout
    assert site.contents(f"swaks-{transport}").keys() == {ADA, BOB}


@pytest.mark.parametrize("transport", ["smtp", "lmtp"])
def test_smtp_source_delivers_from_many_sessions(site: Site, transport: str) -> None:
    source = program("smtp-source")
    sender = f"source-{transport}@example.net"
    target = site.serving.addresses[transport]
    ended = ran(
        *(source, "-s", "8", "-m", "200", "-l", "4000", "-f", sender, "-t", ADA),
        *(("-L",) if transport == "lmtp" else ()),
        target if target.startswith("unix:") else f"inet:{target}",
    )
    assert ended.returncode == 0, ended.stderr
    with books.opened(site.postwarden.data) as seen:
        assert (
            seen.one(
                "SELECT count(*) FROM copies c JOIN receptions r ON r.id = c.reception"
                " WHERE r.reverse_path = ?",
                sender,
            )
            == 200
        )
        assert not seen.faults()


# endregion
