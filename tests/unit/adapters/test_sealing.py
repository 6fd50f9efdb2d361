"""Secrets are sealed under keys that lie beside the store, not in it."""

import stat
from pathlib import Path

import pytest

from postwarden.adapters.sealing import MasterKeys
from postwarden.model.errors import Unavailable

SECRET = b"JBSWY3DPEHPK3PXP"


def test_what_is_sealed_opens_for_its_purpose_only(tmp_path: Path) -> None:
    sealed = MasterKeys(tmp_path / "master.key").seal(SECRET, "totp ada")
    again = MasterKeys(tmp_path / "master.key")
    assert again.unseal(sealed, "totp ada") == SECRET
    assert SECRET not in sealed
    with pytest.raises(Unavailable):
        again.unseal(sealed, "totp bob")


@pytest.mark.parametrize("position", [0, 1, 9, 21, -1])
def test_an_altered_octet_is_found(tmp_path: Path, position: int) -> None:
    keys = MasterKeys(tmp_path / "master.key")
    sealed = bytearray(keys.seal(SECRET, "x"))
    sealed[position] ^= 1
    with pytest.raises(Unavailable):
        keys.unseal(bytes(sealed), "x")


def test_the_key_file_is_for_its_owner_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    first, second = MasterKeys(path), MasterKeys(path)
    sealed = first.seal(SECRET, "x")
    assert second.unseal(second.seal(SECRET, "x"), "x") == SECRET
    assert second.unseal(sealed, "x") == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opening_needs_the_key_and_makes_none(tmp_path: Path) -> None:
    sealed = MasterKeys(tmp_path / "one.key").seal(SECRET, "x")
    missing = tmp_path / "two.key"
    with pytest.raises(Unavailable, match=r"two\.key"):
        MasterKeys(missing).unseal(sealed, "x")
    assert not missing.exists()


@pytest.mark.parametrize("content", [b"", b"00 11\n", b"\xff", b"one two three\n"])
def test_a_file_that_holds_no_keys_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="does not hold master keys"):
        MasterKeys(path).seal(SECRET, "x")


def test_a_later_key_seals_and_older_ones_still_open(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    sealed = MasterKeys(path).seal(SECRET, "x")
    old = path.read_bytes()
    new = MasterKeys(tmp_path / "new.key")
    new.seal(b"", "")
    path.write_bytes(old + (tmp_path / "new.key").read_bytes())
    rotated = MasterKeys(path)
    assert rotated.unseal(sealed, "x") == SECRET
    assert new.unseal(rotated.seal(SECRET, "x"), "x") == SECRET


def test_a_secret_changes_its_key_without_its_purpose(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    keys, elsewhere = MasterKeys(path), MasterKeys(path)
    sealed = keys.seal(SECRET, "x")
    old = keys.key_of(sealed)

    new = keys.add()
    resealed = elsewhere.reseal(sealed)

    assert keys.ids() == elsewhere.ids() == [old, new]
    assert elsewhere.key_of(resealed) == new
    assert keys.unseal(resealed, "x") == keys.unseal(sealed, "x") == SECRET
    assert keys.drop_before(new) == [old]
    assert elsewhere.unseal(resealed, "x") == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Unavailable, match="master key"):
        elsewhere.unseal(sealed, "x")
    with pytest.raises(Unavailable, match="master key"):
        elsewhere.reseal(sealed)
    with pytest.raises(Unavailable):
        keys.unseal(resealed, "y")


def test_a_key_of_another_secret_opens_nothing(tmp_path: Path) -> None:
    keys = MasterKeys(tmp_path / "master.key")
    one, two = keys.seal(b"one", "x"), keys.seal(b"two", "x")
    with pytest.raises(Unavailable, match="altered"):
        keys.unseal(one[:69] + two[69:], "x")
    with pytest.raises(Unavailable, match="altered"):
        keys.unseal(one[:40], "x")
