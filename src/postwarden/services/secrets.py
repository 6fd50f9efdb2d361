"""Another master key: added first, everything sealed anew, the old ones dropped last.

Whenever it is interrupted, every key that sealed something is still there, and the
same order given again comes to the end.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.errors import Unavailable
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.ports import Keyring, SealedFile, Store, UnitOfWork

CHUNK = 500  # secrets sealed anew in one transaction
_OBJECT = "master key"
_Row = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What became of it; `lost` secrets were sealed with a key that is not there."""

    key: str
    resealed: int
    lost: int
    dropped: Sequence[str]


async def rotate(
    store: Store,
    keys: Keyring,
    files: Sequence[SealedFile],
    actor: Actor,
    *,
    grace: Callable[[], Awaitable[None]],
) -> Rotation:
    """Put a new master key in the place of all others.

    `grace` waits until nobody writes any more what an older key has sealed.
    """
    access.require(actor, Permission.SECRET_ROTATE)
    access.everything(actor, "change the master key")
    old = keys.ids()
    await store.transact(
        audit.record, actor, "secret.rotate", _OBJECT, before={"keys": old}
    )
    new = keys.add()
    resealed, _ = await _reseal(store, keys, files, new)
    await grace()
    late, lost = await _reseal(store, keys, files, new)
    await store.transact(
        audit.record,
        actor,
        "secret.forget",
        _OBJECT,
        before={"keys": [*old, new]},
        after={"keys": [new], "resealed": resealed + late, "lost": lost},
    )
    dropped = keys.drop_before(new)
    return Rotation(key=new, resealed=resealed + late, lost=lost, dropped=dropped)


async def status(
    store: Store, keys: Keyring, files: Sequence[SealedFile], actor: Actor
) -> Mapping[str, int]:
    """Return how many secrets each key has sealed, also keys that are not there."""
    access.require(actor, Permission.SECRET_ROTATE)
    access.everything(actor, "look at the master key")
    counts = Counter(dict.fromkeys(keys.ids(), 0))
    counts.update(filter(None, (file.key_of() for file in files)))
    for kind in await store.read(_kinds):
        after = 0
        while rows := await store.read(_page, kind, after):
            counts.update(keys.key_of(sealed) for _, sealed in rows)
            after = rows[-1][0]
    return counts


async def _reseal(
    store: Store, keys: Keyring, files: Sequence[SealedFile], new: str
) -> tuple[int, int]:
    """Seal everything with the newest key; return how many, and how many cannot."""
    done = lost = 0
    for file in files:
        if file.key_of() not in {None, new}:
            try:
                file.reseal()
                done += 1
            except Unavailable:
                lost += 1
    for kind in await store.read(_kinds):
        after = 0
        while rows := await store.read(_page, kind, after):
            after = rows[-1][0]
            stale = [row for row in rows if keys.key_of(row[1]) != new]
            known = [row for row in stale if keys.key_of(row[1]) in keys.ids()]
            lost += len(stale) - len(known)
            if known:
                done += await store.transact(_replace, keys, kind, known)
    return done, lost


def _replace(uow: UnitOfWork, keys: Keyring, kind: str, rows: Sequence[_Row]) -> int:
    """A secret that was changed meanwhile is sealed with the newest key already."""
    return sum(
        uow.secrets.replace(kind, row, old, keys.reseal(old)) for row, old in rows
    )


def _kinds(uow: UnitOfWork) -> Sequence[str]:
    return uow.secrets.kinds()


def _page(uow: UnitOfWork, kind: str, after: int) -> list[_Row]:
    return uow.secrets.page(kind, after=after, limit=CHUNK)
