"""The file of the signing key: made once, its private half sealed."""

import stat
from pathlib import Path

import pytest

from postwarden.adapters.sealing import MasterKeys
from postwarden.adapters.signing import SigningKey
from postwarden.model.errors import Unavailable
from postwarden.wire.ed25519 import is_signed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signing.key"


@pytest.fixture
def master(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path / "master.key")


def test_the_key_is_made_once_and_for_its_owner(path: Path, master: MasterKeys) -> None:
    first, second = SigningKey(path, master), SigningKey(path, master)

    assert is_signed(b"x", first.sign(b"x"), second.public_key())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_the_master_key_it_checks_but_does_not_sign(
    path: Path, master: MasterKeys, tmp_path: Path
) -> None:
    signature = SigningKey(path, master).sign(b"x")
    elsewhere = SigningKey(path, MasterKeys(tmp_path / "absent.key"))

    assert is_signed(b"x", signature, elsewhere.public_key())
    with pytest.raises(Unavailable, match="master key"):
        elsewhere.sign(b"x")
    assert not (tmp_path / "absent.key").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff\xfe", b"ed25519 00 00\n", b"rsa " + b"00" * 32 + b" 00"],
)
def test_another_file_is_no_key(path: Path, master: MasterKeys, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="no signing key"):
        SigningKey(path, master).public_key()


def test_halves_of_two_keys_sign_nothing(
    path: Path, master: MasterKeys, tmp_path: Path
) -> None:
    for each in (path, tmp_path / "other.key"):
        SigningKey(each, master).public_key()
    kind, public, _ = path.read_text().split()
    _, _, sealed = (tmp_path / "other.key").read_text().split()
    path.write_text(f"{kind} {public} {sealed}\n")

    with pytest.raises(Unavailable, match="not of one key"):
        SigningKey(path, master).sign(b"x")
