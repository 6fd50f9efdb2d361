"""Who may administer: administrators, roles and API keys."""

from datetime import datetime
from typing import Protocol

from postwarden.model.administrators import Administrator, ApiKey
from postwarden.model.permissions import Role


class Administrators(Protocol):
    """Administrators by name and by id."""

    def find(self, name: str) -> Administrator | None: ...

    def with_id(self, administrator: int) -> Administrator | None: ...

    def add(self, administrator: Administrator) -> Administrator:
        """Store a new one (its `id` is given here); raises AlreadyExists."""
        ...

    def replace(self, administrator: Administrator) -> None:
        """Write everything but name and last login; raises NotFound."""
        ...

    def remember_login(self, administrator: int, time: datetime) -> None: ...

    def remove(self, administrator: int) -> None: ...

    def page(self, *, after: str = "", limit: int) -> list[Administrator]:
        """Return administrators in order of their names."""
        ...

    def of_domain(self, domain: str) -> list[Administrator]:
        """Return those whose domains name this one."""
        ...

    def with_role(self, role: str, *, limit: int) -> list[Administrator]:
        """Return some of those that have a role."""
        ...

    def count_everywhere(self, role: str) -> int:
        """Count the active ones that have a role in every domain."""
        ...


class Roles(Protocol):
    """The roles that administrators have made; built-in ones are no rows."""

    def find(self, name: str) -> Role | None: ...

    def add(self, role: Role) -> None:
        """Raise AlreadyExists when the name is taken."""
        ...

    def replace(self, role: Role) -> None:
        """Raise NotFound for an unknown name."""
        ...

    def remove(self, name: str) -> None: ...

    def page(self, *, after: str = "", limit: int) -> list[Role]: ...


class ApiKeys(Protocol):
    """Keys, found by the SHA-256 of their secret."""

    def with_digest(self, digest: bytes) -> ApiKey | None: ...

    def with_id(self, key: int) -> ApiKey | None: ...

    def add(self, key: ApiKey) -> ApiKey:
        """Store a new key; its `id` is given here."""
        ...

    def revoke(self, key: int, time: datetime) -> None: ...

    def remember_use(self, key: int, time: datetime) -> None: ...

    def of(self, administrator: int, *, after: int = 0, limit: int) -> list[ApiKey]:
        """Return the keys of an administrator, oldest first."""
        ...

    def page(self, *, after: int = 0, limit: int) -> list[ApiKey]: ...

    def remove_all(self, administrator: int) -> None:
        """Forget every key of an administrator."""
        ...
