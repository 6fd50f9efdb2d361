"""Passkeys and challenges in memory."""

from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.errors import AlreadyExists
from postwarden.model.logins import Challenge, Passkey


class MemoryPasskeys:
    """See `services.ports.passkeys.Passkeys`."""

    def __init__(self, state: State) -> None:
        self._rows = state.passkeys

    def with_credential(self, credential: bytes) -> Passkey | None:
        return next((e for e in self._rows if e.credential == credential), None)

    def with_id(self, passkey: int) -> Passkey | None:
        return self._rows.get(passkey)

    def add(self, passkey: Passkey) -> Passkey:
        if self.with_credential(passkey.credential) is not None:
            raise AlreadyExists("passkey", passkey.name)
        added = replace(passkey, id=self._rows.new_id())
        self._rows.insert(added.id, added)
        return added

    def remember_use(self, passkey: int, sign_count: int, time: datetime) -> None:
        if known := self._rows.get(passkey):
            used = replace(known, sign_count=sign_count, last_used_at=time)
            self._rows.put(passkey, used)

    def of(self, administrator: int) -> list[Passkey]:
        return [each for each in self._rows if each.administrator == administrator]

    def remove(self, passkey: int) -> None:
        self._rows.remove(passkey)

    def remove_all(self, administrator: int) -> None:
        for each in self.of(administrator):
            self._rows.remove(each.id)


class MemoryChallenges:
    """See `services.ports.passkeys.Challenges`."""

    def __init__(self, state: State) -> None:
        self._rows = state.challenges

    def add(self, challenge: Challenge) -> None:
        self._rows.insert(challenge.digest, challenge)

    def take(self, digest: bytes) -> Challenge | None:
        challenge = self._rows.get(digest)
        self._rows.remove(digest)
        return challenge

    def count(self) -> int:
        return len(self._rows.items())

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        ended = [each.digest for each in self._rows if each.expires_at <= now][:limit]
        for digest in ended:
            self._rows.remove(digest)
        return len(ended)
