"""Tests of what only a store in PostgreSQL does."""

from collections.abc import Iterator

import pytest

from tests.support import postgres


@pytest.fixture(autouse=True)
def _server_there() -> None:
    if postgres.find_programs() is None:
        pytest.skip(postgres.MISSING)


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.database() as url:
        yield url
