"""What holds for every command: options, results, errors, exit statuses."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from postwarden.cli import main as entry
from postwarden.cli.grammar import Registered
from postwarden.services import domains
from tests.support.command_line import CommandLine

POSTWARDEN = [sys.executable, "-m", "postwarden.cli.main"]
LATER = {"queue"}


def test_help_teaches_and_names_the_global_options(nowhere: CommandLine) -> None:
    ran = nowhere.bare("--help")
    assert ran.status == 0
    assert "postwarden domain create example.org" in ran.out
    assert "--data DIR" in ran.out
    assert "--json" in ran.out


def test_commands_of_later_releases_are_absent_from_help(nowhere: CommandLine) -> None:
    ran = nowhere.bare("--help").out
    listed = ran.split("Commands:\n")[1].split("\n\n")[0]
    names = {line.split()[0] for line in listed.splitlines()}
    assert names >= {"domain", "account"}
    assert names & LATER == set()
    assert "--server URL" in ran
    assert "--key" in ran


def test_the_version_is_told(nowhere: CommandLine) -> None:
    ran = nowhere.bare("--version")
    assert ran.status == 0
    assert ran.out.startswith("postwarden ")


@pytest.mark.parametrize("registered", entry.COMMANDS, ids=lambda each: each.name)
def test_every_registered_command_has_help_with_examples(
    nowhere: CommandLine, registered: Registered
) -> None:
    ran = nowhere.bare(registered.name, "--help")
    assert ran.status == 0, ran.err
    assert ran.out.startswith(f"Usage: postwarden {registered.name}")


def test_a_group_without_a_command_shows_its_help_and_fails(cli: CommandLine) -> None:
    ran = cli.bare("domain")
    assert (ran.status, ran.out) == (2, "")
    assert "Usage: postwarden domain" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("domain", "nonsense"),
        ("--nonsense", "domain", "list"),
        ("domain", "--nonsense"),
        ("domain", "list", "--nonsense"),
        ("domain", "list", "-h"),
        ("domain", "list", "-n", "3"),
        ("domain", "create"),
        ("domain", "create", "a.example", "b.example"),
        ("domain", "list", "--limit", "many"),
        ("domain", "list", "--data"),
        ("domain", "list", "--json=yes"),
        ("domain", "list", "--set", "smtp.nonsense=1"),
        ("domain", "list", "--set", "smtp.recipients"),
        ("domain", "list", "--set", "smtp.recipients=few"),
        ("domain", "list", "--store", "mysql://host/name"),
        ("domain", "list", "--blobs", "s3://bucket/prefix"),
        ("domain", "create", "not a domain"),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_one_line_and_exits_with_2(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    ran = cli(*words)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("postwarden: ")


def test_a_usage_error_is_json_wherever_json_was_asked_for(cli: CommandLine) -> None:
    ran = cli("domain", "list", "--nonsense", "--json")
    assert ran.status == 2
    assert ran.error["code"] == "usage"
    assert "--nonsense" in ran.error["message"]


def test_a_typing_error_is_answered_with_what_was_meant(cli: CommandLine) -> None:
    assert "did you mean domain?" in cli("domian", "list").err


def test_an_error_about_a_field_names_it_in_json(cli: CommandLine) -> None:
    assert cli("--json", "account", "show", "ada").error["field"] == "address"
    assert cli("account", "show", "ada", "--set", "log.level=loud", "--json").error[
        "field"
    ] in {"log.level", "address"}


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--quiet", "domain", "list"),
        ("domain", "--json", "list", "--quiet"),
        ("domain", "list", "--json", "--quiet"),
    ],
    ids=" ".join,
)
def test_global_options_stand_before_between_and_behind_the_words(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    assert cli(*words).rows[0]["domain"] == "example.org"


def test_data_may_stand_behind_the_words_with_and_without_equals(
    cli: CommandLine,
) -> None:
    assert cli.bare("domain", "list", "--data", str(cli.data)).status == 0
    assert cli.bare("domain", "list", f"--data={cli.data}").status == 0


def test_the_value_of_an_option_is_not_taken_for_a_global_option(
    cli: CommandLine,
) -> None:
    ran = cli("account", "create", "ada@example.org", "--name", "--json")
    assert ran.out == "created account ada@example.org\n"
    assert cli("account", "show", "ada@example.org", "--json").json["name"] == "--json"


def test_the_environment_names_the_store(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTWARDEN_DATA", str(cli.data))
    assert cli.bare("domain", "show", "example.org").status == 0
    elsewhere = cli.bare("--data", str(cli.data / "other"), "domain", "list")
    assert elsewhere.status == 3


def test_rows_may_lie_elsewhere(cli: CommandLine, tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/rows/here.db"
    assert cli("domain", "create", "other.example", "--store", url).status == 0
    listed = cli("domain", "list", "--json", "--store", url).rows
    assert [row["domain"] for row in listed] == ["other.example"]


def test_a_configuration_file_is_read(cli: CommandLine, tmp_path: Path) -> None:
    config = tmp_path / "postwarden.toml"
    config.write_text("[smtp]\nrecipients = 1\n")
    ran = cli("domain", "list", "--config", str(config))
    assert ran.status == 2
    assert "smtp.recipients" in ran.err


def test_reading_without_a_store_says_how_to_make_one(nowhere: CommandLine) -> None:
    ran = nowhere("account", "list")
    assert (ran.status, ran.out) == (3, "")
    assert "postwarden domain create" in ran.err
    assert not nowhere.data.exists()


def test_the_first_domain_makes_a_store_for_our_eyes_only(nowhere: CommandLine) -> None:
    assert nowhere("domain", "create", "example.org").status == 0
    assert nowhere.data.stat().st_mode & 0o777 == 0o700
    assert (nowhere.data / "postwarden.db").stat().st_mode & 0o777 == 0o600


def test_a_dry_run_makes_no_store(nowhere: CommandLine) -> None:
    ran = nowhere("domain", "create", "example.org", "--dry-run", "--json")
    assert ran.status == 0
    assert ran.json["changes"][0]["after"]["domain"] == "example.org"
    assert not nowhere.data.exists()


def test_a_directory_that_cannot_be_made_fails(
    nowhere: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    ran = nowhere.bare("--data", str(tmp_path / "file/x"), "domain", "create", "a.org")
    assert ran.status == 1
    assert ran.err.startswith("postwarden: cannot make ")


def test_a_file_that_is_no_store_fails(nowhere: CommandLine) -> None:
    nowhere.data.mkdir()
    (nowhere.data / "postwarden.db").write_text("not a database, but long enough" * 99)
    ran = nowhere("domain", "list")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1


def test_quiet_leaves_only_results(cli: CommandLine) -> None:
    created = cli("account", "create", "ada@example.org", "--quiet")
    assert (created.status, created.out, created.err) == (0, "", "")


def test_text_for_people_obeys_no_escape_sequence(cli: CommandLine) -> None:
    ran = cli("account", "show", "\x1b[31mada@example.org")
    assert ran.status == 2
    assert "\x1b" not in ran.err


def test_a_bug_is_one_line_without_a_traceback(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postwarden.services.domains.page", _broken)
    ran = cli("domain", "list", "--json")
    assert ran.status == 1
    assert ran.error["code"] == "internal"
    debugged = cli("domain", "list", "--set", "log.level=debug")
    assert "Traceback" in debugged.err


def test_without_an_xdg_directory_the_store_is_in_the_home_directory(
    nowhere: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert f"{tmp_path}/.local/share/postwarden/" in nowhere.bare("domain", "list").err
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert f"{tmp_path}/xdg/postwarden/" in nowhere.bare("domain", "list").err


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken\non purpose")


def test_an_interruption_ends_without_a_traceback(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("postwarden.cli.invocation.open_platform", interrupted)
    ran = cli("domain", "list")
    assert (ran.status, ran.out, ran.err) == (130, "", "")


def test_the_program_prints_utf_8_json_whatever_the_locale(cli: CommandLine) -> None:
    cli("account", "create", "ada@example.org", "--name", "Ädä")
    for encoding in ("utf-8", "ascii"):
        ran = subprocess.run(
            [*POSTWARDEN, "account", "list", "--json", "--data", cli.data],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        name = "Ädä".encode() if encoding == "utf-8" else rb"\u00c4d\u00e4"
        assert b'"name": "' + name + b'"' in ran.stdout


def test_a_reader_that_goes_ends_it_quietly(cli: CommandLine) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [*POSTWARDEN, "domain", "list", "--data", cli.data],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, b"")


def test_a_full_disk_behind_stdout_fails_with_one_line(cli: CommandLine) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*POSTWARDEN, "domain", "list", "--data", cli.data],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


def test_help_imports_nothing_that_takes_long() -> None:
    script = (
        "import sys; from postwarden.cli.main import main; main(['--help']);"
        "heavy = {'sqlalchemy', 'pydantic', 'argon2', 'structlog', 'passlib', 'rich'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()


def test_garbage_is_collected_while_a_command_works_and_after_it(
    cli: CommandLine,
) -> None:
    """Loading goes without, and nothing else does."""
    seen: list[bool] = []

    def list_nothing(*_: object, **__: object) -> list[object]:
        seen.append(gc.isenabled())
        return []

    cli.monkeypatch.setattr(domains, "page", list_nothing)
    assert cli("domain", "list").status == 0
    assert cli("no-such-command").status == 2
    assert [*seen, gc.isenabled()] == [True, True]
