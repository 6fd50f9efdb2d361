"""Every measurement runs at its tiniest, and says what it found."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from bench import (
    __main__,
    auditing,
    campaign,
    ews,
    fingerprints,
    fixtures,
    idling,
    ingest,
    inventory,
    paging,
    previewing,
    tracing,
)
from bench.figures import Better, Figure, Target
from bench.fixtures import Campaign, Fixture
from bench.peers import dovecot, postfix
from bench.scales import TINY, Site
from postwarden.adapters.sql.sqlite import SqliteStore

MEASUREMENTS = (
    *(ingest, idling, campaign, inventory, paging, ews, previewing),
    *(tracing, auditing),
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A place of its own, without peers."""
    return Site(work=tmp_path, scale=TINY, peers=False)


def _is_told(figure: Figure) -> bool:
    return not math.isnan(figure.value)


@pytest.mark.parametrize("module", MEASUREMENTS, ids=lambda m: m.__name__)
def test_a_measurement_gives_figures_and_leaves_only_cached_stores(
    module: ModuleType, site: Site
) -> None:
    found = list(module.measure(site))

    assert found
    assert all(map(_is_told, found)), found
    left = {path.name.partition("-")[0] for path in site.work.iterdir()}
    assert left <= {"store"}


@pytest.mark.slow  # two other mail systems start here, and want the machine
def test_ours_is_measured_beside_both_peers(tmp_path: Path) -> None:
    try:
        dovecot.require("dovecot", "doveadm", "postfix", "postconf")
    except dovecot.Missing as error:
        pytest.skip(f"no peers: {error}")
    # The peers run as users of their own, who must reach their folders.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    site = Site(work=tmp_path, scale=TINY)

    found = [*ingest.measure(site), *campaign.measure(site)]

    peers = {figure.peer for figure in found if figure.ratio is not None}
    assert peers == {
        "Postfix + Dovecot LMTP",
        "Dovecot LMTP",
        "doveadm search -A",
        "doveadm expunge -A",
    }
    assert dovecot.version()
    assert postfix.version()


def test_without_real_mail_the_line_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTWARDEN_TEST_DATA", raising=False)

    (line,) = fingerprints.measure(site)

    assert "POSTWARDEN_TEST_DATA" in line.note


def test_a_run_prints_a_table_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "figures.json"
    words = ["--scale", "tiny", "--work", str(tmp_path), "--output", str(output)]

    assert __main__.run(["paging", *words]) == 0

    printed = capsys.readouterr().out
    written = json.loads(output.read_text())
    assert {figure["group"] for figure in written["figures"]} == {"paging"}
    assert all(figure["name"] in printed for figure in written["figures"])
    assert written["machine"]["cores"] > 0


def test_the_list_names_each_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.run(["--list"]) == 0

    names = {line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()}
    assert {"everything", "ingest", "campaign", "blob_layouts"} <= names


def test_a_fixture_is_built_once_and_holds_what_it_says(tmp_path: Path) -> None:
    fixture = Fixture(
        accounts=3, copies=9, campaigns=(Campaign(name="alpha", copies=2),)
    )

    first = fixtures.cached(tmp_path, fixture)
    built = first.stat().st_mtime_ns
    again = fixtures.cached(tmp_path, fixture)
    other = fixtures.cached(tmp_path, replace(fixture, copies=8))

    assert (again, again.stat().st_mtime_ns) == (first, built)
    assert other != first
    assert _counters(first) == [(1, 4), (2, 3), (3, 2)]


def _counters(data: Path) -> Sequence[tuple[int, int]]:
    """Return account ids with their counted messages, INBOX and account agreeing."""
    platform = fixtures.opened(data)
    try:
        store = platform.store
        assert isinstance(store, SqliteStore)
        connection = store._peeker
        rows: Iterator[tuple[int, int]] = connection.execute(
            "SELECT accounts.id, mailboxes.messages FROM accounts JOIN mailboxes"
            " ON account_id = accounts.id AND mailboxes.name = 'INBOX'"
            " AND used_messages = mailboxes.messages ORDER BY accounts.id"
        )
        return list(rows)
    finally:
        platform.close()


def test_figures_know_whether_their_targets_are_met() -> None:
    slow = Figure(group="g", name="n", value=3.0, unit="s", target=Target(value=2.0))
    beaten = replace(
        slow, peer="other", peer_value=12.0, target=Target(value=5.0, ratio=5.0)
    )
    more = replace(
        beaten, better=Better.MORE, value=30.0, target=Target(value=20.0, ratio=2.0)
    )

    assert slow.is_met is False
    assert (beaten.ratio, beaten.is_met) == (4.0, False)
    assert (more.ratio, more.is_met) == (2.5, True)
