"""What absent owners have others told."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.vacations import Absence, Audience, Vacation
from postwarden.services.ports import Store
from tests.support.factories import NOW

AWAY = Vacation(
    absence=Absence.PLANNED,
    audience=Audience.KNOWN,
    begins=NOW,
    ends=NOW + timedelta(days=7),
    inside="back on Monday",
    outside="",
)


async def test_an_account_has_one_or_none(store: Store) -> None:
    assert await store.read(lambda u: u.vacations.find(7)) is None
    await store.transact(lambda u: u.vacations.put(7, AWAY))
    assert await store.read(lambda u: u.vacations.find(7)) == AWAY
    assert await store.read(lambda u: u.vacations.find(8)) is None
    home = replace(AWAY, absence=Absence.PRESENT, begins=None, ends=None)
    await store.transact(lambda u: u.vacations.put(7, home))
    assert await store.read(lambda u: u.vacations.find(7)) == home


async def test_it_goes(store: Store) -> None:
    await store.transact(lambda u: u.vacations.put(7, AWAY))
    await store.transact(lambda u: u.vacations.put(8, AWAY))
    await store.transact(lambda u: u.vacations.remove(7))
    await store.transact(lambda u: u.vacations.remove(7))
    assert await store.read(lambda u: u.vacations.find(7)) is None
    assert await store.read(lambda u: u.vacations.find(8)) == AWAY
