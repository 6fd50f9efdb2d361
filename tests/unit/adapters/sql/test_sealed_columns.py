"""What a master key has sealed is declared so: else rotating it would lose secrets."""

import pytest
import sqlalchemy as sa

from postwarden.adapters.memory.secrets import MemorySecrets
from postwarden.adapters.memory.state import State
from postwarden.adapters.sql import secrets, tables

NAMES = {"totp", "secret", "sealed", "private_key"}  # of columns that hold secrets


def test_every_adapter_knows_the_same_kinds() -> None:
    """A new sealed column goes into both: `secret rotate` must find it."""
    assert MemorySecrets(State()).kinds() == sorted(secrets._KINDS)


@pytest.mark.parametrize(
    "column",
    [
        column
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if column.name in NAMES
    ],
    ids=str,
)
def test_what_is_named_like_a_secret_is_declared_sealed(
    column: sa.Column[object],
) -> None:
    assert column.info.get("sealed"), f"{column}: make it with columns.sealed()"
    assert "id" in column.table.c
