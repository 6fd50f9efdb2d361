"""What a case takes and what it leaves: classes, scopes, and others at work.

Invariant 3 of the architecture: exactly the items of the frozen plan, nothing else.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from postwarden.services import placement
from postwarden.services.ports import UnitOfWork
from tests.e2e import books, world
from tests.e2e.campaign import (
    ADA,
    BOB,
    EVE,
    FORWARDED,
    PHISH,
    PHISHING,
    SAME,
    SAME_ID,
    VARIANT,
    ZOE,
    Investigation,
    opened,
    snapshot,
)
from tests.e2e.clients import accepted
from tests.e2e.processes import Json, Postwarden

Whose = Counter[tuple[str, bytes]]


def taken(case: Investigation, *words: str) -> Whose:
    """Return whose copies of which mail a plan would take."""
    names = {
        hashlib.sha256(content).hexdigest(): content
        for content in (PHISH, SAME, VARIANT, SAME_ID, FORWARDED)
    }
    items = case.preview(*words)["items"]
    return Counter((item["account"], names[item["sha256"]]) for item in items)


BOTH: Whose = Counter(
    {(ADA, PHISH): 1, (BOB, PHISH): 1, (ZOE, PHISH): 1, (EVE, SAME): 1, (ZOE, SAME): 1}
)
VARIANTS: Whose = Counter({(ADA, VARIANT): 1, (ZOE, VARIANT): 1})


def test_other_classes_are_taken_only_when_they_are_named(
    campaign: Postwarden,
) -> None:
    case = opened(campaign, PHISHING)
    assert taken(case) == BOTH
    assert taken(case, "--include", "variant") == BOTH + VARIANTS
    assert taken(case, "--include", "attached") == BOTH + Counter([(BOB, FORWARDED)])
    assert taken(case, "--include", "same-id") == BOTH + Counter([(BOB, SAME_ID)])
    campaign.refused("case", "preview", case.number, "--include", "related", status=2)


def test_widening_never_leaves_the_accounts_of_the_query(
    campaign: Postwarden,
) -> None:
    """Neither from `similar:` nor from what plain terms find."""
    widened = ("--include", "variant", "--include", "attached", "--include", "same-id")
    hers = Counter({(ZOE, PHISH): 1, (ZOE, SAME): 1, (ZOE, VARIANT): 1})
    assert taken(opened(campaign, f"{PHISHING} account:{ZOE}"), *widened) == hers
    plain = opened(campaign, "message-id:variant@example.net domain:example.com")
    before = snapshot(campaign.data)
    assert taken(plain) == Counter([(ZOE, VARIANT)])
    plain.approve(plain.preview(*widened))
    assert plain.run() == {"removed": 3}
    left = before - snapshot(campaign.data)
    assert {filed.account for filed in left} == {ZOE}
    assert plain.residual() == 0


def test_an_id_of_two_contents_takes_neither_unasked(campaign: Postwarden) -> None:
    """Ids are forgeable: `similar:` refuses, a plain term plans nothing and says so."""
    words = ("case", "open", "similar:<phish@example.net>", "--reason", "phishing")
    told = campaign.refused(*words, status=5)["message"]
    assert "names 2 different contents" in told
    assert hashlib.sha256(PHISH).hexdigest() in told
    assert hashlib.sha256(SAME_ID).hexdigest() in told
    case = opened(campaign, "message-id:phish@example.net")
    plan = case.preview()
    assert not plan["items"]
    (warning,) = plan["warnings"]
    assert "2 different contents" in warning
    widened = case.preview("--include", "same-id")
    assert [each["copies"] for each in widened["clusters"]] == [3, 1]


def test_two_cases_over_the_same_copies_take_each_copy_once(
    campaign: Postwarden,
) -> None:
    """Although three commands run them at once, two of them the same case."""
    before = snapshot(campaign.data)
    first, second = opened(campaign, PHISHING), opened(campaign, f"{PHISHING} is:live")
    for case in (first, second):
        case.approve(case.preview())
    processes = [
        campaign.start("case", "run", case.number, "--json")
        for case in (first, second, first)
    ]
    for process in processes:
        _, complaint = process.communicate()
        assert process.returncode == 0, complaint
    outcomes = Counter[str]()
    for case in (first, second):
        outcomes.update(case.run())
    assert outcomes == {"removed": 5, "already-gone": 5}
    assert (before - snapshot(campaign.data)).total() == 5
    assert first.residual() == second.residual() == 0
    undone = sum(case.undo()["restored"] for case in (first, second) if _acted(case))
    assert undone == 5
    assert snapshot(campaign.data) == before


def _acted(case: Investigation) -> bool:
    """Whether a case has removed anything, so that it can be undone."""
    status: Json = case.postwarden.json("case", "status", case.number)
    return bool(status["outcomes"]["removed"])


def test_a_copy_that_was_moved_meanwhile_is_found_where_it_is(
    campaign: Postwarden,
) -> None:
    """Its id is the proof, not its bytes; undo puts it where it was found."""

    def move(uow: UnitOfWork) -> None:
        copy = world.copy_of(uow, BOB, "forwarded@example.net")
        placement.move(uow, [(copy, "Elsewhere")])

    case = opened(campaign, "message-id:forwarded@example.net")
    case.approve(case.preview())
    world.transact(campaign.data, move)
    before = snapshot(campaign.data)
    assert case.run() == {"moved": 1}
    assert case.residual() == 0
    assert case.undo()["restored"] == 1
    assert snapshot(campaign.data) == before
    (found,) = campaign.rows("find", "message-id:forwarded@example.net")
    assert found["mailbox"] == "Elsewhere"


def test_mail_that_comes_after_the_preview_is_left_and_reported(
    campaign: Postwarden,
) -> None:
    case = opened(campaign, PHISHING)
    case.approve(case.preview())
    serving = campaign.serve()
    accepted(serving.addresses["smtp"], [EVE], PHISH)
    serving.stop()
    assert case.run() == {"removed": 5}
    assert case.residual() == 1
    (late,) = campaign.rows("find", PHISHING, f"account:{EVE}")
    assert late["class"] == "exact"


def test_an_undo_of_one_account_leaves_the_others(campaign: Postwarden) -> None:
    before = snapshot(campaign.data)
    case = opened(campaign, PHISHING)
    case.carried_out()
    assert case.undo("--account", ZOE)["restored"] == 2
    now = snapshot(campaign.data)
    assert Counter(f.account for f in (before - now).elements()) == {
        ADA: 1,
        BOB: 1,
        EVE: 1,
    }
    assert case.undo()["restored"] == 5
    assert snapshot(campaign.data) == before


@pytest.mark.parametrize(
    ("action", "mailbox"),
    [
        ("move-junk", "Junk"),
        pytest.param("move-trash", "Trash", marks=pytest.mark.slow),
    ],
)
def test_copies_can_be_moved_aside_and_back(
    campaign: Postwarden, action: str, mailbox: str
) -> None:
    before = snapshot(campaign.data)
    case = opened(campaign, PHISHING)
    assert case.carried_out("--action", action) == {"removed": 5}
    now = snapshot(campaign.data)
    assert {filed.mailbox for filed in (now - before)} == {mailbox}
    assert (now - before).total() == (before - now).total() == 5
    assert case.residual() == 0
    assert case.undo()["restored"] == 5
    assert snapshot(campaign.data) == before


def test_deleted_copies_wait_in_the_vault_and_come_back(campaign: Postwarden) -> None:
    before = snapshot(campaign.data)
    case = opened(campaign, PHISHING)
    assert case.carried_out("--action", "delete") == {"removed": 5}
    found = campaign.rows("find", PHISHING, "--state", "vaulted")
    assert [row["state"] for row in found] == ["vaulted"] * 5
    assert not campaign.rows("find", f"{PHISHING} account:{EVE}")
    assert case.undo()["restored"] == 5
    assert snapshot(campaign.data) == before


def test_a_dry_run_changes_nothing(campaign: Postwarden, tmp_path: Path) -> None:
    """Not a row in any table, nor a store where there was none."""
    before = _rows(campaign.data)
    told = campaign.json("case", "open", PHISHING, "--reason", "x", "--dry-run")
    assert told["dry_run"] is True
    assert [change["action"] for change in told["changes"]] == ["case.open"]
    for words in (
        ("account", "create", "new@example.org"),
        ("alias", "create", "new@example.org", "--to", ADA),
        ("account", "remove", ADA),
        ("domain", "create", "new.example"),
    ):
        assert campaign.json(*words, "--dry-run")["dry_run"] is True
    assert _rows(campaign.data) == before
    empty = Postwarden(tmp_path / "none")
    try:
        empty.json("domain", "create", "new.example", "--dry-run")
    finally:
        empty.end()
    assert not empty.data.exists()


def _rows(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with books.opened(data) as seen:
        tables = seen.all(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        )
        return {name: seen.all(f'SELECT * FROM "{name}"') for (name,) in tables}


def test_an_export_before_and_after_is_the_same(
    campaign: Postwarden, tmp_path: Path
) -> None:
    """Bytes, mailbox, flags, keywords and date of every mail of an account."""
    before = _exported(campaign, ZOE, tmp_path / "before")
    case = opened(campaign, PHISHING)
    case.carried_out()
    between = _exported(campaign, ZOE, tmp_path / "between")
    assert between.total() == before.total() - 2
    case.undo()
    assert _exported(campaign, ZOE, tmp_path / "after") == before


def _exported(
    campaign: Postwarden, account: str, directory: Path
) -> Counter[tuple[str, ...]]:
    """Export an account; return its mails with all but the UID, which is new."""
    campaign.run("export", "account", account, "--to", str(directory))
    found = Counter[tuple[str, ...]]()
    for line in (directory / "index.jsonl").read_text().splitlines():
        row = json.loads(line)
        content = (directory / row["mailbox"] / f"{row['uid']}.eml").read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        facts = (row["mailbox"], row["sha256"], row["internal_date"])
        found[*facts, *row["flags"]] += 1
    assert found.total() == len(list(directory.rglob("*.eml")))
    return found
