"""One deadline at a time, cheap to move."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls back once when a deadline passes.

    Deadlines mostly move to later and are mostly kept, so the timer is left where
    it is and set again when it rings too early.
    """

    __slots__ = ("_callback", "_deadline", "_loop", "_rings_at", "_timer")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._callback = callback
        self._deadline: float | None = None
        self._rings_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, deadline: float) -> None:
        """Ring at `deadline`, in the time of the loop."""
        self._deadline = deadline
        if self._timer is None:
            self._start(deadline)
        elif deadline < self._rings_at:
            self._timer.cancel()
            self._start(deadline)

    def clear(self) -> None:
        """Do not ring."""
        self._deadline = None

    def cancel(self) -> None:
        """Do not ring, and hold nothing any more."""
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, deadline: float) -> None:
        self._rings_at = deadline
        self._timer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        deadline = self._deadline
        if deadline is None:
            return
        if self._loop.time() < deadline:
            self._start(deadline)
            return
        self._deadline = None
        self._callback()
