"""Mail as it should not be: the protocol's own error, or kept as it came.

Invariants 8 and 9: bytes out are bytes in; no input makes a listener fall.
"""

import random
from collections.abc import Iterator

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.services import accounts
from tests.e2e import books, mails, world
from tests.e2e.clients import Dialog, accepted, dotted, trace_of
from tests.e2e.processes import Postwarden, Serving, settings

ADA, MALLORY = "ada@example.org", "mallory@example.net"
LIMIT = 256 * 1024


@pytest.fixture(scope="module")
def serving(shared: Postwarden) -> Iterator[Serving]:
    serving = shared.serve(*settings(smtp__message_size=LIMIT))
    yield serving
    serving.stop()


@pytest.fixture
def dialog(serving: Serving) -> Iterator[Dialog]:
    with Dialog(serving.addresses["smtp"]) as dialog:
        dialog.begin()
        dialog.ask(f"MAIL FROM:<{MALLORY}>")
        yield dialog


def account(shared: Postwarden, address: str, **changes: int | AccountState) -> None:
    """Make an account that is full, or disabled."""
    at = Address.parse(address)
    world.transact(
        shared.data, accounts.create, OPERATOR, accounts.NewAccount(address=at)
    )
    world.transact(shared.data, accounts.change, OPERATOR, at, **changes)  # type: ignore[arg-type]  # each test names its own


@pytest.mark.parametrize(
    ("recipient", "answer"),
    [
        ("ada@example.net", "550 5.7.1"),  # not ours: no relaying
        ("ada%example.net@example.com", "550 5.1.1"),  # the percent hack is a name
        ("nobody@example.org", "550 5.1.1"),
        ("@example.net:ada@example.org", "250 2.1.5"),  # RFC 5321 appendix F.2
        ("postmaster@example.org", "250 2.1.5"),
        ("POSTMASTER", "250 2.1.5"),
        ("ada", "501 5.1.3"),
        ("ada@@example.org", "501 5.1.3"),
        ("a" * 65 + "@example.org", "501 5.1.3"),
        ("ada@example.org> SIZE=1 <", "555 5.5.4"),
    ],
)
def test_a_recipient_gets_its_own_answer(
    dialog: Dialog, recipient: str, answer: str
) -> None:
    told = dialog.ask(f"RCPT TO:<{recipient}>")
    assert told.startswith(answer), told


def test_a_disabled_account_takes_no_mail(shared: Postwarden, dialog: Dialog) -> None:
    account(shared, "off@example.org", state=AccountState.DISABLED)
    assert dialog.ask("RCPT TO:<off@example.org>").startswith("550 5.2.1")


def test_a_full_account_takes_no_mail(shared: Postwarden, dialog: Dialog) -> None:
    account(shared, "full@example.org", quota_messages=1)
    assert dialog.ask("RCPT TO:<full@example.org>").startswith("250")
    assert dialog.ask("DATA").startswith("354")
    dialog.send(dotted(mails.mail("the-only-one")))
    trace_of(dialog.reply())
    dialog.ask(f"MAIL FROM:<{MALLORY}>")
    assert dialog.ask("RCPT TO:<full@example.org>").startswith("452 4.2.2")


def test_a_mail_too_large_for_the_room_left_is_refused_whole(
    shared: Postwarden, dialog: Dialog
) -> None:
    account(shared, "narrow@example.org", quota_octets=5000)
    assert dialog.ask("RCPT TO:<narrow@example.org>").startswith("250")
    dialog.ask("DATA")
    dialog.send(dotted(mails.mail("too-wide", body="x" * 6000 + "\r\n")))
    assert dialog.reply().startswith("452 4.2.2")
    with books.opened(shared.data) as seen:
        assert not seen.one(
            "SELECT count(*) FROM messages WHERE message_id = 'too-wide@example.net'"
        )
        assert not seen.faults()


def test_more_recipients_than_allowed_are_left_for_another_mail(
    shared: Postwarden, dialog: Dialog
) -> None:
    """RFC 5321 §4.5.3.1.10: 452 for those beyond, and the mail goes to the rest."""
    answers = []
    for start in range(0, 10_000, 500):  # a window of what is sent ahead
        numbers = range(start, start + 500)
        dialog.send(b"".join(b"RCPT TO:<ada+%d@example.org>\r\n" % n for n in numbers))
        answers += [dialog.reply()[:9] for _ in numbers]
    assert answers == ["250 2.1.5"] * 1000 + ["452 4.5.3"] * 9000
    dialog.ask("DATA")
    dialog.send(dotted(mails.mail("to-many")))
    trace_of(dialog.reply())
    with books.opened(shared.data) as seen:
        assert [
            (filed.account, count)
            for filed, count in seen.filed().items()
            if filed.message_id == "to-many@example.net"
        ] == [(ADA, 1)]
        assert not seen.faults()


def test_a_mail_that_says_it_is_too_large_is_refused_at_once(dialog: Dialog) -> None:
    dialog.ask("RSET")
    told = dialog.ask(f"MAIL FROM:<{MALLORY}> SIZE={LIMIT + 1}")
    assert told.startswith("552 5.3.4")


def test_a_mail_that_is_too_large_is_refused_at_its_end(
    shared: Postwarden, dialog: Dialog
) -> None:
    dialog.ask(f"RCPT TO:<{ADA}>")
    dialog.ask("DATA")
    dialog.send(dotted(mails.mail("oversized", body="x" * LIMIT + "\r\n")))
    assert dialog.reply().startswith("552 5.3.4")
    assert dialog.ask("NOOP").startswith("250")
    with books.opened(shared.data) as seen:
        assert not seen.one(
            "SELECT count(*) FROM messages WHERE message_id = 'oversized@example.net'"
        )


def test_bare_line_ends_are_refused(dialog: Dialog) -> None:
    """RFC 5321 §2.3.8: or somebody else's server sees two mails in one."""
    dialog.ask(f"RCPT TO:<{ADA}>")
    dialog.ask("DATA")
    dialog.send(mails.mail("smuggled") + b"\n.\nMAIL FROM:<x@example.net>\r\n.\r\n")
    assert dialog.reply().startswith("550 5.6.0")


_NOISE = random.Random(1).randbytes(20_000).replace(b"\r", b"").replace(b"\n", b"")
ODD = {
    "empty": b"",
    "no-header": b"\r\nonly a body\r\n",
    "no-body": b"Subject: only a header\r\n",
    "no-colon": b"this is no header at all\r\n\r\nbody\r\n",
    "long-line": mails.mail("long-line", body="x" * 50_000 + "\r\nend\r\n"),
    "long-header": mails.mail("long-header", subject="y" * 50_000),
    "nul": mails.mail("nul", subject="a\0b", body="\0\0 NUL \0\r\n"),
    "8-bit": mails.mail("8-bit", subject="Ünïcode").replace(
        b"mallory@", b"m\xe4llory@"
    ),
    "noise": _NOISE + b"\r\n",
    "many-headers": b"X: y\r\n" * 10_000 + b"\r\nbody\r\n",
    "broken-mime": mails.mail(
        "broken-mime",
        headers={
            "MIME-Version": "1.0",
            "Content-Type": 'multipart/mixed; boundary="b"',
            "Content-Transfer-Encoding": "base64",
        },
        body="--b\r\nContent-Type: text/plain; charset=nonsense\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n!!!not base64 pelican=\r\n--b",
    )
    + b"\r\n",
    "nested": mails.mail(
        "nested",
        headers={"Content-Type": "multipart/mixed; boundary=b0"},
        body="".join(
            f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n"
            for n in range(2000)
        ),
    ),
    "dots": mails.mail("dots", body=".\r\n..\r\n...\r\n.x\r\n"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_mail_is_kept_to_the_octet(
    shared: Postwarden, serving: Serving, name: str
) -> None:
    (trace,) = accepted(serving.addresses["smtp"], [ADA], ODD[name])
    with books.opened(shared.data) as seen:
        ((sha256,),) = seen.all(
            "SELECT m.sha256 FROM copies c JOIN messages m ON m.id = c.message"
            " JOIN receptions r ON r.id = c.reception WHERE r.trace_id = ?",
            trace,
        )
        assert seen.blob(sha256) == ODD[name]


def test_odd_mail_is_found(shared: Postwarden, serving: Serving) -> None:
    """By its bytes, its words as far as they can be read, and what it lacks."""
    contents = [ODD[name] for name in ("broken-mime", "8-bit", "empty", "nul")]
    accepted(serving.addresses["smtp"], ["eve@example.org"], *contents)
    found = shared.rows("find", "account:eve@example.org")
    assert len(found) == len(contents)
    by_size = {row["size"]: row for row in found}
    assert by_size[0]["message_id"] is by_size[0]["fingerprint"] is None
    words = {
        "subject:ünïcode": "<8-bit@example.net>",
        "message-id:nul@example.net": "<nul@example.net>",
        "subject:broken": "<broken-mime@example.net>",
    }
    for query, message_id in words.items():
        rows = shared.rows("find", f"account:eve@example.org {query}")
        assert [row["message_id"] for row in rows] == [message_id], query


def test_nothing_is_taken_while_the_disk_runs_low(postwarden: Postwarden) -> None:
    serving = postwarden.serve(*settings(store__minimum_free="64T"))
    for name, hello in (("smtp", "EHLO"), ("lmtp", "LHLO")):
        with Dialog(serving.addresses[name]) as dialog:
            dialog.begin(f"{hello} mta.example")
            told = dialog.ask(f"MAIL FROM:<{MALLORY}>")
            assert told.startswith("452 4.3.1")
            assert dialog.ask(f"RCPT TO:<{ADA}>").startswith("503")
    serving.stop()
    with books.opened(postwarden.data) as seen:
        assert not seen.filed()


def test_rubbish_ends_one_session_and_no_other(
    shared: Postwarden, serving: Serving
) -> None:
    chance = random.Random(3)
    with Dialog(serving.addresses["smtp"]) as steady:
        steady.begin()
        for _ in range(20):
            with Dialog(serving.addresses["smtp"]) as rude:
                rude.reply()
                # Answers to so many errors would be kept back for long.
                rude.send(chance.randbytes(chance.randrange(1, 5000)) + b"\r\n")
        steady.begin_mail(MALLORY, [ADA])
        steady.send(dotted(mails.mail("steady")))
        trace_of(steady.reply())
    with books.opened(shared.data) as seen:
        assert not seen.faults()
