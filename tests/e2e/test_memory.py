"""What `serve` costs in memory: idle, with many clients, with one large mail."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from postwarden.smtpd.store_desk import LARGE_AT_ONCE
from tests.e2e import books, mails
from tests.e2e.clients import Dialog, accepted
from tests.e2e.processes import Postwarden, Serving
from tests.e2e.waiting import until

MIB = 1024 * 1024
IDLE = 120 * MIB  # what the architecture allows `serve`
PER_CONNECTION = 32 * 1024
CLIENTS = 200
LARGE = 40_000_000  # octets
SEVERAL = 20_000_000  # octets of each


def indexed(postwarden: Postwarden) -> None:
    """Wait until the full text has all mail, which is the last work there is."""
    with books.opened(postwarden.data) as seen:
        newest = seen.one("SELECT coalesce(max(id), 0) FROM messages")
    path = postwarden.data / "search.db"
    until(lambda: books.indexed_up_to(path) >= newest, "the full text is up to date")


def forget_the_peak(serving: Serving) -> int:
    """Let VmHWM start again from now on; return where it starts."""
    Path(f"/proc/{serving.pid}/clear_refs").write_text("5")
    return serving.memory("VmHWM")


def test_serve_is_small_after_a_thousand_mails(postwarden: Postwarden) -> None:
    serving = postwarden.serve()
    contents = [mails.mail(f"t{number}") for number in range(1000)]
    accepted(serving.addresses["smtp"], ["ada@example.org"], *contents)
    indexed(postwarden)
    assert serving.memory("VmRSS") < IDLE
    serving.stop()


def test_idle_clients_cost_little(postwarden: Postwarden) -> None:
    """Each has said hello and named a sender; half of them are sending."""
    serving = postwarden.serve()
    accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("t1"))
    indexed(postwarden)
    before = serving.memory("VmRSS")
    with ExitStack() as clients:
        for number in range(CLIENTS):
            dialog = clients.enter_context(Dialog(serving.addresses["smtp"]))
            dialog.begin()
            dialog.ask("MAIL FROM:<mallory@example.net>")
            if number % 2:
                dialog.ask("RCPT TO:<ada@example.org>")
                dialog.ask("DATA")
        grown = serving.memory("VmRSS") - before
    assert grown < CLIENTS * PER_CONNECTION, f"{grown // CLIENTS} octets each"
    serving.stop()


def test_a_large_mail_costs_little_more_than_its_octets(
    postwarden: Postwarden,
) -> None:
    """From its first octet until its words are in the full text.

    Its octets are those of the spooled file, which is mapped; the rest is a
    piece of it at a time, compressed, decoded and searched.
    """
    serving = postwarden.serve()
    accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("t1"))
    indexed(postwarden)
    content = mails.bulky("large", LARGE * 3 // 4)
    before = forget_the_peak(serving)
    accepted(serving.addresses["smtp"], ["ada@example.org", "bob@example.org"], content)
    indexed(postwarden)
    grown = serving.memory("VmHWM") - before
    assert grown < len(content) + 24 * MIB, (
        f"{(grown - len(content)) / MIB:.0f} MiB over"
    )
    serving.stop()


def test_large_mails_that_come_together_are_read_in_turn(
    postwarden: Postwarden,
) -> None:
    serving = postwarden.serve()
    accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("t1"))
    indexed(postwarden)
    contents = [mails.bulky(f"t{n}", SEVERAL * 3 // 4, seed=n) for n in range(6)]
    before = forget_the_peak(serving)
    with ThreadPoolExecutor(len(contents)) as senders:
        smtp = serving.addresses["smtp"]
        list(
            senders.map(
                lambda each: accepted(smtp, ["ada@example.org"], each), contents
            )
        )
    indexed(postwarden)
    grown = serving.memory("VmHWM") - before
    most = LARGE_AT_ONCE * len(contents[0]) + 40 * MIB
    assert grown < most, f"{grown / len(contents[0]):.2f} times one of them"
    serving.stop()
