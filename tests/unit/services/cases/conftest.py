"""Cases are worked at a desk, on every store."""

import pytest

from tests.support.stores import Adapter
from tests.unit.services import world
from tests.unit.services.cases.desk import Desk


@pytest.fixture
async def desk(adapter: Adapter) -> Desk:
    """A desk for a domain with the accounts ada, bob and eve."""
    await adapter.store.transact(world.people)
    return Desk(store=adapter.store, index=adapter.index)
