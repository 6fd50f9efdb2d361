"""Whether a new way would lead in a circle."""

from collections import deque

from postwarden.model.addresses import Address
from postwarden.model.directory import Entry
from postwarden.model.errors import Refused
from postwarden.services import resolution
from postwarden.services.ports import UnitOfWork
from postwarden.services.resolution import Rewritten, Rules

_RULES = Rules(host="")
_MOST = 1000  # addresses that are looked at


def ends_at(uow: UnitOfWork, start: Address, end: Address) -> bool:
    """Whether mail for `start` ends, among others, at `end`.

    It ends where nothing leads away from, be there anybody or not, and where a copy is
    kept.
    """
    seen = {start.key}
    todo = deque([start])
    while todo and len(seen) <= _MOST:
        address = todo.popleft()
        targets, keeps = _ways(uow, address)
        if address.key == end.key and (keeps or not targets):
            return True
        for target in targets:
            if target.key not in seen:
                seen.add(target.key)
                todo.append(target)
    return False


def _ways(uow: UnitOfWork, address: Address) -> tuple[tuple[Address, ...], bool]:
    try:
        found = resolution.entry_for(uow, _RULES, address)
    except Refused:
        return (), False
    if isinstance(found, Entry):
        return found.targets, found.keep_copy
    if isinstance(found, Rewritten):
        return found.targets, found.keeps
    return (), False
