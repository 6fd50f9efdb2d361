"""The composition root: places and settings become a Platform.

This is the only module that knows the adapters. Each is imported when it is first
used, so that a command pays for nothing it does not need.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, NotFound, Refused, Unavailable
from postwarden.model.logins import GuardRules, Origin, RelyingParty, SessionRules
from postwarden.model.systems import System, SystemKind
from postwarden.settings import Settings

if TYPE_CHECKING:
    from postwarden.adapters.blobs import LocalBlobs
    from postwarden.adapters.evidence_archive import ZippedEvidence
    from postwarden.adapters.memory.store import MemoryStore
    from postwarden.adapters.passwords import Argon2Passwords
    from postwarden.adapters.sealing import MasterKeys
    from postwarden.adapters.signing import SigningKey
    from postwarden.adapters.sql.fulltext import SqliteSearchIndex
    from postwarden.adapters.sql.postgres.fulltext import PostgresSearchIndex
    from postwarden.adapters.sql.postgres.store import PostgresStore
    from postwarden.adapters.sql.sqlite import SqliteStore
    from postwarden.adapters.webhook_client import Urllib3WebhookClient
    from postwarden.services.cases.elsewhere.copies import Outside
    from postwarden.services.cases.rules import CaseRules
    from postwarden.services.ports import MailSystem
    from postwarden.services.recent_texts import RecentTexts

_SCHEMES = ("postgresql://", "postgres://")
PRIVATE = 0o700  # nobody but the owner looks into the data directory


class NoStore(NotFound):
    """There is no store where one was to be read."""

    def __init__(self, store: "Path | DatabaseUrl") -> None:
        place = f"at {store}" if isinstance(store, Path) else "in that database"
        super().__init__("store", place)
        self.args = (
            f"there is no store {place}; `postwarden domain create NAME` makes one",
        )


class DatabaseUrl(str):
    """A connection URI of PostgreSQL; it may hold a password."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DatabaseUrl(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything lies: the data directory, the rows, the content."""

    data: Path
    store: Path | DatabaseUrl
    blobs: Path

    @property
    def is_made(self) -> bool:
        """Whether there is a store; raises Unavailable when that cannot be known."""
        if isinstance(self.store, Path):
            return self.store.exists()
        from postwarden.adapters.sql.postgres import schema  # noqa: PLC0415  see above

        return schema.is_made(self.store)

    @property
    def rows(self) -> Path:
        """The file with the rows.

        Raises Refused where they lie in a database server: its own tools do there
        what asks for a file here.
        """
        if isinstance(self.store, Path):
            return self.store
        raise Refused(
            "this needs a store in files; the rows are in PostgreSQL, whose own tools "
            "(pg_dump, pg_basebackup, pg_amcheck) do it there"
        )


def places_of(
    data: Path, *, store: str | None = None, blobs: str | None = None
) -> Places:
    """Return the places that `--data`, `--store URL` and `--blobs URL` name.

    Raises Invalid for a URL whose scheme is not offered.
    """
    data = data.expanduser().absolute()
    return Places(
        data=data,
        store=_store(store) if store else data / "postwarden.db",
        blobs=_path(blobs, "file", "blobs") if blobs else data / "blobs",
    )


def _store(url: str) -> Path | DatabaseUrl:
    if url.startswith(_SCHEMES):
        return DatabaseUrl(url)
    return _path(url, "sqlite", "store")


def _path(url: str, offered: str, field: str) -> Path:
    scheme, colon, path = url.partition(":")
    if scheme != offered or not colon:
        raise Invalid(
            f"--{field} {url!r} is not offered yet; {offered}:PATH is", field=field
        )
    if not path or "\0" in path:
        raise Invalid(f"--{field} takes {offered}:PATH", field=field)
    return Path(path).expanduser().absolute()


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Platform:
    """Everything an edge works with; whoever opens it closes it."""

    places: Places
    settings: Settings
    store: "SqliteStore | PostgresStore"
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def blobs(self) -> "LocalBlobs":
        """The content of messages; the directory is made when it is first used."""
        from postwarden.adapters.blobs import open_blobs  # noqa: PLC0415  see above

        _make_private(self.places.blobs.parent)
        return open_blobs(
            self.places.blobs, minimum_free=self.settings.store.minimum_free
        )

    @cached_property
    def search(self) -> "SqliteSearchIndex | PostgresSearchIndex":
        """The writing side of full text; queries find through `store`."""
        if not isinstance(self.places.store, Path):
            from postwarden.adapters.sql.postgres.fulltext import (  # noqa: PLC0415  see above
                PostgresSearchIndex,
            )

            return PostgresSearchIndex(self.places.store)
        from postwarden.adapters.sql.fulltext import (  # noqa: PLC0415  see above
            SqliteSearchIndex,
        )

        return SqliteSearchIndex(self.places.store)

    @cached_property
    def recent(self) -> "RecentTexts":
        """What those who receive mail leave to the one who indexes it."""
        from postwarden.services.recent_texts import (  # noqa: PLC0415  see above
            RecentTexts,
        )

        return RecentTexts()

    @cached_property
    def sealer(self) -> "MasterKeys":
        """Seals secrets that are read again; the key lies outside the rows."""
        from postwarden.adapters.sealing import MasterKeys  # noqa: PLC0415  see above

        return MasterKeys(
            self.settings.store.master_key or self.places.data / "master.key"
        )

    @cached_property
    def signer(self) -> "SigningKey":
        """Signs heads of the audit log, and evidence."""
        from postwarden.adapters.signing import SigningKey  # noqa: PLC0415  see above

        path = self.settings.store.signing_key or self.places.data / "signing.key"
        return SigningKey(path, self.sealer)

    @cached_property
    def case_rules(self) -> "CaseRules":
        from postwarden.services.cases.rules import CaseRules  # noqa: PLC0415  see above

        settings = self.settings.cases
        return CaseRules(
            second_person=settings.second_person,
            approval=timedelta(seconds=settings.approval_seconds),
            max_copies=settings.max_copies,
            max_accounts=settings.max_accounts,
            max_share=settings.max_share,
            armed_rules=settings.armed_rules,
            max_armed=timedelta(seconds=settings.armed_seconds),
        )

    @cached_property
    def webhook_client(self) -> "Urllib3WebhookClient":
        """The way out to webhooks."""
        from postwarden.adapters.webhook_client import (  # noqa: PLC0415  see above
            Urllib3WebhookClient,
        )

        settings = self.settings.webhooks
        return Urllib3WebhookClient(
            seconds=settings.timeout_seconds,
            private=settings.allow_private,
            authorities=settings.authorities,
        )

    @cached_property
    def outside(self) -> "Outside":
        """The way to other systems, for what looks there and keeps what it finds."""
        from postwarden.services.cases.elsewhere.copies import (  # noqa: PLC0415  see above
            Outside,
        )

        return Outside(self.connect, self.blobs)

    def package(self) -> "ZippedEvidence":
        """Return an evidence package that is sent while it is made."""
        from postwarden.adapters.evidence_archive import (  # noqa: PLC0415  see above
            ZippedEvidence,
        )

        return ZippedEvidence(self.signer)

    def scratch(self) -> "MemoryStore":
        """Return an empty store in memory, for rehearsals."""
        from postwarden.adapters.memory.store import (  # noqa: PLC0415  see above
            MemoryStore,
        )

        return MemoryStore()

    def connect(self, system: System) -> "MailSystem":
        """Return the way to a system; whoever gets it closes it. Nothing is sent yet.

        Raises Unavailable when its secret cannot be opened.
        """
        from postwarden.services.systems import registry  # noqa: PLC0415  see above

        secret = b""
        if system.secret is not None:
            secret = self.sealer.unseal(system.secret, registry.purpose(system.name))
        return _CONNECTORS[system.kind](system, secret.decode())

    @cached_property
    def passwords(self) -> "Argon2Passwords":
        from postwarden.adapters.passwords import (  # noqa: PLC0415  see above
            Argon2Passwords,
            PasswordCost,
        )

        settings = self.settings.passwords
        return Argon2Passwords(
            PasswordCost(
                memory=settings.memory,
                passes=settings.passes,
                parallelism=settings.parallelism,
                pool=settings.pool,
                remembered=settings.remembered_seconds,
                scram=settings.scram,
            )
        )

    @property
    def session_rules(self) -> SessionRules:
        """How long sessions of administrators live."""
        settings = self.settings.logins
        return SessionRules(
            lifetime=timedelta(seconds=settings.session_seconds),
            idle=timedelta(seconds=settings.idle_seconds),
        )

    @property
    def relying_party(self) -> RelyingParty:
        """Who passkeys are for."""
        origin = self.settings.logins.origin
        return RelyingParty(id=urlsplit(origin).hostname or "", origin=origin)

    @property
    def guard_rules(self) -> GuardRules:
        """How many failed logins are too many."""
        settings = self.settings.logins
        return GuardRules(
            failures=settings.failures,
            failures_per_address=settings.failures_per_address,
            window=timedelta(seconds=settings.window_seconds),
        )

    async def actor_of(
        self,
        secret: str,
        *,
        dialect: str,
        client_ip: str | None = None,
        request_id: str | None = None,
    ) -> Actor:
        """Return who comes with a key or a session's token; raises Unauthenticated."""
        from postwarden.services.logins import recognition  # noqa: PLC0415  see above

        return await recognition.recognised(
            self.store,
            secret,
            dialect=dialect,
            client_ip=client_ip,
            request_id=request_id,
        )

    async def actor_of_password(
        self,
        username: str,
        password: str,
        *,
        dialect: str,
        client_ip: str | None = None,
        request_id: str | None = None,
    ) -> Actor:
        """Return the owner of an account by its password; raises Unauthenticated."""
        from postwarden.services import owners  # noqa: PLC0415  see above

        return await owners.recognised(
            self.store,
            self.passwords,
            username,
            password,
            origin=Origin(client_ip=client_ip, protocol=dialect),
            rules=self.guard_rules,
            dialect=dialect,
            request_id=request_id,
        )

    def close(self) -> None:
        """Finish what is queued and close what was opened."""
        for name in ("webhook_client", "passwords", "search", "blobs"):
            opened = self.__dict__.get(name)
            if opened is not None:
                opened.close()
        self.store.close()


def open_platform(
    places: Places,
    settings: Settings,
    *,
    create: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> Platform:
    """Open the store, making it and its directories first with `create`.

    Raises NoStore when there is none, Unavailable when it cannot be opened.
    """
    if not places.is_made:
        if not create:
            raise NoStore(places.store)
        _make_private(places.data)
        if isinstance(places.store, Path):
            _make_private(places.store.parent)
    store = _open_store(places.store, clock)
    return Platform(places=places, settings=settings, store=store, clock=clock)


def _open_store(
    place: Path | DatabaseUrl, clock: Callable[[], datetime]
) -> "SqliteStore | PostgresStore":
    if isinstance(place, Path):
        from postwarden.adapters.sql.sqlite import (  # noqa: PLC0415  see above
            SqliteStore,
        )

        return SqliteStore(place, clock=clock)
    from postwarden.adapters.sql.postgres.store import (  # noqa: PLC0415  see above
        PostgresStore,
    )

    return PostgresStore(place, clock=clock)


def _make_private(directory: Path) -> None:
    """Make a directory for our eyes only; one that is there stays as it is."""
    try:
        directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"cannot make {directory}: {error.strerror}") from error


def _ews(system: System, secret: str) -> "MailSystem":
    from postwarden.connectors import ews  # noqa: PLC0415  see above

    return ews.connect(system, secret)


def _smartermail(system: System, secret: str) -> "MailSystem":
    from postwarden.connectors import smartermail  # noqa: PLC0415  see above

    return smartermail.connect(system, secret)


_CONNECTORS: "Mapping[SystemKind, Callable[[System, str], MailSystem]]" = {
    SystemKind.EWS: _ews,
    SystemKind.SMARTERMAIL: _smartermail,
}
