"""`directory export` and `directory import` from the command line."""

import json
import stat
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Ran


@pytest.fixture
def filled(cli: CommandLine) -> CommandLine:
    """A small directory, with what makes trouble in spreadsheets."""
    for words in (
        "account create ada@example.org --password-stdin",
        'account create "b,b"@example.org',
        "alias create =sales@example.org --to ada@example.org --to x@else.where",
        "group create team@example.org --member ada@example.org",
        "list create news@example.org --member y@else.where",
        "domain-alias create example.net --of example.org",
        'forward create ada@example.org --to "b,b"@example.org --keep-copy',
        "catch-all create example.org --to =sales@example.org",
    ):
        assert cli(*words.split(), stdin=b"correct horse").status == 0
    assert cli("account", "change", "ada@example.org", "--name", "=1+1").status == 0
    return cli


@pytest.fixture
def other(filled: CommandLine) -> CommandLine:
    """A store that is not there yet."""
    return CommandLine(filled.data.parent / "other", filled.monkeypatch, filled.capsys)


@pytest.mark.parametrize("form", ["csv", "yaml"])
@pytest.mark.parametrize("hashes", [[], ["--with-password-hashes"]])
def test_a_directory_comes_back_to_the_octet(
    filled: CommandLine, other: CommandLine, form: str, hashes: list[str]
) -> None:
    file = filled.data.parent / f"directory.{form}"
    ran = filled("directory", "export", "--to", str(file), "--json", *hashes)
    assert ran.json == {"file": str(file), "format": form, "bytes": file.stat().st_size}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    ran = other("directory", "import", str(file), "--json")
    assert ran.status == 0, ran.err
    assert (ran.json["created"], ran.json["failed"]) == (8, 0)
    again = other("directory", "export", "--format", form, *hashes)
    assert again.out.encode() == file.read_bytes()
    assert ("argon2" in again.out) == bool(hashes)


def test_standard_input_is_read_and_told_by_row(filled: CommandLine) -> None:
    rows = b"kind,address,quota_octets\r\naccount,ada@example.org,7\r\naccount,?,\r\n"
    ran = filled("directory", "import", "-", "--json", stdin=rows)
    assert ran.status == 0
    assert (ran.json["changed"], ran.json["failed"]) == (1, 1)
    [problem] = [json.loads(line) for line in ran.err.splitlines()]
    assert (problem["row"], problem["error"]["code"]) == (3, "invalid")


def objects(ran: Ran) -> list[tuple[str, str]]:
    return [(each["action"], each["object"]) for each in ran.json["changes"]]


def test_a_dry_run_shows_the_difference_and_changes_nothing(
    filled: CommandLine, tmp_path: Path
) -> None:
    before = filled("directory", "export").out
    rows = tmp_path / "new.yaml"
    rows.write_text(
        "domains:\n- {domain: example.org, catch_all: new@new.example}\n"
        "- {domain: new.example}\n"
        "accounts:\n- {address: ada@example.org, name: Ada}\n"
        "- {address: new@new.example}\n"
    )
    ran = filled("directory", "import", str(rows), "--dry-run", "--json")
    assert objects(ran) == [
        ("domain.create", "domain new.example"),
        ("account.change", "account ada@example.org"),
        ("account.create", "account new@new.example"),
        ("domain.change", "domain example.org"),
    ]
    [change] = [c for c in ran.json["changes"] if c["action"] == "account.change"]
    assert (change["before"], change["after"]) == ({"name": "=1+1"}, {"name": "Ada"})
    replace = ("directory", "import", str(rows), "--mode", "replace")
    ran = filled(*replace, "--dry-run", "--json")
    assert ("account.remove", 'account "b,b"@example.org') in objects(ran)
    assert "would account.remove" in filled(*replace, "--dry-run").out
    assert filled("directory", "export").out == before


def test_a_dry_run_makes_no_store(filled: CommandLine, other: CommandLine) -> None:
    file = filled.data.parent / "directory.csv"
    assert filled("directory", "export", "--to", str(file)).status == 0
    ran = other("directory", "import", str(file), "--dry-run", "--json")
    assert len(ran.json["changes"]) == 9
    assert not other.data.exists()


def test_replacing_vaults_the_mail_of_removed_accounts(
    filled: CommandLine, tmp_path: Path
) -> None:
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "one.eml").write_bytes(b"Subject: kept\r\n\r\nwords\r\n")
    imported = ("import", "eml", str(mails), "--account", '"b,b"@example.org')
    assert filled(*imported).status == 0
    rows = b"kind,domain,address\r\ndomain,example.org,\r\naccount,,ada@example.org\r\n"
    refused = filled("directory", "import", "-", "--mode", "replace", stdin=rows)
    assert "catch-all" in refused.err  # it has no row, and takes the domain's mail
    assert refused.status == 1
    rows = rows.replace(b"address\r", b"address,catch_all\r").replace(
        b"org,\r", b"org,,\r"
    )
    ran = filled("directory", "import", "-", "--mode", "replace", "--json", stdin=rows)
    assert ran.status == 0, ran.err
    [found] = filled("find", "all", "--state", "vaulted", "--json").rows
    assert (found["subject"], found["state"]) == ("kept", "vaulted")
    assert filled("account", "list", "--json").rows[0]["address"] == "ada@example.org"


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"kind,domain\r\n", 5, "--allow-empty"),
        (b"a,b\r\n", 2, "there is no column"),
        (b"kind,domain\r\nuser,x\r\n", 5, "kind is one of"),
    ],
)
def test_what_is_no_directory_empties_none(
    filled: CommandLine, content: bytes, status: int, said: str
) -> None:
    before = filled("directory", "export").out
    ran = filled("directory", "import", "-", "--mode", "replace", stdin=content)
    assert ran.status == status
    assert said in ran.err
    assert filled("directory", "export").out == before


def test_a_file_that_is_not_there_is_not_found(cli: CommandLine) -> None:
    assert cli("directory", "import", "absent.csv").status == 3
    assert cli("directory", "import", str(cli.data)).status == 2
    assert cli("directory", "export", "--to", "/absent/x.csv").status == 1


def test_a_yaml_bomb_is_refused(cli: CommandLine, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("accounts: &a\n- &b {address: x}\n- *b\n")
    ran = cli("directory", "import", str(bomb))
    assert ran.status == 2
    assert "anchors and aliases are not read" in ran.err
