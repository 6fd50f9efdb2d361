"""Sessions and login links in memory."""

from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.logins import LoginLink, LoginSession


class MemoryLoginSessions:
    """See `services.ports.LoginSessions`."""

    def __init__(self, state: State) -> None:
        self._rows = state.sessions

    def with_digest(self, digest: bytes) -> LoginSession | None:
        return next((each for each in self._rows if each.digest == digest), None)

    def with_id(self, session: int) -> LoginSession | None:
        return self._rows.get(session)

    def add(self, session: LoginSession) -> LoginSession:
        added = replace(session, id=self._rows.new_id())
        self._rows.insert(added.id, added)
        return added

    def remember_use(self, session: int, time: datetime) -> None:
        if known := self._rows.get(session):
            self._rows.put(session, replace(known, last_seen_at=time))

    def remove(self, session: int) -> None:
        self._rows.remove(session)

    def remove_all(self, administrator: int) -> None:
        for each in self._rows:
            if each.administrator == administrator:
                self._rows.remove(each.id)

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        ended = [each.id for each in self._rows if not each.is_open(now)][:limit]
        for number in ended:
            self._rows.remove(number)
        return len(ended)

    def of(
        self, administrator: int, *, after: int = 0, limit: int
    ) -> list[LoginSession]:
        own = (each for each in self._rows if each.administrator == administrator)
        return [each for each in own if each.id > after][:limit]

    def page(self, *, after: int = 0, limit: int) -> list[LoginSession]:
        return self._rows.behind(after, limit)


class MemoryLoginLinks:
    """See `services.ports.LoginLinks`."""

    def __init__(self, state: State) -> None:
        self._rows = state.links

    def add(self, link: LoginLink) -> None:
        self._rows.insert(link.digest, link)

    def take(self, digest: bytes) -> LoginLink | None:
        link = self._rows.get(digest)
        self._rows.remove(digest)
        return link

    def remove_all(self, administrator: int) -> None:
        for each in self._rows:
            if each.administrator == administrator:
                self._rows.remove(each.digest)

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        ended = [each.digest for each in self._rows if each.expires_at <= now][:limit]
        for digest in ended:
            self._rows.remove(digest)
        return len(ended)
