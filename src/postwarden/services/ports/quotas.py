"""What is said of quotas, level by level."""

from typing import Protocol

from postwarden.model.quotas import Limits


class Quotas(Protocol):
    """Limits by the key of what they are for."""

    def get(self, key: str) -> Limits | None:
        """Return what is said; None where nobody ever said anything."""
        ...

    def put(self, key: str, limits: Limits) -> None: ...

    def remove(self, key: str) -> None: ...
