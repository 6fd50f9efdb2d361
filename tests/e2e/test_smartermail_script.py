"""An administrator's own script for SmarterMail, run as it is against `serve`.

POSTWARDEN_TEST_SCRIPTS names a folder with `smartermail_accounts.py`; only its
server name and its login are changed, as its author says one should.
"""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from postwarden.bootstrap import Platform
from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.services import accounts, administrators, domains, entries
from postwarden.services.accounts import NewAccount
from postwarden.services.administrators import NewAdministrator
from postwarden.services.ports import UnitOfWork
from tests.e2e import world
from tests.e2e.processes import Postwarden, settings

PASSWORD = "correct horse battery staple"
# One is the beginning of another, which puts keys and names in different orders.
DOMAINS = ("example.org", "example.org.uk", "明.example")
NAMES = ("", "Ada Lovelace", "Žofie Ünal", "明子", 'Bob "B" Builder', "=1+1")


@pytest.fixture(scope="module")
def script() -> str:
    named = os.environ.get("POSTWARDEN_TEST_SCRIPTS")
    if not named:
        pytest.skip("needs POSTWARDEN_TEST_SCRIPTS")
    return (Path(named) / "smartermail_accounts.py").read_text("utf-8")


@dataclass(frozen=True)
class Ran:
    """What the script left and said."""

    status: int
    said: str
    folder: Path

    def octets(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def rows(self, name: str) -> list[list[str]]:
        text = self.octets(name).decode().replace("\r", "\n")
        return list(csv.reader(text.splitlines()))


def _people(hashed: str) -> Callable[[UnitOfWork], None]:
    def people(uow: UnitOfWork) -> None:
        owner = NewAdministrator(
            name="admin", role="global-admin", password_hash=hashed
        )
        administrators.create(uow, OPERATOR, owner)
        for name in DOMAINS:
            domains.create(uow, OPERATOR, name)
        for number in range(200):
            address = Address(f"user{number:03}", DOMAINS[number % len(DOMAINS)])
            new = NewAccount(
                address=address,
                name=NAMES[number % len(NAMES)],
                quota_octets=(0, 1024, 3_000_000_000)[number % 3],
            )
            accounts.create(uow, OPERATOR, new)
            if number % 17 == 0:
                off = AccountState.DISABLED
                accounts.change(uow, OPERATOR, address, state=off)
        for name in DOMAINS:
            _addresses(uow, name)

    return people


def _addresses(uow: UnitOfWork, domain: str) -> None:
    targets = [Address("ada", "example.net"), Address("élan", "example.net")]
    for kind, names in (
        (EntryKind.ALIAS, ("Sales", "straße")),
        (EntryKind.GROUP, ("team",)),
        (EntryKind.LIST, ("news", "zz-off")),
    ):
        for name in names:
            entries.create(uow, OPERATOR, kind, Address(name, domain), targets)
    off = Address("zz-off", domain)
    entries.change(uow, OPERATOR, EntryKind.LIST, off, enabled=False)
    taker = Address("Sales", domain)
    domains.set_catch_all(uow, OPERATOR, domain, taker, new=True)


async def _fill(platform: Platform) -> None:
    hashed = await platform.passwords.hash(PASSWORD)
    await platform.store.transact(_people(hashed))


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("peopled") / "store"
    world.using(data, _fill)
    return data


def _run(script: str, folder: Path, servername: str, authority: Path) -> Ran:
    edits = {
        "servername": servername,
        "adminusername": "admin",
        "adminpassword": PASSWORD,
    }
    for name, value in edits.items():
        script, times = re.subn(
            rf"(?m)^{name} = '[^']*'", f"{name} = {value!r}", script
        )
        assert times == 1
    folder.mkdir()
    (folder / "pyodbc.py").write_text("")  # imported and never used
    (folder / "run.py").write_text(script, "utf-8")
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=folder,
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(authority), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, folder)


def test_the_script_lists_everything_and_so_does_the_inventory(
    script: str, peopled: Path, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    postwarden = Postwarden(peopled)
    try:
        serving = postwarden.serve(
            *("--https", "127.0.0.1:0"),
            *settings(
                tls__certificate=tmp_path / "certificate.pem",
                tls__key=tmp_path / "key.pem",
            ),
        )
        ran = _run(
            script,
            tmp_path / "script",
            f"localhost:{serving.port('https')}",
            tmp_path / "authority.pem",
        )
        serving.stop()
        assert (ran.status, ran.said.splitlines()[-1]) == (0, "No errors.")
        for kind, name in (("accounts", "userlist.csv"), ("lists", "mailinglist.csv")):
            ours = tmp_path / name
            words = ("inventory", kind, "--compat", "--output", str(ours))
            postwarden.run(*words)
            assert ran.octets(name) == ours.read_bytes()
    finally:
        postwarden.end()
    _check_rows(ran)


def _check_rows(ran: Ran) -> None:
    header, *rows = ran.rows("userlist.csv")
    assert len(header) == 32
    assert {len(row) for row in rows} == {32}
    assert len(rows) == 200 + 3 * 3
    assert list(dict.fromkeys(row[0] for row in rows)) == [
        *("example.org", "example.org.uk", "xn--2hv.example"),
    ]
    by_address = {(row[0], row[1]): dict(zip(header, row, strict=True)) for row in rows}
    zofie = by_address["example.org.uk", "user199"]
    assert zofie["displayName"] == "Ada Lovelace"
    first = by_address["example.org", "user000"]
    assert (first["status"], first["displayName"]) == ("3", "")
    quotas = {
        by_address["example.org.uk", "user001"]["bytesAllowed"],
        by_address["xn--2hv.example", "user002"]["bytesAllowed"],
    }
    assert quotas == {"1024", "3000000000"}
    sales = by_address["xn--2hv.example", "Sales"]
    assert (sales["accountType"], sales["aliasTargetCount"]) == ("4", "2")
    assert (sales["aliasIsCatchAll"], sales["createDate"]) == ("True", "")
    assert ("xn--2hv.example", "straße") in by_address
    _, *lists = ran.rows("mailinglist.csv")
    assert [(row[0], *row[2:]) for row in lists[2:4]] == [
        ("news@example.org.uk", "1", "False", "2"),
        ("zz-off@example.org.uk", "2", "True", "2"),
    ]
