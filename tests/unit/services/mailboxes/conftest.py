"""The room, on every store."""

import pytest

from postwarden.services.ports import Store
from tests.unit.services.mailboxes.room import Room, furnished


@pytest.fixture
async def room(store: Store) -> Room:
    return await furnished(store)
