"""Commands that must not do what they were told: status, one error, nothing done.

The exit statuses are those of the contract: 2 usage, 3 not found, 5 refused by a
guard rail, 1 failed.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import books, mails, world
from tests.e2e.books import tamper
from tests.e2e.clients import accepted
from tests.e2e.processes import Json, Postwarden

ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture(scope="module")
def mailed_store(made_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people have one mail each, and both have a third."""
    data = world.copied(made_store, tmp_path_factory.mktemp("mailed") / "store")
    postwarden = Postwarden(data)
    try:
        serving = postwarden.serve()
        smtp = serving.addresses["smtp"]
        accepted(smtp, [ADA], mails.mail("for-ada"))
        accepted(smtp, [BOB], mails.mail("for-bob"))
        accepted(smtp, [ADA, BOB], mails.mail("for-both"))
        serving.stop()
    finally:
        postwarden.end()
    return data


@pytest.fixture
def mailed(mailed_store: Path, tmp_path: Path) -> Iterator[Postwarden]:
    postwarden = Postwarden(world.copied(mailed_store, tmp_path / "mailed"))
    try:
        yield postwarden
    finally:
        postwarden.end()


def opened_case(postwarden: Postwarden, query: str = "from:mallory@example.net") -> str:
    return str(postwarden.json("case", "open", query, "--reason", "why")["case"])


def previewed(postwarden: Postwarden, case: str) -> Json:
    plan: Json = postwarden.json("case", "preview", case)["plan"]
    return plan


def assert_untouched(postwarden: Postwarden) -> None:
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 4
        assert not seen.one("SELECT count(*) FROM ledger WHERE event = 'CONTAIN'")
        assert not seen.faults()


def test_usage_errors_are_one_line_and_status_2(shared: Postwarden) -> None:
    """Unknown options, also beside a query; a query for everything; no reason."""
    for words in (
        ("find", "from:ada", "--unknown"),
        ("find", "(("),
        ("case", "open", "is:read -is:read OR larger:0", "--reason", "x"),
        ("case", "open", "from:ada"),
        ("frobnicate",),
    ):
        ended = shared.run(*words, status=2)
        assert not ended.out, words
        assert len(ended.err.splitlines()) == 1, (words, ended.err)
        assert ended.err.startswith("postwarden: "), words


def test_everything_has_to_be_asked_for_by_its_word(mailed: Postwarden) -> None:
    for query in ("", "larger:0", "account:*"):
        error = mailed.refused("find", query, status=2)
        assert "all" in error["message"], (query, error)
    assert len(mailed.rows("find", "all")) == 4


def test_what_is_not_there_is_status_3(postwarden: Postwarden, tmp_path: Path) -> None:
    assert postwarden.refused("case", "run", "99", status=3)["code"] == "not-found"
    gone = str(tmp_path / "no-such-folder")
    postwarden.refused("import", "eml", gone, "--account", ADA, status=3)
    postwarden.refused("account", "show", "nobody@example.org", status=3)
    nowhere = Postwarden(tmp_path / "no-store")
    try:
        nowhere.refused("find", "all", status=3)
    finally:
        nowhere.end()
    assert not (tmp_path / "no-store").exists()


def test_a_plan_is_not_run_without_its_approval(mailed: Postwarden) -> None:
    case = opened_case(mailed)
    assert mailed.refused("case", "run", case, status=5)["code"] == "refused"
    previewed(mailed, case)
    assert mailed.refused("case", "run", case, status=5)["code"] == "refused"
    assert_untouched(mailed)


def test_an_older_plan_is_not_approved(mailed: Postwarden) -> None:
    """A preview is a new plan each time, and makes the older one void."""
    case = opened_case(mailed)
    first = previewed(mailed, case)
    serving = mailed.serve()
    accepted(serving.addresses["smtp"], [BOB], mails.mail("came-later"))
    second = previewed(mailed, case)
    assert (first["copies"], second["copies"]) == (4, 5)
    error = mailed.refused(
        *("case", "approve", case, "--plan", first["sha256"]), status=5
    )
    assert error["code"] == "stale"
    mailed.refused("case", "run", case, status=5)
    serving.stop()


def test_a_new_preview_voids_the_approval_of_the_old_one(mailed: Postwarden) -> None:
    """Also when it finds the very same copies: another action is another plan."""
    case = opened_case(mailed)
    plan = previewed(mailed, case)
    mailed.run("case", "approve", case, "--plan", plan["sha256"])
    mailed.run("case", "preview", case, "--action", "move-junk")
    mailed.refused("case", "run", case, status=5)
    assert_untouched(mailed)


def test_a_plan_that_was_altered_is_not_run(mailed: Postwarden) -> None:
    """Whichever fact of an item is another, or an item is one too many."""
    case = opened_case(mailed)
    plan = previewed(mailed, case)
    mailed.run("case", "approve", case, "--plan", plan["sha256"])
    rows = mailed.data / "postwarden.db"
    for column, value in {
        "copy": "(SELECT max(id) FROM copies) + 1",
        "account_id": "account_id + 1",
        "address": "'eve@example.org'",
        "mailbox": "'Sent'",
        "sha256": "zeroblob(32)",
    }.items():
        with books.opened(mailed.data) as seen:
            good = seen.one(f"SELECT {column} FROM plan_items WHERE item = 2")
        change = f"UPDATE plan_items SET {column} = "
        assert tamper(rows, f"{change}{value} WHERE item = 2") == 1
        assert mailed.refused("case", "run", case, status=5)["code"] == "stale", column
        tamper(rows, f"{change}? WHERE item = 2", good)
    assert tamper(rows, "DELETE FROM plan_items WHERE item = 4") == 1
    assert mailed.refused("case", "run", case, status=5)["code"] == "stale"
    assert_untouched(mailed)


def test_altered_evidence_is_found_and_named(
    mailed: Postwarden, tmp_path: Path
) -> None:
    evidence = tmp_path / "evidence"
    case = opened_case(mailed)
    previewed(mailed, case)
    mailed.run("case", "export", case, "--to", str(evidence))
    mailed.run("case", "check", str(evidence))
    mail, *_ = sorted((evidence / "messages").iterdir())
    content = mail.read_bytes()
    mail.write_bytes(content.replace(b"invoice", b"Invoice"))
    ended = mailed.run("case", "check", str(evidence), status=1)
    assert f"messages/{mail.name}" in ended.err
    mail.write_bytes(content)
    (evidence / "copies.csv").unlink()
    assert "copies.csv" in mailed.run("case", "check", str(evidence), status=1).err
    mailed.refused("case", "export", case, "--to", str(evidence), status=5)


@pytest.mark.parametrize(
    "damage",
    ["altered", "gone", pytest.param("unreadable", marks=pytest.mark.slow)],
)
def test_damaged_content_is_never_given_out_as_good(
    mailed: Postwarden, tmp_path: Path, damage: str
) -> None:
    with books.opened(mailed.data) as seen:
        (damaged, other) = (
            seen.one("SELECT sha256 FROM messages WHERE message_id = ?", name)
            for name in ("for-ada@example.net", "for-bob@example.net")
        )
    sql = {
        "altered": "UPDATE blobs SET content ="
        " (SELECT content FROM blobs WHERE digest = ?2) WHERE digest = ?1",
        "unreadable": "UPDATE blobs SET content = substr(content, 1, length(content)"
        " / 2) WHERE digest = ?1 AND ?2",
        "gone": "DELETE FROM blobs WHERE digest = ?1 AND ?2",
    }[damage]
    assert tamper(
        mailed.data / "blobs" / "content.db",
        sql,
        damaged,
        other if damage == "altered" else 1,
    )
    ended = mailed.run(
        *("export", "account", ADA, "--to", str(tmp_path / "out")), status=None
    )
    assert ended.status == 1
    assert damaged.hex() in ended.err or "for-ada" in ended.err, ended.err
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*.eml")]
    assert all(b"for-both" in content for content in written)
    mailed.run("doctor", "--full", status=1)
    case = opened_case(mailed)
    previewed(mailed, case)
    evidence = str(tmp_path / "evidence")
    mailed.refused("case", "export", case, "--to", evidence, status=1)
    mailed.run("case", "check", evidence, status=3)  # it has no manifest
