"""`account create-many`: good rows become accounts, bad ones are told by number."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from postwarden.cli import account_files
from tests.support.command_line import CommandLine, Ran

SSHA = "{SSHA}KodtJgYUN6u2/+vU8nZHdaoOVeainDPP"


def create_many(cli: CommandLine, content: str | bytes, *words: str) -> Ran:
    file = cli.data.parent / "people.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return cli("account", "create-many", str(file), "--json", *words)


def failures(ran: Ran) -> dict[int, str]:
    """Return the code of each bad row by its number."""
    rows = [json.loads(line) for line in ran.err.splitlines()]
    return {row["row"]: row["error"]["code"] for row in rows}


def test_columns_are_found_by_their_names(cli: CommandLine) -> None:
    ran = create_many(
        cli,
        "Name, address ,quota,quota_messages,password\n"
        '"L., Ada",ada@example.org,2G,7,x\n',
    )
    assert ran.status == 0, ran.err
    assert ran.json["created"] == 1
    assert ran.json["failed"] == 0
    assert ran.json["seconds"] >= 0
    shown = cli("account", "show", "ada@example.org", "--json").json
    assert (shown["name"], shown["quota_octets"], shown["quota_messages"]) == (
        "L., Ada",
        2**31,
        7,
    )


def test_bad_rows_are_told_by_number_and_the_others_created(cli: CommandLine) -> None:
    cli("account", "create", "there@example.org")
    ran = create_many(
        cli,
        "address,password,password_hash,quota\n"
        "good@example.org\n"
        "nonsense\n"
        "x@absent.example\n"
        "\n"
        "there@example.org\n"
        f"hash@example.org,,{SSHA}\n"
        "plain@example.org,,{PLAIN}geheim\n"
        f"both@example.org,x,{SSHA}\n"
        "quota@example.org,,,much\n"
        "good@example.org\n"
        "many@example.org,,,1,2,3\n"
        ",\n"
        "nul@example.org,a\0b\n"
        "last@example.org,geheim",
    )
    assert failures(ran) == {
        3: "invalid",
        4: "not-found",
        6: "already-exists",
        8: "invalid",
        9: "invalid",
        10: "invalid",
        11: "already-exists",
        12: "invalid",
        13: "invalid",
        14: "invalid",
    }
    assert (ran.status, ran.json["created"], ran.json["failed"]) == (0, 3, 10)
    listed = cli("account", "list", "--json").rows
    assert [row["address"].partition("@")[0] for row in listed] == [
        "good",
        "hash",
        "last",
        "there",
    ]


def test_a_byte_order_mark_and_any_line_end_are_fine(cli: CommandLine) -> None:
    ran = create_many(cli, b"\xef\xbb\xbfaddress,name\r\nada@example.org,A\r\n")
    assert ran.json["created"] == 1


def test_octets_that_are_no_utf_8_spoil_only_their_row(cli: CommandLine) -> None:
    ran = create_many(cli, b"address,name\na@example.org,\xff\nb@example.org,B\n")
    assert failures(ran) == {2: "invalid"}
    assert ran.json["created"] == 1


def test_a_row_that_is_no_csv_spoils_only_itself(cli: CommandLine) -> None:
    huge = "x" * 200_000
    ran = create_many(cli, f"address,name\na@example.org,{huge}\nb@example.org,B\n")
    assert failures(ran) == {2: "invalid"}
    assert ran.json["created"] == 1


@pytest.mark.parametrize(
    "content",
    ["", "name\nAda\n", "address,address\n", "address,shoe\n", "\0", '"', "a@b.c\n"],
    ids=repr,
)
def test_a_first_row_that_names_no_columns_is_a_usage_error(
    cli: CommandLine, content: str
) -> None:
    ran = create_many(cli, content)
    assert (ran.status, ran.out) == (2, "")
    assert ran.error["field"] == "file"


def test_nothing_created_fails_unless_it_was_there_already(cli: CommandLine) -> None:
    assert create_many(cli, "address\nnonsense\n").status == 1
    assert create_many(cli, "address\n").status == 0
    assert create_many(cli, "address\nada@example.org\n").status == 0
    again = create_many(cli, "address\nada@example.org\n")
    assert (again.status, again.json["created"], again.json["failed"]) == (0, 0, 1)


def test_a_dry_run_counts_and_creates_nothing(cli: CommandLine) -> None:
    rows = "".join(f"u{n % 300}@example.org\n" for n in range(600))
    ran = create_many(cli, f"address\n{rows}", "--dry-run")
    assert (ran.json["created"], ran.json["failed"]) == (300, 300)
    assert ran.json["dry_run"] is True
    assert cli("account", "list", "--json").rows == []


def test_many_accounts_are_created_in_chunks(cli: CommandLine) -> None:
    rows = "".join(f"u{n}@example.org\n" for n in range(600))
    ran = create_many(cli, f"address\n{rows}")
    assert ran.json["created"] == 600
    assert cli("domain", "show", "example.org", "--json").json["accounts"] == 600


def test_standard_input_is_a_file_too(cli: CommandLine) -> None:
    ran = cli(
        "account", "create-many", "-", "--json", stdin=b"address\nada@example.org\n"
    )
    assert ran.json["created"] == 1


def test_a_folder_is_no_file(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("account", "create-many", str(tmp_path)).status == 2


def test_people_see_the_numbers_of_bad_rows(cli: CommandLine) -> None:
    file = cli.data.parent / "people.csv"
    file.write_text("address\nnonsense\n")
    ran = cli("account", "create-many", str(file))
    assert ran.err == "row 2: not a mail address: 'nonsense'\n"
    assert ran.out.splitlines()[:2] == ["created  0", "failed   1"]


def test_an_interruption_while_reading_ends_without_a_traceback(
    cli: CommandLine,
) -> None:
    words = ["account", "create-many", "-", "--data", str(cli.data)]
    with subprocess.Popen(
        [sys.executable, "-m", "postwarden.cli.main", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        # So many that the first chunk is done and the next one is waited for.
        process.stdin.write(b"address\n" + b"nonsense\n" * account_files.CHUNK)
        process.stdin.flush()
        lines = [process.stderr.readline() for _ in range(account_files.CHUNK)]
        assert lines[-1].startswith(b"row 251: ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_line_without_end_is_not_read_to_it(cli: CommandLine) -> None:
    ran = cli("account", "create-many", "/dev/zero", "--json")
    assert ran.status == 2
    assert "a line has" in ran.error["message"]
