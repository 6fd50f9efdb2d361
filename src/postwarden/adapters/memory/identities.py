"""Administrators, roles and API keys in memory."""

from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
    ApiKey,
)
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.permissions import Role


class MemoryAdministrators:
    """See `services.ports.Administrators`."""

    def __init__(self, state: State) -> None:
        self._rows = state.administrators

    def find(self, name: str) -> Administrator | None:
        return next((each for each in self._rows if each.name == name), None)

    def with_id(self, administrator: int) -> Administrator | None:
        return self._rows.get(administrator)

    def add(self, administrator: Administrator) -> Administrator:
        if self.find(administrator.name) is not None:
            raise AlreadyExists("admin", administrator.name)
        added = replace(administrator, id=self._rows.new_id())
        self._rows.insert(added.id, added)
        return added

    def replace(self, administrator: Administrator) -> None:
        known = self._rows.get(administrator.id)
        if known is None:
            raise NotFound("admin", administrator.name)
        kept = replace(
            administrator, name=known.name, last_login_at=known.last_login_at
        )
        self._rows.put(administrator.id, kept)

    def remember_login(self, administrator: int, time: datetime) -> None:
        if known := self._rows.get(administrator):
            self._rows.put(administrator, replace(known, last_login_at=time))

    def remove(self, administrator: int) -> None:
        self._rows.remove(administrator)

    def page(self, *, after: str = "", limit: int) -> list[Administrator]:
        found = sorted(self._rows, key=lambda each: each.name)
        return [each for each in found if each.name > after][:limit]

    def of_domain(self, domain: str) -> list[Administrator]:
        return [each for each in self._rows if domain in (each.domains or ())]

    def with_role(self, role: str, *, limit: int) -> list[Administrator]:
        return [each for each in self._rows if each.role == role][:limit]

    def count_everywhere(self, role: str) -> int:
        return sum(
            each.role == role
            and each.domains is None
            and each.state is AdministratorState.ACTIVE
            for each in self._rows
        )


class MemoryRoles:
    """See `services.ports.Roles`."""

    def __init__(self, state: State) -> None:
        self._rows = state.roles

    def find(self, name: str) -> Role | None:
        return self._rows.get(name)

    def add(self, role: Role) -> None:
        if role.name in self._rows:
            raise AlreadyExists("role", role.name)
        self._rows.insert(role.name, role)

    def replace(self, role: Role) -> None:
        if role.name not in self._rows:
            raise NotFound("role", role.name)
        self._rows.put(role.name, role)

    def remove(self, name: str) -> None:
        self._rows.remove(name)

    def page(self, *, after: str = "", limit: int) -> list[Role]:
        return self._rows.behind(after, limit)


class MemoryApiKeys:
    """See `services.ports.ApiKeys`."""

    def __init__(self, state: State) -> None:
        self._rows = state.keys

    def with_digest(self, digest: bytes) -> ApiKey | None:
        return next((each for each in self._rows if each.digest == digest), None)

    def with_id(self, key: int) -> ApiKey | None:
        return self._rows.get(key)

    def add(self, key: ApiKey) -> ApiKey:
        added = replace(key, id=self._rows.new_id())
        self._rows.insert(added.id, added)
        return added

    def revoke(self, key: int, time: datetime) -> None:
        if known := self._rows.get(key):
            self._rows.put(key, replace(known, revoked_at=time))

    def remember_use(self, key: int, time: datetime) -> None:
        if known := self._rows.get(key):
            self._rows.put(key, replace(known, last_used_at=time))

    def of(self, administrator: int, *, after: int = 0, limit: int) -> list[ApiKey]:
        own = (each for each in self._rows if each.administrator == administrator)
        return [each for each in own if each.id > after][:limit]

    def page(self, *, after: int = 0, limit: int) -> list[ApiKey]:
        return self._rows.behind(after, limit)

    def remove_all(self, administrator: int) -> None:
        for each in self.of(administrator, limit=len(self._rows.items())):
            self._rows.remove(each.id)
