"""Tasks from the shell, as scripts use them."""

from typing import cast

import pytest

from postwarden.services import removals
from postwarden.worker.context import Lease
from postwarden.worker.tasks import HANDLERS, Handler
from tests.support.command_line import CommandLine

FIELDS = {
    *("task", "name", "subject", "state", "done", "total", "actor", "request_id"),
    *("domain", "created_at", "run_at", "started_at", "heartbeat_at", "leased_until"),
    *("ended_at", "attempts", "cancelable", "result", "error"),
}
ADA = "ada@example.org"


def removed(cli: CommandLine) -> int:
    """Remove an account and return the task that vaulted its mail."""
    assert cli("account", "create", ADA).status == 0
    assert cli("account", "remove", ADA).status == 0
    (row,) = cli("task", "list", "--name", removals.TASK, "--limit", "1", "--json").rows
    return int(row["task"])


def test_without_tasks_the_list_is_empty(cli: CommandLine) -> None:
    assert cli("task", "list", "--json").out == ""
    ran = cli("task", "list")
    assert (ran.status, ran.out, ran.err) == (0, "", "no tasks\n")


def test_a_task_has_exactly_the_promised_fields(cli: CommandLine) -> None:
    number = removed(cli)
    shown = cli("task", "show", str(number), "--json").json
    assert set(shown) == FIELDS
    assert (shown["state"], shown["actor"]) == ("completed", "operator")
    assert (shown["name"], shown["domain"]) == ("account.remove", "example.org")
    assert shown["cancelable"] is False
    assert cli("task", "list", "--json").rows == [shown]
    assert cli("task", "list", "--state", "failed", "--json").rows == []


def test_a_task_that_has_ended_is_awaited_at_once(cli: CommandLine) -> None:
    number = str(removed(cli))
    ran = cli("task", "await", number, "--timeout", "30s", "--json")
    assert (ran.status, ran.json["state"]) == (0, "completed")


def test_orders_that_make_no_sense_are_refused(cli: CommandLine) -> None:
    number = str(removed(cli))
    assert cli("task", "show", "99").status == 3
    assert cli("task", "await", "99").status == 3
    assert cli("task", "await", number, "--timeout", "soon").status == 2
    assert cli("task", "list", "--state", "lazy").status == 2
    canceled = cli("task", "cancel", number, "--json")
    assert (canceled.status, canceled.error["code"]) == (5, "refused")
    assert cli("task", "retry", number).status == 5


def test_a_failed_task_is_tried_again_and_a_waiting_one_is_not_awaited_for_ever(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Lease) -> None:
        raise KeyError

    assert cli("account", "create", ADA).status == 0
    with monkeypatch.context() as patched:
        patched.setitem(cast(dict[str, Handler], HANDLERS), removals.TASK, fail)
        assert cli("account", "remove", ADA).status == 1
    (row,) = cli("task", "list", "--state", "failed", "--json").rows
    number = str(row["task"])
    assert row["error"] == "internal error"
    assert cli("task", "await", number).status == 1

    rehearsed = cli("task", "retry", number, "--dry-run", "--json").json
    assert rehearsed["dry_run"] is True
    again = cli("task", "retry", number, "--json").json
    assert again["state"] == "waiting"
    ran = cli("task", "await", str(again["task"]), "--timeout", "0s", "--json")
    assert (ran.status, ran.json["task"]) == (1, again["task"])
    assert ran.error["code"] == "unavailable"
    assert "does `postwarden serve` run?" in ran.error["message"]
    audit = cli("audit", "list", "--json").rows
    assert audit[-1]["action"] == "task.retry"
