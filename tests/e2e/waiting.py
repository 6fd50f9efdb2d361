"""Waiting for what other processes do: the one place where tests poll."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0  # seconds; a busy machine needs some, a hang is found all the same
_PAUSE = 0.01


def until(look: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
    """Return the first answer of `look` that is neither None nor False."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen is not None and seen is not False:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(_PAUSE)
