"""Attempts to log in, what counts against them, and recovery codes, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.logins import (
    MAX_ATTEMPT_ROWS,
    OTHERS,
    LoginAttempts,
    LoginFailures,
    LoginResult,
)


class MemoryLoginLog:
    """See `services.ports.LoginLog`."""

    def __init__(self, state: State) -> None:
        self._rows = state.login_attempts

    def record(self, attempt: LoginAttempts) -> None:
        if self._added_to(attempt):
            return
        if sum(each.day == attempt.day for each in self._rows) >= MAX_ATTEMPT_ROWS:
            attempt = replace(attempt, account="", login=OTHERS, client_ip=OTHERS)
            if self._added_to(attempt):
                return
        added = replace(attempt, id=self._rows.new_id())
        self._rows.insert(added.id, added)

    def _added_to(self, attempt: LoginAttempts) -> bool:
        for each in self._rows:
            if each.kind == attempt.kind:
                more = replace(
                    each, count=each.count + attempt.count, last_at=attempt.last_at
                )
                self._rows.put(each.id, more)
                return True
        return False

    def has_succeeded(self, account: str, client_ip: str) -> bool:
        return any(
            (each.account, each.client_ip) == (account, client_ip)
            and each.result is LoginResult.SUCCESS
            for each in self._rows
        )

    def page(
        self, *, account: str | None = None, after: int = 0, limit: int
    ) -> list[LoginAttempts]:
        found = self._rows.behind(after, len(self._rows.items()))
        return [e for e in found if account is None or e.account == account][:limit]

    def remove_before(self, day: datetime, *, limit: int) -> int:
        old = [each.id for each in self._rows if each.day < day][:limit]
        for number in old:
            self._rows.remove(number)
        return len(old)


class MemoryLoginGuard:
    """See `services.ports.LoginGuard`."""

    def __init__(self, state: State) -> None:
        self._rows = state.login_failures

    def failures(self, subjects: Sequence[str]) -> dict[str, LoginFailures]:
        found = ((subject, self._rows.get(subject)) for subject in subjects)
        return {subject: row for subject, row in found if row is not None}

    def put(self, failures: LoginFailures) -> None:
        self._rows.put(failures.subject, failures)

    def remove(self, subject: str) -> None:
        self._rows.remove(subject)

    def remove_before(self, time: datetime, *, limit: int) -> int:
        old = [each.subject for each in self._rows if each.last_at < time][:limit]
        for subject in old:
            self._rows.remove(subject)
        return len(old)


class MemoryRecoveryCodes:
    """See `services.ports.RecoveryCodes`."""

    def __init__(self, state: State) -> None:
        self._rows = state.recovery_codes

    def replace_all(self, administrator: int, digests: Sequence[bytes]) -> None:
        for code in self._rows:
            if code[0] == administrator:
                self._rows.remove(code)
        for digest in digests:
            code = administrator, digest
            self._rows.insert(code, code)

    def take(self, administrator: int, digest: bytes) -> bool:
        code = administrator, digest
        known = code in self._rows
        self._rows.remove(code)
        return known

    def count(self, administrator: int) -> int:
        return sum(owner == administrator for owner, _ in self._rows)
