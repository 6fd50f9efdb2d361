"""Answers that are kept for a while, for requests that come again."""

from datetime import datetime
from typing import Protocol


class Replays(Protocol):
    """Sealed answers, by who asked and the key that he gave the request."""

    def find(self, actor: str, key: str, *, since: datetime) -> bytes | None:
        """Return the answer that was kept at `since` or later."""
        ...

    def keep(self, actor: str, key: str, answer: bytes, time: datetime) -> None:
        """Keep an answer, instead of an older one."""
        ...

    def forget(self, before: datetime, *, limit: int) -> int:
        """Remove answers that were kept before a time; return how many."""
        ...
