"""Logging in: one answer and one cost for whatever fails."""

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Unauthenticated
from postwarden.services import access, accounts, domains
from postwarden.services.accounts import NewAccount
from postwarden.services.logins import authentication
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB, NOW, Clock
from tests.support.passwords import CountingPasswords
from tests.unit.services.registry import host, name_alias
from tests.unit.services.world import at


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
async def ada(store: Store) -> None:
    await host(store, "example.org")
    for address, password_hash in ((ADA, "new:geheim"), (BOB, "old:geheim")):
        new = NewAccount(address=address, password_hash=password_hash)
        await store.transact(accounts.create, OPERATOR, new)


@pytest.mark.usefixtures("ada")
async def test_the_right_password_gives_the_account(
    store: Store, passwords: CountingPasswords
) -> None:
    account = await authentication.login(store, passwords, str(ADA), "geheim")
    assert account.address == ADA
    assert passwords.hashed == 0
    found = await store.read(access.account, OPERATOR, ADA)
    assert found.last_login_at == NOW


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "username",
    ["ADA@EXAMPLE.ORG", "ada@other.example"],
    ids=["another spelling", "another name of the domain"],
)
async def test_other_ways_to_write_the_address_log_in_too(
    store: Store, passwords: CountingPasswords, username: str
) -> None:
    await store.transact(
        domains.create_alias, OPERATOR, "other.example", of="example.org"
    )
    account = await authentication.login(store, passwords, username, "geheim")
    assert account.address == ADA


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada@example.org", "falsch"),
        ("nobody@example.org", "geheim"),
        ("ada@absent.example", "geheim"),
        ("sales@example.org", "geheim"),
        ("eve@example.org", "geheim"),
        ("without@example.org", "geheim"),
        ("ada", "geheim"),
        ("", ""),
    ],
    ids=["wrong", "unknown", "domain", "alias", "disabled", "none", "name", "empty"],
)
async def test_every_failure_is_the_same_and_costs_one_hash(
    store: Store, passwords: CountingPasswords, username: str, password: str
) -> None:
    await name_alias(store, at("sales"), ADA)
    for name, known in (("eve", "new:geheim"), ("without", None)):
        new = NewAccount(address=at(name), password_hash=known)
        await store.transact(accounts.create, OPERATOR, new)
    await store.transact(
        accounts.change, OPERATOR, at("eve"), state=AccountState.DISABLED
    )
    with pytest.raises(Unauthenticated, match="authentication failed"):
        await authentication.login(store, passwords, username, password)
    assert len(passwords.verified) == 1
    assert passwords.hashed == 0


@pytest.mark.usefixtures("ada")
async def test_an_outdated_hash_is_replaced_at_login(
    store: Store, passwords: CountingPasswords
) -> None:
    await authentication.login(store, passwords, str(BOB), "geheim")
    found = await store.read(access.account, OPERATOR, BOB)
    assert found.password_hash == "new:geheim"


@pytest.mark.usefixtures("ada")
async def test_a_password_changed_meanwhile_wins_over_the_new_hash(
    store: Store, passwords: CountingPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hash_slowly(password: str) -> str:
        await store.transact(accounts.change, OPERATOR, BOB, password_hash="new:other")
        return f"new:{password}"

    monkeypatch.setattr(passwords, "hash", hash_slowly)
    await authentication.login(store, passwords, str(BOB), "geheim")
    found = await store.read(access.account, OPERATOR, BOB)
    assert found.password_hash == "new:other"


@pytest.mark.usefixtures("ada")
async def test_logins_in_one_minute_are_written_once(
    store: Store, passwords: CountingPasswords, clock: Clock
) -> None:
    await authentication.login(store, passwords, str(ADA), "geheim")
    clock.forward(seconds=59)
    await authentication.login(store, passwords, str(ADA), "geheim")
    found = await store.read(access.account, OPERATOR, ADA)
    assert found.last_login_at == NOW
    later = clock.forward(seconds=1)
    await authentication.login(store, passwords, str(ADA), "geheim")
    found = await store.read(access.account, OPERATOR, ADA)
    assert found.last_login_at == later


@pytest.mark.usefixtures("ada")
async def test_a_verifier_is_kept_from_the_first_login_where_scram_is_on(
    store: Store, passwords: CountingPasswords
) -> None:
    await authentication.login(store, passwords, str(ADA), "geheim")
    assert await authentication.scram_verifier(store, str(ADA)) is None
    passwords.keeps_scram = True
    await authentication.login(store, passwords, str(ADA), "geheim")
    assert await authentication.scram_verifier(store, str(ADA)) == "scram:geheim"


@pytest.mark.usefixtures("ada")
async def test_a_new_password_drops_the_verifier_of_the_old_one(
    store: Store, passwords: CountingPasswords
) -> None:
    passwords.keeps_scram = True
    await authentication.login(store, passwords, str(ADA), "geheim")
    await store.transact(accounts.change, OPERATOR, ADA, password_hash="new:other")
    assert await authentication.scram_verifier(store, str(ADA)) is None


@pytest.mark.usefixtures("ada")
async def test_a_proven_login_counts_unless_the_account_is_disabled(
    store: Store,
) -> None:
    for _ in range(2):
        proven = await authentication.proven(store, str(ADA))
        assert proven.address == ADA
    found = await store.read(access.account, OPERATOR, ADA)
    assert found.last_login_at == NOW
    await store.transact(accounts.change, OPERATOR, ADA, state=AccountState.DISABLED)
    with pytest.raises(Unauthenticated):
        await authentication.proven(store, str(ADA))
