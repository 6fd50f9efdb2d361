"""Failed logins: counted, limited, and the same for who is there and who is not."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Forbidden, Unauthenticated
from postwarden.model.logins import GuardRules, LoginAttempts, LoginResult, Origin
from postwarden.model.logins import network_name as network
from postwarden.model.webhooks import NoticeName
from postwarden.services import accounts, deliveries, domains, webhooks
from postwarden.services.accounts import NewAccount
from postwarden.services.logins import authentication, guard
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB, Clock
from tests.support.passwords import CountingPasswords
from tests.support.statements import Statements, counted
from tests.unit.services.registry import CAROL, MALLORY, host
from tests.unit.services.world import at

RULES = GuardRules(failures=3, failures_per_address=8)
HERE = Origin(client_ip="192.0.2.7", protocol="submission")
THERE = Origin(client_ip="198.51.100.7", protocol="submission")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
async def house(store: Store) -> None:
    await host(store, "example.org", "example.net")
    for address in (ADA, BOB, at("eve", "example.net")):
        new = NewAccount(address=address, password_hash="new:geheim")
        await store.transact(accounts.create, OPERATOR, new)
    await store.transact(
        domains.create_alias, OPERATOR, "www.example.org", of="example.org"
    )


async def tries(
    store: Store,
    passwords: CountingPasswords,
    username: str,
    password: str = "falsch",
    origin: Origin = HERE,
) -> str:
    """Try to log in; return "in", or what was said."""
    try:
        await authentication.login(
            store, passwords, username, password, origin=origin, rules=RULES
        )
    except Unauthenticated as error:
        return str(error)
    return "in"


async def seen(store: Store) -> list[LoginAttempts]:
    return await store.read(guard.page, OPERATOR, limit=99)


UNKNOWN = ("nobody@example.org", "ada@absent.example", "ada", "", "x" * 3000, "\ud800")


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("username", UNKNOWN)
async def test_who_is_not_there_costs_and_gets_what_the_others_do(
    store: Store, passwords: CountingPasswords, statements: Statements, username: str
) -> None:
    known: list[tuple[str, int, int]] = []
    unknown: list[tuple[str, int, int]] = []
    for answers, name in ((known, str(ADA)), (unknown, username)):
        for _ in range(RULES.failures + 2):
            statements.taken()
            passwords.verified.clear()
            said = await tries(store, passwords, name)
            answers.append((said, len(passwords.verified), statements.taken()))
    assert known == unknown
    assert [said for said, _, _ in known[-2:]] == [guard.BLOCKED] * 2
    assert [hashes for _, hashes, _ in known] == [1, 1, 1, 0, 0]


@pytest.mark.usefixtures("house")
async def test_a_login_is_blocked_for_a_while(
    store: Store, passwords: CountingPasswords, clock: Clock
) -> None:
    for _ in range(RULES.failures):
        await tries(store, passwords, str(ADA))
    for spelling in (str(ADA), "ADA@example.org", "ada@www.example.org"):
        said = await tries(store, passwords, spelling, "geheim", THERE)
        assert said == guard.BLOCKED
    assert await tries(store, passwords, str(BOB), "geheim") == "in"
    clock.forward(seconds=RULES.window.total_seconds())
    assert await tries(store, passwords, str(ADA), "geheim") == "in"


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("login", [str(ADA), "nobody@example.org"])
async def test_webhooks_hear_once_that_a_login_is_blocked(
    store: Store, passwords: CountingPasswords, login: str
) -> None:
    await store.transact(
        webhooks.create, OPERATOR, "https://hooks.example/", events=(), secret=b"s"
    )
    for _ in range(RULES.failures + 2):
        await tries(store, passwords, login)
    (told,) = await store.read(deliveries.page, OPERATOR, limit=9)
    assert (told.notice.name, told.notice.object) == (
        NoticeName.LOGIN_BLOCKED,
        f"account {login}",
    )
    assert told.notice.domain == "example.org"


@pytest.mark.usefixtures("house")
async def test_a_stranger_locks_nobody_out_of_where_he_has_been(
    store: Store, passwords: CountingPasswords
) -> None:
    assert await tries(store, passwords, str(ADA), "geheim", HERE) == "in"
    for _ in range(RULES.failures + 1):
        await tries(store, passwords, str(ADA), origin=THERE)
    assert await tries(store, passwords, str(ADA), "geheim", HERE) == "in"
    # His success forgives: the next failures count from the first.
    assert await tries(store, passwords, str(ADA), "geheim", THERE) == "in"


@pytest.mark.usefixtures("house")
async def test_an_address_is_blocked_whatever_it_tries(
    store: Store, passwords: CountingPasswords
) -> None:
    for number in range(RULES.failures_per_address):
        await tries(store, passwords, f"{number}@example.org")
    assert await tries(store, passwords, str(ADA), "geheim") == guard.BLOCKED
    assert await tries(store, passwords, str(ADA), "geheim", THERE) == "in"


def test_an_ipv6_address_stands_for_its_network() -> None:
    assert network("2001:db8:0:1::7") == network("2001:db8:0:1:ffff::1")
    assert network("2001:db8:0:1::7") != network("2001:db8:0:2::7")
    assert network("::ffff:192.0.2.7") == network("192.0.2.7") == "192.0.2.7"
    assert network("") == network(None) == network("nonsense") == ""


@pytest.mark.usefixtures("house")
async def test_failures_count_for_a_while_only(
    store: Store, passwords: CountingPasswords, clock: Clock
) -> None:
    for _ in range(2 * RULES.failures):
        clock.forward(seconds=RULES.window.total_seconds())
        said = await tries(store, passwords, str(ADA))
        assert said != guard.BLOCKED


@pytest.mark.usefixtures("house")
async def test_attempts_are_counted_in_rows_of_a_kind(
    store: Store, passwords: CountingPasswords, clock: Clock
) -> None:
    for _ in range(RULES.failures + 4):
        await tries(store, passwords, str(ADA))
    clock.forward(days=1)
    await tries(store, passwords, str(ADA), "geheim")
    rows = await seen(store)
    assert [(row.result, row.count) for row in rows] == [
        (LoginResult.FAILURE, 3),
        (LoginResult.BLOCKED, 4),
        (LoginResult.SUCCESS, 1),
    ]
    assert {(row.account, row.client_ip, row.protocol) for row in rows} == {
        (f"account {ADA}", "192.0.2.7", "submission")
    }
    clock.forward(days=31)
    assert await store.transact(guard.forget_old) > 0
    assert await seen(store) == []


@pytest.mark.usefixtures("house")
async def test_what_was_typed_is_kept_only_where_it_is_an_address(
    store: Store, passwords: CountingPasswords
) -> None:
    await tries(store, passwords, "my secret passw0rd")
    await tries(store, passwords, "nobody@example.org")
    assert [(row.account, row.login) for row in await seen(store)] == [
        ("", ""),
        ("", "nobody@example.org"),
    ]


@pytest.mark.usefixtures("house")
async def test_attempts_are_seen_by_those_who_manage_the_account(
    store: Store, passwords: CountingPasswords
) -> None:
    for name in (str(ADA), "eve@example.net", "nobody@example.org"):
        await tries(store, passwords, name)
    for actor, expected in ((CAROL, str(ADA)), (MALLORY, "eve@example.net")):
        rows = await store.read(guard.page, actor, limit=1)
        assert [row.account for row in rows] == [f"account {expected}"]
    with pytest.raises(Forbidden):
        await store.read(guard.page, replace(CAROL, permissions=frozenset()), limit=1)


@pytest.mark.usefixtures("house")
async def test_scram_is_under_the_same_limits(
    store: Store, passwords: CountingPasswords
) -> None:
    passwords.keeps_scram = True
    assert await tries(store, passwords, str(ADA), "geheim", THERE) == "in"

    async def verifier() -> str | None:
        return await authentication.scram_verifier(
            store, str(ADA), origin=HERE, rules=RULES
        )

    assert await verifier() is not None
    for _ in range(RULES.failures):
        await authentication.unproven(store, str(ADA), origin=HERE, rules=RULES)
    assert await verifier() is None
    assert await tries(store, passwords, str(ADA), "geheim") == guard.BLOCKED
