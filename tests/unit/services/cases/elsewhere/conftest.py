"""A desk that reaches two systems elsewhere."""

import pytest

from postwarden.adapters.memory.mail_system import MemoryMailSystem
from postwarden.model.actors import OPERATOR
from postwarden.model.systems import SystemKind
from postwarden.services.systems import registry
from tests.unit.services.cases.desk import Desk


@pytest.fixture
async def exchange(desk: Desk) -> MemoryMailSystem:
    return await registered(desk, "exchange")


@pytest.fixture
async def other(desk: Desk) -> MemoryMailSystem:
    return await registered(desk, "other")


async def registered(desk: Desk, name: str) -> MemoryMailSystem:
    """Make a system known, and return it."""
    kind, url = SystemKind.EWS, f"https://{name}.example"
    await desk.store.transact(registry.add, OPERATOR, name, kind, url)
    system = MemoryMailSystem()
    desk.systems[name] = system
    return system
