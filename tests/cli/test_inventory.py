"""`inventory`: 32 and five columns, corrected or byte for byte as of old."""

import csv
import io
import stat
from pathlib import Path

import pytest

from postwarden.services import inventory as service
from postwarden.services.inventory import Holding
from tests.support import factories
from tests.support.command_line import CommandLine

ADA = "ada@example.org"
HEADER = (
    "domain,userName,displayName,status,accountType,authType,isWebmailEnabled,"
    "lastLoginProtocol,createDate,lastLoginTime,isEasEnabled,easLastLogin,"
    "isMapiEwsEnabled,mapiLastLogin,ewsLastLogin,isPopEnabled,popLastLogin,"
    "isImapEnabled,imapLastLogin,smtpLastLogin,aliasTargetCount,aliasIsCatchAll,"
    "aliasIncludeAllDomainUsers,showInGAL,bytesUsed,bytesAllowed,bytesUsedPercent,"
    "acceptedNewestPolicy,description,aliasInternalOnly,aliasShowAsRoom,aliasSendFrom"
)


@pytest.fixture
def peopled(cli: CommandLine) -> CommandLine:
    cli("account", "create", ADA, "--name", 'Ada "the first", L.', "--quota", "1K")
    cli("account", "create", "eve@example.org", "--name", "=1+1")
    cli("account", "change", "eve@example.org", "--state", "disabled")
    cli("alias", "create", "sales@example.org", "--to", ADA, "--to", "x@example.net")
    cli("group", "create", "team@example.org", "--member", ADA)
    cli("catch-all", "create", "example.org", "--to", "sales@example.org")
    cli(
        "list", "create", "news@example.org", "--member", ADA, "--member", "b@c.example"
    )
    return cli


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_accounts_have_32_columns_and_rows_by_rfc_4180(peopled: CommandLine) -> None:
    ran = peopled("inventory", "accounts")
    assert ran.status == 0
    assert ran.out.startswith(HEADER + "\r\n")
    assert ran.out.endswith("\r\n")
    assert ran.out.count("\r\n") == ran.out.count("\n") == ran.out.count("\r") == 5
    rows = read(ran.out)
    assert [row["userName"] for row in rows] == ["ada", "eve", "sales", "team"]
    assert {len(row) for row in rows} == {32}
    ada, eve, *_ = rows
    assert ada["displayName"] == 'Ada "the first", L.'
    assert eve["displayName"] == "'=1+1"
    assert [row["status"] for row in rows] == ["1", "3", "1", "1"]
    assert [row["accountType"] for row in rows] == ["1", "1", "4", "4"]
    assert [row["isImapEnabled"] for row in rows] == ["False", "False", "", ""]
    assert [row["aliasTargetCount"] for row in rows] == ["", "", "2", "1"]
    assert [row["aliasIsCatchAll"] for row in rows] == ["", "", "True", "False"]
    assert (ada["bytesUsed"], ada["bytesAllowed"]) == ("0", "1024")
    assert (ada["bytesUsedPercent"], eve["bytesUsedPercent"]) == ("0.0", "")
    assert {row["lastLoginTime"] for row in rows} == {""}
    for row in rows:
        assert row["createDate"][10] == "T"
        assert row["createDate"].endswith("Z")
        assert len(row["createDate"]) == 20


def test_the_compatible_form_is_the_script_s_to_the_byte(
    peopled: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "userlist.csv"
    peopled("inventory", "accounts", "--compat", "--output", str(file))
    assert file.read_bytes().decode() == "".join(
        line + "\r"
        for line in (
            HEADER,
            'example.org,ada,"Ada "the first", L.",1,1,0,False,,,,False,,False,,,'
            'False,,False,,,-1,False,False,False,0,1024,0.0,False,"",False,False,False',
            'example.org,eve,"=1+1",3,1,0,False,,,,False,,False,,,'
            'False,,False,,,-1,False,False,False,0,0,0,False,"",False,False,False',
            'example.org,sales,"",1,4,0,False,,,,False,,False,,,'
            'False,,False,,,2,True,False,False,-1,-1,0,False,"",False,False,True',
            'example.org,team,"",1,4,0,False,,,,False,,False,,,'
            'False,,False,,,1,False,False,False,-1,-1,0,False,"",False,False,True',
        )
    )


def test_the_compatible_form_cuts_times_as_the_script_does(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = factories.account(last_login_at=factories.NOW)
    holding = Holding(entry=factories.entry(), account=ada)
    pages = iter([[holding], []])
    monkeypatch.setattr(service, "accounts", lambda *_, **__: next(pages))
    row = cli("inventory", "accounts", "--compat").out.split("\r")[1].split(",")
    assert row[8:10] == ["", "2026-11-21 "]


def test_json_has_everything(peopled: CommandLine) -> None:
    rows = peopled("inventory", "accounts", "--json").rows
    assert [row["address"] for row in rows] == [
        *(ADA, "eve@example.org", "sales@example.org", "team@example.org"),
    ]
    assert set(HEADER.split(",")) < set(rows[0])
    assert rows[0]["displayName"] == 'Ada "the first", L.'
    assert rows[1]["displayName"] == "=1+1"
    assert [row["kind"] for row in rows] == ["account", "account", "alias", "group"]
    assert [row["state"] for row in rows] == ["active", "disabled", "active", "active"]
    assert rows[2]["targets"] == [ADA, "x@example.net"]
    assert rows[2]["bytesUsed"] is None
    assert (rows[0]["vault_messages"], rows[0]["used_messages"]) == (0, 0)


def test_lists_have_five_columns(peopled: CommandLine) -> None:
    number = peopled("inventory", "lists", "--json").rows[0]["ListID"]
    assert peopled("inventory", "lists").out == (
        "ListAddress,ListID,Status,Disabled,Subscribers\r\n"
        f"news@example.org,{number},1,False,2\r\n"
    )
    assert peopled("inventory", "lists", "--compat").out == (
        "ListAddress,ListID,Status,Disabled,Subscribers\r"
        f"news@example.org,{number},1,False,2\r"
    )
    [row] = peopled("inventory", "lists", "--json").rows
    assert (row["address"], row["state"]) == ("news@example.org", "active")
    assert row["members"] == [ADA, "b@c.example"]


def test_a_list_that_is_off_says_so(peopled: CommandLine) -> None:
    assert (
        peopled("list", "change", "news@example.org", "--state", "disabled").status == 0
    )
    [row] = read(peopled("inventory", "lists").out)
    assert (row["Status"], row["Disabled"]) == ("2", "True")


def test_a_file_is_written_whole_and_for_its_owner_only(
    peopled: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("older")
    file.chmod(0o644)
    ran = peopled("inventory", "accounts", "--output", str(file), "--json")
    assert ran.json == {"file": str(file), "rows": 4}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    peopled("inventory", "accounts", "--output", str(file))
    assert file.read_bytes().decode() == peopled("inventory", "accounts").out
    assert [path.name for path in tmp_path.glob("*accounts*")] == ["accounts.csv"]


def test_a_failure_leaves_the_older_file(peopled: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("older")
    words = ("--output", str(file), "--domain", "nowhere.example")
    assert peopled("inventory", "accounts", *words).status == 3
    assert file.read_text() == "older"
    assert [path.name for path in tmp_path.glob("*accounts*")] == ["accounts.csv"]
    missing = ("--output", str(tmp_path / "no" / "such" / "folder"))
    assert peopled("inventory", "accounts", *missing).status == 1


def test_a_dash_is_standard_output(peopled: CommandLine) -> None:
    dashed = peopled("inventory", "accounts", "--output", "-").out
    assert dashed == peopled("inventory", "accounts").out


def test_one_domain_may_be_asked_for(peopled: CommandLine) -> None:
    peopled("domain", "create", "example.net")
    assert read(peopled("inventory", "accounts", "--domain", "example.net").out) == []
    named = read(peopled("inventory", "accounts", "--domain", "Example.ORG").out)
    assert len(named) == 4


def test_json_is_never_in_the_compatible_form(peopled: CommandLine) -> None:
    assert peopled("inventory", "accounts", "--compat", "--json").status == 2


def test_more_than_a_page_is_listed_once_and_in_order(
    cli: CommandLine, tmp_path: Path
) -> None:
    names = [f"user{number:04}@example.org" for number in range(1100)]
    file = tmp_path / "many.csv"
    file.write_text("address\n" + "\n".join(names) + "\n")
    assert cli("account", "create-many", str(file)).status == 0
    rows = cli("inventory", "accounts", "--json").rows
    assert [row["address"] for row in rows] == names
