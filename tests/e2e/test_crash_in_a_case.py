"""Who works on a case is killed: the case ends all the same, and exactly.

No copy is lost or doubled, outcomes add up, and undo gives back every byte, flag,
keyword, mailbox and date, whoever finished the work.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.e2e import books, crowd
from tests.e2e.books import Filed
from tests.e2e.crowd import CAMPAIGN, SMALL_STEPS, approved, moved_on
from tests.e2e.places import ENGINES
from tests.e2e.processes import Json, Postwarden, Serving
from tests.e2e.waiting import until


@pytest.fixture
def campaign(postwarden: Postwarden) -> Counter[Filed]:
    return crowd.fill(postwarden.data)


def killed_in_mid_run(postwarden: Postwarden, *words: str) -> None:
    """Host a case's work in a command, and kill it when some is done."""
    with books.opened(postwarden.data) as seen:
        before = seen.outcomes()
        process = postwarden.start(*words, *SMALL_STEPS)
        until(lambda: moved_on(seen, before) > 50, "the command works on the case")
        process.kill()
        process.wait()
        assert not seen.is_idle(), "killed too late to prove anything"


def take_over(postwarden: Postwarden) -> Serving:
    """Let `serve` find the task whose worker died, and see it get on with it."""
    with books.opened(postwarden.data) as seen:
        before = seen.outcomes()
        serving = postwarden.serve(*SMALL_STEPS)
        until(lambda: moved_on(seen, before) > 50, "serve takes the task over")
        return serving


def finished_by_command(postwarden: Postwarden, case: str) -> None:
    postwarden.run("case", "run", case, *SMALL_STEPS)


def finished_by_serve(postwarden: Postwarden, _case: str) -> None:
    serving = postwarden.serve(*SMALL_STEPS)
    with books.opened(postwarden.data) as seen:
        until(seen.is_idle, "serve ends the case that nobody asked it to")
    serving.stop()


def check_contained(
    postwarden: Postwarden, case: str, plan: Json, before: Counter[Filed]
) -> None:
    """Every planned copy is away, once, and nothing else is."""
    wanted = Counter({f: n for f, n in before.items() if f.message_id in CAMPAIGN})
    with books.opened(postwarden.data) as seen:
        assert seen.filed("contained") == wanted
        assert seen.filed() == before - wanted
        assert seen.outcomes() == {"removed": plan["copies"]}
        assert (
            seen.one("SELECT count(*) FROM ledger WHERE event = 'CONTAIN'")
            == (plan["copies"])
        )
        assert not seen.faults()
    assert plan["copies"] == wanted.total()
    status = postwarden.json("case", "status", case)
    assert status["state"] == "done"
    assert status["outcomes"]["removed"] == plan["copies"]
    assert sum(status["outcomes"].values()) == plan["copies"]
    assert postwarden.json("case", "verify", case)["residual"] == 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("finish", [finished_by_command, finished_by_serve])
def test_a_case_ends_exactly_although_its_workers_are_killed(
    postwarden: Postwarden,
    campaign: Counter[Filed],
    finish: Callable[[Postwarden, str], None],
) -> None:
    """The command is killed, then the `serve` that took over; another one ends it."""
    case, plan = approved(postwarden)
    killed_in_mid_run(postwarden, "case", "run", case)
    take_over(postwarden).kill()
    finish(postwarden, case)
    check_contained(postwarden, case, plan, campaign)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_undo_ends_exactly_although_its_worker_is_killed(
    postwarden: Postwarden, campaign: Counter[Filed]
) -> None:
    case, plan = approved(postwarden)
    postwarden.run("case", "run", case)
    killed_in_mid_run(postwarden, "case", "undo", case)
    undone = postwarden.json("case", "undo", case, *SMALL_STEPS)
    assert undone == {
        "case": int(case),
        "state": "undone",
        "restored": plan["copies"],
        "failed": 0,
    }
    with books.opened(postwarden.data) as seen:
        assert seen.filed() == campaign
        assert not seen.filed("contained")
        assert not seen.faults()
        assert (
            seen.one("SELECT count(*) FROM ledger WHERE event = 'RESTORE'")
            == (plan["copies"])
        )


def test_a_plan_that_was_altered_meanwhile_is_not_resumed(
    postwarden: Postwarden, campaign: Counter[Filed]
) -> None:
    """Neither by the command nor by `serve`; what was done can be undone."""
    case, _ = approved(postwarden)
    killed_in_mid_run(postwarden, "case", "run", case)
    with books.opened(postwarden.data) as seen:
        done = seen.outcomes()["removed"]
        innocent = seen.one(
            "SELECT min(c.id) FROM copies c JOIN messages m ON m.id = c.message"
            " WHERE m.message_id = 'innocent@example.net'"
        )
    rows = postwarden.data / "postwarden.db"
    change = "UPDATE plan_items SET copy = ? WHERE item = (SELECT max(item)"
    assert books.tamper(rows, f"{change} FROM plan_items)", innocent) == 1
    finished_by_serve(postwarden, case)
    assert postwarden.refused("case", "run", case, status=5)["code"] == "stale"
    with books.opened(postwarden.data) as seen:
        assert seen.outcomes()["removed"] == done
    assert postwarden.json("case", "undo", case)["restored"] == done
    with books.opened(postwarden.data) as seen:
        assert seen.filed() == campaign
        assert not seen.faults()


@pytest.mark.slow
@pytest.mark.parametrize("kills", range(1, 6))
def test_a_case_that_is_killed_again_and_again_ends(
    postwarden: Postwarden, campaign: Counter[Filed], kills: int
) -> None:
    case, plan = approved(postwarden)
    for _ in range(kills):
        killed_in_mid_run(postwarden, "case", "run", case)
    finished_by_command(postwarden, case)
    check_contained(postwarden, case, plan, campaign)
