"""What absent owners have others told."""

from typing import Protocol

from postwarden.model.vacations import Vacation


class Vacations(Protocol):
    """One vacation for each account; one that never said anything has none."""

    def find(self, account: int) -> Vacation | None: ...

    def put(self, account: int, vacation: Vacation) -> None: ...

    def remove(self, account: int) -> None: ...
