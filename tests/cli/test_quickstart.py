"""`quickstart`: from nothing to an account, once."""

import ast
import asyncio
import re
import shlex
import stat
from contextlib import closing
from pathlib import Path

import pytest

from postwarden.bootstrap import open_platform, places_of
from postwarden.cli.listeners import DEFAULTS
from postwarden.model.errors import Unauthenticated
from postwarden.services.logins import authentication
from postwarden.settings import Settings
from tests.support.command_line import CommandLine, Ran

ADA = "ada@example.org"
PASSWORD = re.compile(r"([a-z2-9]{5}-){3}[a-z2-9]{5}")


def accounts(cli: CommandLine) -> list[str]:
    return [row["address"] for row in cli("account", "list", "--json").rows]


def actions(cli: CommandLine) -> list[tuple[str, str]]:
    rows = cli("audit", "list", "--json").rows
    return [(row["action"], row["object"]) for row in rows]


def lets_in(cli: CommandLine, address: str, password: str) -> bool:
    async def login() -> bool:
        with closing(open_platform(places_of(cli.data), Settings())) as platform:
            try:
                await authentication.login(
                    platform.store, platform.passwords, address, password
                )
            except Unauthenticated:
                return False
            return True

    return asyncio.run(login())


def steps(ran: Ran) -> list[list[str]]:
    """Return the commands that a person is told, as a shell reads them."""
    lines = [line for line in ran.err.splitlines() if line.startswith("  ")]
    return [shlex.split(line, comments=True) for line in lines]


def test_nothing_becomes_a_store_a_domain_and_an_account(nowhere: CommandLine) -> None:
    ran = nowhere("quickstart", ADA, "--name", "Ada L.", "--json")
    assert ran.status == 0
    assert set(ran.json) == {
        *("address", "domain", "password", "admin", "login", "data")
    }
    assert ran.json["admin"] == ADA
    assert ran.json["address"] == ADA
    assert ran.json["domain"] == "example.org"
    assert ran.json["data"] == str(nowhere.data)
    assert ran.err == ""
    assert stat.S_IMODE(nowhere.data.stat().st_mode) == 0o700

    shown = nowhere("account", "show", ADA, "--json").json
    assert shown["name"] == "Ada L."
    assert shown["mailboxes"][0]["mailbox"] == "INBOX"
    assert actions(nowhere) == [
        ("domain.create", "domain example.org"),
        ("account.create", f"account {ADA}"),
        ("admin.create", f"admin {ADA}"),
        ("admin.link", f"admin {ADA}"),
    ]


def test_the_password_is_random_and_shown_once(nowhere: CommandLine) -> None:
    one = nowhere("quickstart", ADA, "--json").json["password"]
    two = nowhere("quickstart", "bob@example.org", "--json").json["password"]
    assert PASSWORD.fullmatch(one)
    assert one != two
    assert lets_in(nowhere, ADA, one)
    assert not lets_in(nowhere, ADA, two)
    kept = b"".join(file.read_bytes() for file in nowhere.data.glob("*.db*"))
    assert one.encode() not in kept


def test_a_password_from_standard_input_is_not_shown(nowhere: CommandLine) -> None:
    ran = nowhere("quickstart", ADA, "--password-stdin", "--json", stdin=b"hush\n")
    assert ran.status == 0
    assert set(ran.json) == {"address", "domain", "admin", "login", "data"}
    assert "hush" not in ran.out + ran.err
    assert lets_in(nowhere, ADA, "hush")


def test_a_domain_that_is_hosted_is_used(cli: CommandLine) -> None:
    assert cli("domain", "change", "example.org", "--quota", "1G").status == 0
    assert cli("quickstart", ADA).status == 0
    assert len(cli("domain", "list", "--json").rows) == 1
    shown = cli("account", "show", ADA, "--json").json
    assert shown["quota_octets"] == 1 << 30


def test_an_account_that_is_there_stays_as_it_is(nowhere: CommandLine) -> None:
    password = nowhere("quickstart", ADA, "--json").json["password"]
    before = actions(nowhere)

    ran = nowhere("quickstart", ADA, "--name", "Eve", "--json")

    assert ran.status == 5
    assert ran.out == ""
    assert ran.error["code"] == "already-exists"
    assert f"account change {ADA} --password-stdin" in ran.error["message"]
    assert lets_in(nowhere, ADA, password)
    assert actions(nowhere) == before


def test_an_address_of_another_kind_is_refused(cli: CommandLine) -> None:
    alias = ("alias", "create", ADA, "--to", "ada@example.net")
    assert cli(*alias).status == 0
    ran = cli("quickstart", ADA, "--json")
    assert ran.status == 5
    assert "choose another address" in ran.error["message"]
    assert accounts(cli) == []


def test_another_name_of_a_domain_makes_no_domain(cli: CommandLine) -> None:
    alias = ("domain-alias", "create", "example.net", "--of", "example.org")
    assert cli(*alias).status == 0
    ran = cli("quickstart", "ada@example.net", "--json")
    assert ran.status == 2
    assert ADA in ran.error["message"]
    assert len(cli("domain", "list", "--json").rows) == 1


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("nobody",), b""),
        (("ada@[192.0.2.1]",), b""),
        (("ada@exa mple.org",), b""),
        ((ADA, "--password-stdin"), b""),
        ((ADA, "--password-stdin"), b"x" * 5000),
        ((ADA, "--password-stdin"), b"\xff"),
        ((), b""),
    ],
)
def test_what_cannot_be_done_makes_no_account(
    nowhere: CommandLine, words: tuple[str, ...], stdin: bytes
) -> None:
    assert nowhere("quickstart", *words, stdin=stdin).status == 2
    if nowhere.data.exists():  # an address that is one, of a domain that is none
        assert actions(nowhere) == []


def test_a_dry_run_shows_both_and_makes_nothing(nowhere: CommandLine) -> None:
    ran = nowhere("quickstart", ADA, "--dry-run", "--json")
    assert ran.status == 0
    assert ran.json["dry_run"] is True
    assert [each["action"] for each in ran.json["changes"]] == [
        *("domain.create", "account.create", "admin.create", "admin.link"),
    ]
    assert "password" not in ran.out
    assert not nowhere.data.exists()


def test_a_dry_run_on_a_store_leaves_it_alone(cli: CommandLine) -> None:
    before = actions(cli)
    ran = cli("quickstart", ADA, "--dry-run", "--json")
    assert [each["action"] for each in ran.json["changes"]] == [
        *("account.create", "admin.create", "admin.link"),
    ]
    assert "pwl_" not in ran.out
    assert (accounts(cli), actions(cli)) == ([], before)
    assert cli("quickstart", ADA).status == 0
    assert cli("quickstart", ADA, "--dry-run").status == 5


def test_people_see_the_password_and_what_to_do_next(nowhere: CommandLine) -> None:
    ran = nowhere("quickstart", ADA)
    fields = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert lets_in(nowhere, ADA, fields["password"])
    serve, mail, find, opening, preview = steps(ran)
    for words in (serve, find, opening, preview):
        assert words[:3] == ["postwarden", "--data", str(nowhere.data)]
    assert serve[3:] == ["serve"]
    assert mail[0] == "python3"
    assert fields["password"] not in ran.err
    # What is told works: here, but for the mail.
    assert nowhere.bare(*find[1:]).status == 0
    assert nowhere.bare(*opening[1:]).status == 0
    assert nowhere.bare(*preview[1:]).status == 0


@pytest.mark.parametrize(
    ("address", "path", "options"),
    [
        (ADA, ADA, []),
        ('"a b"@example.org', '"a b"@example.org', []),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", []),
        ("ädä@bücher.example", "ädä@xn--bcher-kva.example", [["SMTPUTF8"]]),
    ],
)
def test_the_mail_to_try_is_python_that_sends_to_the_address(
    nowhere: CommandLine, address: str, path: str, options: list[list[str]]
) -> None:
    _, mail, *_ = steps(nowhere("quickstart", address))
    assert mail[:2] == ["python3", "-c"]
    sending = ast.parse(mail[2]).body[1]
    assert isinstance(sending, ast.Expr)
    assert isinstance(sending.value, ast.Call)
    reverse_path, forward_path, content, *rest = map(
        ast.literal_eval, sending.value.args
    )
    assert forward_path == path
    assert rest == options
    assert f"From: {reverse_path}\n" in content
    host, _, port = DEFAULTS["smtp"].rpartition(":")
    assert f'SMTP("{host}", {port})' in mail[2]


def test_the_other_places_of_a_store_are_told_too(
    nowhere: CommandLine, tmp_path: Path
) -> None:
    rows = f"sqlite:{tmp_path / 'other place' / 'rows.db'}"
    serve, *_ = steps(nowhere("--store", rows, "quickstart", ADA))
    assert serve[1:] == ["--data", str(nowhere.data), "--store", rows, "serve"]


def test_a_program_that_no_shell_would_find_is_named_in_full(
    nowhere: CommandLine, tmp_path: Path
) -> None:
    program = str(tmp_path / "bin" / "postwarden")
    nowhere.monkeypatch.setenv("PATH", str(tmp_path))
    nowhere.monkeypatch.setattr("sys.argv", [program])
    serve, *_ = steps(nowhere("quickstart", ADA))
    assert serve[0] == program


def test_quiet_still_prints_the_password(nowhere: CommandLine) -> None:
    ran = nowhere("quickstart", ADA, "--quiet")
    assert "password" in ran.out
    assert ran.err == ""
