"""`import tracking-log`, and `trace` as such a log."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postwarden.wire.tracking_log import Row, header, line, read_rows
from tests.support.command_line import CommandLine, Ran
from tests.support.tracking import (
    MESSAGE_ID,
    NETWORK_ID,
    SIZE,
    log,
    organisation,
    row,
    write_logs,
)

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
ROWS = sum(map(len, organisation(BEGAN).values()))
EVENTS = 18
TERMS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("subject:figures", "event:DELIVER"), 2),
    (('subject:"quarterly figures"', "event:DELIVER"), 2),
    (("subject:quart*", "event:DSN"), 1),
    (("figures", "event:FAIL"), 1),
    (("subject:elsewhere",), 0),
    (("from:eve@example.net", "event:DELIVER"), 2),
    (("from:@example.org",), 1),
    (("from:postmaster",), 1),
    (("to:ada@example.org",), 0),
    (("envelope-from:eve@example.net", "event:EXPAND"), 1),
    (("envelope-from:<>",), 1),
    (("rcpt:bob@example.org",), 3),
    (("rcpt:@elsewhere.example",), 1),
    (("message-id:<dsn.1@example.org>",), 1),
    (("ip:192.0.2.0/24",), 3),
    (("smaller:5k",), 1),
    (("older:1h",), 0),
    (("has:attachment",), 0),
    (("-subject:figures",), 0),
    (("account:ada@example.org",), 0),
)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write_logs(tmp_path / "logs", BEGAN)


@pytest.fixture
def filled(cli: CommandLine, logs: Path) -> CommandLine:
    assert imported(cli, logs).status == 0
    return cli


def imported(cli: CommandLine, *words: object) -> Ran:
    return cli("import", "tracking-log", *map(str, words), "--json")


def tally(ran: Ran) -> tuple[int, int, int]:
    result = ran.json
    return result["imported"], result["skipped_duplicates"], result["failed"]


def traced(cli: CommandLine, *words: str) -> list[tuple[str, str | None]]:
    rows = cli("trace", *words, "--json").rows
    return [(each["event"], each["forward_path"]) for each in rows]


def rows_of(content: bytes) -> list[dict[str, str]]:
    found = list(read_rows(content.splitlines(keepends=True)))
    assert all(isinstance(each, Row) for each in found)
    return [dict(each.fields) for each in found if isinstance(each, Row)]


def rows_written() -> list[dict[str, str]]:
    rows = [each for rows in organisation(BEGAN).values() for each in rows]
    return sorted(rows, key=lambda each: each["date-time"])


def test_every_log_of_a_folder_is_imported_once(cli: CommandLine, logs: Path) -> None:
    first = imported(cli, logs)
    again = imported(cli, logs, logs / "edge1" / f"msgtrk{BEGAN:%Y%m%d}-1.log")

    assert (first.status, tally(first)) == (0, (ROWS, 0, 0))
    assert (first.json["files"], first.json["events"]) == (3, EVENTS)
    assert (again.status, tally(again)) == (0, (0, ROWS + 2, 0))
    assert cli("trace", "all", "--count", "--json").json["messages"] == 2


def test_a_log_that_has_grown_adds_what_is_new(
    cli: CommandLine, tmp_path: Path
) -> None:
    rows = organisation(BEGAN)["mbx1"]
    path = tmp_path / "growing.log"
    path.write_bytes(log(BEGAN, rows[:4])[:-9])  # the last line is being written
    assert tally(imported(cli, path)) == (3, 0, 1)
    path.write_bytes(log(BEGAN, rows))
    assert tally(imported(cli, path)) == (len(rows) - 3, 3, 0)


def test_the_blogs_question_is_one_line(filled: CommandLine) -> None:
    rows = filled("trace", "event:RECEIVE", "newer:2h", "larger:5M", "--json").rows

    assert [(each["forward_path"], each["client_ip"]) for each in rows] == [
        *[(f"{name}@example.org", "192.0.2.7") for name in ("ada", "team", "gone")],
        *[(f"{name}@example.org", "10.0.0.1") for name in ("ada", "team", "gone")],
        ("bob@example.org", "10.0.0.2"),
    ]
    first = {**rows[0], "time": None}
    assert first == {
        "time": None,
        "event": "RECEIVE",
        "trace_id": NETWORK_ID,
        "sha256": None,
        "message_id": MESSAGE_ID,
        "reverse_path": "eve@example.net",
        "forward_path": "ada@example.org",
        "account": None,
        "mailbox": None,
        "uid": None,
        "size": SIZE,
        "subject": "Quarterly figures, final",
        "client_ip": "192.0.2.7",
        "source": "tracking-log",
        "detail": "SMTP, on edge1",
    }


def test_the_way_of_a_mail_is_told_in_order_whatever_server_it_was_on(
    filled: CommandLine,
) -> None:
    told = traced(filled, f"trace:{NETWORK_ID}", "-event:RECEIVE", "-event:SEND")

    assert told == [
        ("EXPAND", "team@example.org"),
        ("REDIRECT", "carl@example.org"),
        ("TRANSFER", "bob@example.org"),
        ("FAIL", "gone@example.org"),
        ("DELIVER", "ada@example.org"),
        ("DELIVER", "bob@example.org"),
    ]


def test_terms_ask_of_what_the_log_says(filled: CommandLine) -> None:
    found = {words: len(traced(filled, *words)) for words, _ in TERMS}
    assert found == dict(TERMS)


def test_details_say_how_it_went_and_where(filled: CommandLine) -> None:
    details = {
        each["event"]: each["detail"] for each in filled("trace", "all", "--json").rows
    }
    assert details["EXPAND"] == "ROUTING, bob@example.org, carl@example.org, on mbx1"
    assert details["REDIRECT"] == "ROUTING, carl@elsewhere.example, on mbx1"
    assert details["FAIL"] == (
        "ROUTING, 550 5.1.1 RESOLVER.ADR.RecipNotFound; not found, on mbx1"
    )


def test_the_source_names_where_a_log_came_from(cli: CommandLine, logs: Path) -> None:
    imported(cli, logs, "--source", "paris.old")
    assert {e["source"] for e in cli("trace", "all", "--json").rows} == {
        "tracking-log:paris.old"
    }
    refused = imported(cli, logs, "--source", "Paris!")
    assert (refused.status, refused.error["field"]) == (2, "source")


def test_an_import_is_audited_and_a_dry_run_changes_nothing(
    cli: CommandLine, logs: Path
) -> None:
    dry = imported(cli, logs, "--dry-run")
    assert (dry.json["dry_run"], tally(dry)) == (True, (ROWS, 0, 0))
    assert cli("trace", "all", "--json").rows == []
    imported(cli, logs)

    (entry,) = [
        each
        for each in cli("audit", "list", "--json").rows
        if each["action"] == "ledger.import"
    ]
    assert entry["object"] == "ledger tracking-log"
    assert entry["after"]["paths"] == [str(logs)]
    assert entry["after"]["imported"] == ROWS


def test_bad_lines_are_named_and_passed_over(cli: CommandLine, tmp_path: Path) -> None:
    good = line(row(BEGAN, "SUBMIT", "ada@example.org"))
    path = tmp_path / "x.log"
    path.write_bytes(header(BEGAN) + b"short,row\r\n" + good + b"\xff,\x00\r\n")

    ran = imported(cli, path)

    assert (ran.status, tally(ran)) == (0, (1, 0, 2))
    places = [json.loads(text)["path"] for text in ran.err.splitlines()]
    assert places == [f"{path}:6", f"{path}:8"]


def test_nothing_but_bad_lines_is_a_failure(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"hello\n")
    assert imported(cli, path).status == 1
    assert imported(cli, tmp_path / "absent").status == 3
    (tmp_path / "empty").mkdir()
    assert tally(imported(cli, tmp_path / "empty")) == (0, 0, 0)


def test_what_cannot_be_read_does_not_end_the_import(
    cli: CommandLine, logs: Path
) -> None:
    os.mkfifo(logs / "edge1" / "MSGTRK0.LOG")
    (logs / "mbx1" / "MSGTRK0.LOG").symlink_to(logs / "nowhere")
    assert tally(imported(cli, logs))[0] == ROWS


def test_recipients_that_are_no_addresses_are_kept(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "x.log"
    name = "/o=First/cn=Recipients/cn=ada"
    path.write_bytes(log(BEGAN, [row(BEGAN, "DELIVER", name, "ada@example.org")]))
    imported(cli, path)

    first, second = cli("trace", "all", "--json").rows
    assert (first["forward_path"], second["forward_path"]) == (None, "ada@example.org")
    assert f"recipient {name}" in first["detail"]


def test_what_was_imported_leaves_as_it_came(
    filled: CommandLine, tmp_path: Path
) -> None:
    output = tmp_path / "MSGTRK.LOG"
    words = ("trace", "all", "--format", "tracking-log", "--output", str(output))
    ran = filled(*words, "--json")

    assert ran.json == {"file": str(output), "rows": ROWS}
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    content = output.read_bytes()
    assert content.startswith(b"#Software: Microsoft Exchange Server\r\n#Version: ")
    assert rows_of(content) == rows_written()
    assert tally(imported(filled, output)) == (0, ROWS, 0)


def test_recipients_not_asked_for_stay_away(filled: CommandLine) -> None:
    ran = filled(
        "trace", "rcpt:gone@example.org", "event:SEND", "--format", "tracking-log"
    )
    (found,) = rows_of(ran.out.encode())
    assert found["recipient-address"] == "gone@example.org"
    assert found["recipient-count"] == "1"
    assert "recipient-status" not in found


def test_a_row_with_many_recipients_is_one_row_again(
    cli: CommandLine, tmp_path: Path
) -> None:
    many = row(BEGAN, "SEND", *(f"u{n}@example.net" for n in range(2500)))
    rows = [row(BEGAN, "SUBMIT"), many, row(BEGAN, "SUBMIT", "ada@example.org")]
    path = tmp_path / "x.log"
    path.write_bytes(log(BEGAN, rows))
    imported(cli, path)

    ran = cli("trace", "all", "--format", "tracking-log")
    assert rows_of(ran.out.encode()) == [
        {k: v for k, v in each.items() if v} for each in rows
    ]


def test_our_own_events_become_rows(cli: CommandLine, tmp_path: Path) -> None:
    mail = b"From: a@example.net\r\nSubject: hi\r\nMessage-ID: <1@example.net>\r\n\r\nx"
    (tmp_path / "a.eml").write_bytes(mail)
    cli(
        "account", "create", "ada@example.org", "--password-stdin", stdin=b"long-secret"
    )
    cli("import", "eml", str(tmp_path), "--account", "ada@example.org")

    (found,) = rows_of(cli("trace", "all", "--format", "tracking-log").out.encode())
    assert found["event-id"] == "RECEIVE"
    assert found["message-id"] == "<1@example.net>"
    assert found["message-subject"] == "hi"
    assert found["recipient-address"] == "ada@example.org"
    assert found["total-bytes"] == str(len(mail))
    assert (
        "S:Source=import;S:Account=ada@example.org;S:Mailbox=INBOX;S:Uid=1"
        in (found["custom-data"])
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "csv"),
        ("--output", "x.log"),
        ("--format", "tracking-log", "--count"),
        ("--format", "tracking-log", "--json"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    assert cli("trace", "all", *words).status == 2
