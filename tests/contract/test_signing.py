"""The store's own signature: made by one key, checked by anybody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.sealing import MasterKeys
from postwarden.adapters.signing import SigningKey
from postwarden.services.ports import Signer
from postwarden.wire.ed25519 import is_signed


def in_a_file(folder: Path) -> Signer:
    return SigningKey(folder / "signing.key", MasterKeys(folder / "master.key"))


def in_memory(_folder: Path) -> Signer:
    return MemorySigner()


@pytest.mark.parametrize("make", [in_a_file, in_memory])
def test_what_is_signed_is_signed_by_this_key_alone(
    make: Callable[[Path], Signer], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    signer, other = make(tmp_path), make(tmp_path / "other")

    signature = signer.sign(b"content")

    assert len(signature) == 64
    assert signer.public_key() != other.public_key()
    assert is_signed(b"content", signature, signer.public_key())
    assert is_signed(b"", signer.sign(b""), signer.public_key())
    assert not is_signed(b"content", signature, other.public_key())
    assert not is_signed(b"other", signature, signer.public_key())
