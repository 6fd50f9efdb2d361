"""Secrets go in and never come out: not into audit, tables of text, errors or logs."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import apsw
import pyotp
import pytest

from tests.e2e.processes import Postwarden
from tests.support.command_line import CommandLine, Ran

PASSWORDS = (
    *("correct-horse-1", "battery-staple-2", "tr0ub4dor-3", "hunter-two-4"),
    *("from-a-file-5", "of-an-admin-6", "wrong-password-7"),
)
ADA = "ada@example.org"


def traces_of(secret: str) -> set[bytes]:
    """Return how a secret would look if it had leaked, also encoded."""
    octets = secret.encode()
    return {
        octets,
        octets.hex().encode(),
        base64.b64encode(octets).rstrip(b"="),
        base64.b64encode(f"\0{ADA}\0{secret}".encode()).rstrip(b"="),
    }


def leaks(text: str | bytes, secrets: Mapping[str, str]) -> set[str]:
    octets = text.encode() if isinstance(text, str) else text
    return {
        name
        for name, secret in secrets.items()
        if any(trace in octets for trace in traces_of(secret))
    }


def everything_in(data: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the rows of every table as text, and every other file's octets."""
    with closing(apsw.Connection(str(data / "postwarden.db"))) as raw:
        names = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (name,) in names.fetchall():
            rows = list(raw.execute(f'SELECT * FROM "{name}"'))
            yield (
                str(name),
                repr(rows).encode() + json.dumps(rows, default=str).encode(),
            )
    for path in data.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(data)), path.read_bytes()


@pytest.fixture
def used(cli: CommandLine, tmp_path: Path) -> tuple[CommandLine, dict[str, str]]:
    """A store on which everything that takes a secret was done, also wrongly."""
    errors: list[str] = []

    def run(*words: str, stdin: str = "") -> Ran:
        ran = cli(*words, stdin=stdin.encode())
        errors.append(ran.err)
        return ran

    one, two, three, four, five, six, wrong = PASSWORDS
    run("account", "create", ADA, "--password-stdin", stdin=one)
    run("account", "change", ADA, "--password-stdin", stdin=two)
    run("account", "create", ADA, "--password-stdin", stdin=three)
    run("account", "change", "nobody@example.org", "--password-stdin", stdin=four)
    people = tmp_path / "people.csv"
    people.write_text(
        f"address,password\nbob@example.org,{five}\nnot an address,{five}\n"
    )
    run("account", "create-many", str(people))
    run("account", "create-many", str(people), "--dry-run")
    carol = ("admin", "create", "carol", "--role", "global-admin")
    run(*carol, "--password-stdin", stdin=six)
    run(*carol, "--password-stdin", stdin=six)
    key = run("key", "create", "--actor", "carol", "--json").json["secret"]
    assert run("--key", key, "account", "list").status == 0
    run("--key", key, "domain", "create", "example.org")
    run("--key", f"{key[:-1]}x", "account", "list")
    run("--key", wrong, "account", "list")
    seed = run("admin", "totp", "carol", "--json").json["secret"]
    code = pyotp.TOTP(seed).now()
    words = ("admin", "totp", "carol", "--code", code, "--secret-stdin", "--json")
    recovery = run(*words, stdin=seed).json["recovery_codes"]
    run("admin", "totp", "carol", "--code", "000000", "--secret-stdin", stdin=seed)
    link = run("admin", "link", "carol", "--json").json["link"]
    run("audit", "anchor")
    secrets = {
        **{word: word for word in PASSWORDS},
        "key": key,
        "seed": seed,
        "link": link.partition("token=")[2],
        **{f"recovery {number}": each for number, each in enumerate(recovery)},
    }
    (tmp_path / "errors").write_text("".join(errors))
    return cli, secrets


def test_no_secret_comes_out_again(
    used: tuple[CommandLine, dict[str, str]], tmp_path: Path
) -> None:
    cli, secrets = used
    printed = [
        cli(*words, "--json").out
        for words in (
            ("audit", "list"),
            ("account", "show", ADA),
            ("admin", "list"),
            ("key", "list"),
            ("doctor",),
        )
    ]
    assert len(printed[0].splitlines()) >= 6

    assert leaks("".join(printed), secrets) == set()
    assert leaks((tmp_path / "errors").read_text(), secrets) == set()
    found = {name: leaks(text, secrets) for name, text in everything_in(cli.data)}
    assert {name: leaked for name, leaked in found.items() if leaked} == {}


def test_the_audit_log_has_not_even_their_hashes(
    used: tuple[CommandLine, dict[str, str]],
) -> None:
    cli, _ = used
    with closing(apsw.Connection(str(cli.data / "postwarden.db"))) as raw:
        hashes = [
            value.encode() if isinstance(value, str) else value.hex().encode()
            for sql in (
                "SELECT password_hash FROM accounts WHERE password_hash NOT NULL",
                "SELECT password_hash FROM administrators",
                "SELECT digest FROM api_keys",
            )
            for (value,) in raw.execute(sql)
            if value is not None
        ]
    assert len(hashes) >= 4
    listed = cli("audit", "list", "--json").out.encode()
    assert not [each for each in hashes if each in listed]
    assert b"argon2" not in listed


def test_master_and_signing_keys_are_in_their_files_alone(
    used: tuple[CommandLine, dict[str, str]],
) -> None:
    cli, _ = used
    (line,) = (cli.data / "master.key").read_text().splitlines()
    secret = {"master key": line.split()[1]}
    printed = cli("audit", "list", "--json").out + cli("doctor", "--json").out
    assert leaks(printed, secret) == set()
    in_files = {name for name, text in everything_in(cli.data) if leaks(text, secret)}
    assert in_files == {"master.key"}


def test_what_serve_logs_has_no_secret(
    used: tuple[CommandLine, dict[str, str]],
) -> None:
    cli, secrets = used
    platform = Postwarden(cli.data)
    try:
        serving = platform.serve("--http", "127.0.0.1:0", "--set", "log.level=debug")
        for key in (secrets["key"], PASSWORDS[-1]):
            for path in ("/postwarden/v1/accounts", f"/postwarden/v1/accounts?k={key}"):
                assert _asked(f"http://{serving.addresses['http']}{path}", key) < 500
        body = {"address": "new@example.org", "password": PASSWORDS[0]}
        url = f"http://{serving.addresses['http']}/postwarden/v1/accounts"
        assert _asked(url, secrets["key"], body) < 500
        assert _asked(url, secrets["key"], body) < 500
        serving.stop()
    finally:
        platform.end()

    log = serving.log.read_text()
    assert leaks(log, secrets) == set()
    assert leaks(cli("audit", "list", "--json").out, secrets) == set()


def _asked(url: str, key: str, body: object = None) -> int:
    request = urllib.request.Request(
        url,
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)
