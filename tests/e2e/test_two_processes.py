"""`serve` and the command line on one store: each sees what the other does, at once."""

from pathlib import Path

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.services.cases import running
from tests.e2e import books, mails, world
from tests.e2e.clients import Dialog, accepted
from tests.e2e.places import ENGINES
from tests.e2e.processes import Postwarden, settings
from tests.e2e.waiting import until
from tests.e2e.world import TEAM


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_command_creates_takes_mail_at_once(postwarden: Postwarden) -> None:
    serving = postwarden.serve()
    with Dialog(serving.addresses["smtp"]) as dialog:
        dialog.begin()
        dialog.ask("MAIL FROM:<mallory@example.net>")
        assert dialog.ask("RCPT TO:<new@example.org>").startswith("550 5.1.1")
        postwarden.run("account", "create", "new@example.org")
        assert dialog.ask("RCPT TO:<new@example.org>").startswith("250")
    serving.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_mail_is_found_by_its_words_as_soon_as_it_is_acknowledged(
    postwarden: Postwarden,
) -> None:
    serving = postwarden.serve()
    to = ["ada@example.org", "bob@example.org"]
    content = mails.mail("t1", subject="Quarterly figures", body="The gazebo.\r\n")
    (trace,) = accepted(serving.addresses["smtp"], to, content)
    found = postwarden.rows("find", "subject:quarterly body:gazebo")
    assert [row["account"] for row in found] == to
    told = postwarden.rows("trace", f"trace:{trace}")
    assert [row["event"] for row in told] == ["RECEIVE"] * 2 + ["DELIVER"] * 2
    serving.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_worker_of_serve_does_what_another_process_ordered(
    postwarden: Postwarden,
) -> None:
    """A case is started elsewhere by somebody who does not stay to run it."""
    serving = postwarden.serve()
    accepted(serving.addresses["smtp"], [TEAM], mails.mail("t1"))
    case = postwarden.json("case", "open", "message-id:t1@example.net", "--reason", "x")
    number = str(case["case"])
    plan = postwarden.json("case", "preview", number)["plan"]
    postwarden.run("case", "approve", number, "--plan", plan["sha256"])
    world.using(
        postwarden.data,
        lambda platform: running.start(
            platform.store, OPERATOR, case["case"], platform.case_rules
        ),
    )
    with books.opened(postwarden.data) as seen:
        until(seen.is_idle, "serve runs the case")
        assert seen.outcomes() == {"removed": 60}
        assert not seen.faults()
    serving.stop()


def test_commands_and_mail_do_not_wait_for_each_other_long(
    postwarden: Postwarden,
) -> None:
    """Both write at once; neither fails, and no write of either is lost."""
    serving = postwarden.serve()
    commands = [
        postwarden.start(
            "alias", "create", f"alias{number}@example.org", "--to", "ada@example.org"
        )
        for number in range(3)
    ]
    sent = [mails.mail(f"t{number}") for number in range(200)]
    accepted(serving.addresses["smtp"], ["ada@example.org"], *sent)
    for command in commands:
        _, complaint = command.communicate()
        assert command.returncode == 0, complaint
    accepted(
        serving.addresses["smtp"],
        [f"alias{number}@example.org" for number in range(3)],
        mails.mail("by alias"),
    )
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 201  # ada gets one copy, whatever led to her
        assert not seen.faults()
    serving.stop()


def test_commands_that_make_the_store_together_make_one(tmp_path: Path) -> None:
    postwarden = Postwarden(tmp_path / "new")
    try:
        names = [f"domain{number}.example" for number in range(3)]
        commands = [postwarden.start("domain", "create", name) for name in names]
        for command in commands:
            _, complaint = command.communicate()
            assert command.returncode == 0, complaint
        listed = postwarden.rows("domain", "list")
    finally:
        postwarden.end()
    assert [row["domain"] for row in listed] == names


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_serve_shares_the_store_and_the_work(postwarden: Postwarden) -> None:
    first = postwarden.serve(*settings(delivery__inline_destinations=1))
    second = postwarden.serve(*settings(delivery__inline_destinations=1))
    for number, serving in enumerate((first, second)):
        contents = [mails.mail(f"t{number}x{n}") for n in range(10)]
        accepted(serving.addresses["smtp"], [TEAM], *contents)
    with books.opened(postwarden.data) as seen:
        until(seen.is_idle, "both workers deliver to the group")
        assert seen.filed().total() == 2 * 10 * 60
        assert set(seen.filed().values()) == {1}
        assert not seen.faults()
    first.stop()
    second.stop()


def test_a_listener_of_the_store_needs_little_while_nothing_happens(
    postwarden: Postwarden,
) -> None:
    """Watching what others commit is no busy loop."""
    serving = postwarden.serve()
    accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("t1"))
    with books.opened(postwarden.data) as seen:
        until(seen.is_idle, "nothing is left to do")
    before = _wakeups(serving.pid)
    postwarden.run("find", "account:ada@example.org")  # it takes a while, and reads
    assert _wakeups(serving.pid) - before < 500


def _wakeups(pid: int) -> int:
    """Return how often the threads of a process have begun to wait."""
    return sum(
        int(line.split()[1])
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for line in (thread / "status").read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    )
