"""The disk fails for a while: mail is refused meanwhile, and nothing stops for good."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from postwarden.model.actors import OPERATOR
from postwarden.services.cases import running
from tests.e2e import books, crowd, mails, world
from tests.e2e.clients import accepted, deliver
from tests.e2e.processes import Postwarden, Serving
from tests.e2e.waiting import until

FITS = 64 * 1024  # octets of a file: enough for a log, not for the rows of a mail


@contextmanager
def no_room(serving: Serving) -> Iterator[None]:
    """Let every write of a process behind the first octets of a file fail."""
    _, hard = resource.prlimit(serving.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (FITS, hard))
    try:
        yield
    finally:
        resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_mail_is_refused_while_it_cannot_be_kept(postwarden: Postwarden) -> None:
    serving = postwarden.serve()
    smtp = serving.addresses["smtp"]
    accepted(smtp, ["ada@example.org"], mails.mail("before"))
    contents = [mails.mail("small"), mails.bulky("large", 400_000)]
    with no_room(serving):
        for answer in deliver(smtp, ["ada@example.org"], *contents):
            assert answer[:3] in {"451", "452"}, answer
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 1
        assert not seen.faults()
    accepted(smtp, ["ada@example.org"], *contents)
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 3
        assert not seen.faults()
    serving.stop()


def test_the_worker_goes_on_when_there_is_room_again(postwarden: Postwarden) -> None:
    """Neither the work nor the note that it failed could be written."""
    before = crowd.fill(postwarden.data)
    case, plan = crowd.approved(postwarden)
    serving = postwarden.serve(*crowd.SMALL_STEPS)
    with books.opened(postwarden.data) as seen:
        pending = seen.outcomes()
        world.using(
            postwarden.data,
            lambda platform: running.start(
                platform.store, OPERATOR, int(case), platform.case_rules
            ),
        )
        until(lambda: crowd.moved_on(seen, pending) > 50, "the worker has begun")
        with no_room(serving):
            until(lambda: "unavailable" in serving.log.read_text(), "it has noticed")
            assert not seen.is_idle(), "too late to prove anything"
        until(seen.is_idle, "the worker has ended the case")
        assert seen.outcomes() == {"removed": plan["copies"]}
        assert (before - seen.filed()).total() == plan["copies"]
        assert not seen.faults()
    serving.stop()


def test_the_full_text_is_brought_up_when_there_is_room_again(
    postwarden: Postwarden,
) -> None:
    """Mail that another process filed meanwhile is not forgotten."""
    serving = postwarden.serve()
    words = "".join(f"word{number}\r\n" for number in range(30_000))
    with no_room(serving):
        world.file(postwarden.data, "ada@example.org", mails.mail("wordy", body=words))
        until(lambda: "index.unavailable" in serving.log.read_text(), "it was tried")
    accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("after"))
    with books.opened(postwarden.data) as seen:
        newest = seen.one("SELECT max(id) FROM messages")
    path = postwarden.data / "search.db"
    until(lambda: books.indexed_up_to(path) == newest, "all mail is indexed")
    serving.stop()
