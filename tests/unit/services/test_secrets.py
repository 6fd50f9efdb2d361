"""Another master key: whenever it is interrupted, everything still opens."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postwarden.adapters.sealing import MasterKeys
from postwarden.adapters.signing import SigningKey
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden, Unavailable
from postwarden.services import secrets
from postwarden.services.ports import Store, UnitOfWork
from tests.contract.test_secrets import TOTP, add_administrator
from tests.unit.services.registry import CAROL, audited

NAMES = ("carol", "dan", "erin", "frank", "grace")


class Crash(Exception):
    """As if the process had been killed there."""


class Vault:
    """Keys in a folder, with secrets in a store that they have sealed."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store = store
        self.keys = MasterKeys(folder / "master.key")
        self.signer = SigningKey(folder / "signing.key", self.keys)
        self.folder = folder

    async def fill(self) -> None:
        self.signer.public_key()
        for name in NAMES:
            sealed = self.keys.seal(name.encode(), "totp")
            await self.store.transact(add_administrator, name, sealed)

    async def rotate(
        self, *, late: Callable[[], Any] | None = None, actor: Actor = OPERATOR
    ) -> secrets.Rotation:
        async def grace() -> None:
            if late is not None:
                await late()

        return await secrets.rotate(
            self.store, self.keys, [self.signer], actor, grace=grace
        )

    async def opened(self) -> list[bytes]:
        """Return every secret, as a process that was just started opens them."""
        keys = MasterKeys(self.folder / "master.key")
        SigningKey(self.folder / "signing.key", keys).sign(b"x")
        rows = await self.store.read(page)
        return [keys.unseal(sealed, "totp") for _, sealed in rows]

    async def status(self) -> dict[str, int]:
        return dict(
            await secrets.status(self.store, self.keys, [self.signer], OPERATOR)
        )


def page(uow: UnitOfWork) -> list[tuple[int, bytes]]:
    return uow.secrets.page(TOTP, after=0, limit=99)


SECRETS = [name.encode() for name in NAMES]


@pytest.fixture
async def vault(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr(secrets, "CHUNK", 2)
    made = Vault(tmp_path, store)
    await made.fill()
    return made


async def test_a_new_key_takes_over_and_the_old_one_is_dropped(vault: Vault) -> None:
    (old,) = vault.keys.ids()
    public = vault.signer.public_key()

    done = await vault.rotate()

    assert (done.resealed, done.lost, done.dropped) == (6, 0, [old])
    assert vault.keys.ids() == [done.key] != [old]
    assert await vault.opened() == SECRETS
    assert vault.signer.public_key() == public
    assert await vault.status() == {done.key: 6}
    entries = [e for e in await audited(vault.store) if e.object == "master key"]
    assert [entry.action for entry in entries] == ["secret.rotate", "secret.forget"]


async def test_what_is_sealed_with_the_old_key_meanwhile_is_not_lost(
    vault: Vault,
) -> None:
    sealed = vault.keys.seal(b"late", "totp")

    async def late() -> None:
        await vault.store.transact(add_administrator, "late", sealed)

    done = await vault.rotate(late=late)

    assert done.lost == 0
    assert await vault.opened() == [*SECRETS, b"late"]


@pytest.mark.parametrize("step", range(8))
async def test_a_rotation_that_is_killed_loses_nothing(
    vault: Vault, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step that writes: keys added, secrets replaced, keys dropped."""
    left = step

    def counted(name: str, owner: type) -> None:
        real = getattr(owner, name)

        def stepping(*args: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Crash
            left -= 1
            return real(*args, **options)

        patched.setattr(owner, name, stepping)

    with monkeypatch.context() as patched:
        counted("_write", MasterKeys)
        counted("reseal", MasterKeys)
        with pytest.raises(Crash):
            await vault.rotate()
        assert left == 0

    assert await vault.opened() == SECRETS
    done = await vault.rotate()
    assert await vault.opened() == SECRETS
    assert vault.keys.ids() == [done.key]


async def test_what_a_missing_key_has_sealed_is_counted_and_left(
    vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    foreign = MasterKeys(tmp_path / "other" / "master.key").seal(b"x", "totp")
    await vault.store.transact(add_administrator, "mallory", foreign)
    (tmp_path / "signing.key").unlink()

    done = await vault.rotate()

    assert (done.resealed, done.lost) == (5, 1)
    assert (await vault.status())[vault.keys.key_of(foreign)] == 1
    kept = await vault.store.read(page)
    assert foreign in [sealed for _, sealed in kept]


async def test_a_signing_key_that_cannot_be_opened_is_counted(
    vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "master.key").unlink()

    done = await vault.rotate()

    assert (done.resealed, done.lost) == (0, 6)
    with pytest.raises(Unavailable):
        await vault.opened()


async def test_only_who_may_change_the_master_key_does(vault: Vault) -> None:
    before = vault.keys.ids()
    for actor in (CAROL, Actor(name="nobody")):
        with pytest.raises(Forbidden):
            await vault.rotate(actor=actor)
    assert vault.keys.ids() == before
