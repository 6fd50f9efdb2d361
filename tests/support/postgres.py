"""A PostgreSQL server of our own: private, on loopback, gone when the tests end.

It forgets what a power cut would make it forget: where that matters, a test asks
for a server that does not.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from postwarden.adapters.sql.postgres.store import PostgresStore

MISSING = "needs PostgreSQL's server: Debian's postgresql (make services)"
_USER = "postgres"  # the server refuses to run as root


def find_programs() -> Path | None:
    """Return the directory of the newest server there is."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@dataclass(frozen=True)
class Server:
    """A running server; each database of it is new."""

    programs: Path
    directory: Path
    port: int

    @property
    def admin(self) -> str:
        return self.url("postgres")

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create(self, *, options: str = "ENCODING 'UTF8' LOCALE 'C'") -> str:
        """Make an empty database; return its URL."""
        name = f"store{next(_NUMBERS)}"
        with psycopg.connect(self.admin, autocommit=True) as connection:
            create = f"CREATE DATABASE {name} TEMPLATE template0 {options}"
            connection.execute(create.encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            drop = f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)"
            connection.execute(drop.encode())

    def stop(self, *, mode: str = "immediate") -> None:
        self._control("stop", "-m", mode)

    def start(self) -> None:
        self._control("start", "-l", str(self.directory / "log"))

    def _control(self, *arguments: str) -> None:
        data = str(self.directory / "data")
        _as_user([self.programs / "pg_ctl", "-D", data, "-w", "-s", *arguments])


_NUMBERS = count()


@contextmanager
def running(*, durable: bool = False) -> Iterator[Server]:
    """Run a server; with `durable`, one that survives a power cut."""
    programs = find_programs()
    assert programs is not None, MISSING
    directory = Path(tempfile.mkdtemp(prefix="postwarden-postgresql-"))
    if os.getuid() == 0:
        user = pwd.getpwnam(_USER)
        os.chown(directory, user.pw_uid, user.pw_gid)
    data = directory / "data"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        _USER,
        "-A",
        "trust",
        "-N",
    ]
    _as_user([*initdb, "--locale=C", "--encoding=UTF8"])
    server = Server(programs, directory, _free_port())
    kept = "on" if durable else "off"
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(
            f"port = {server.port}\nlisten_addresses = '127.0.0.1'\n"
            f"unix_socket_directories = ''\nmax_connections = 60\n"
            f"fsync = {kept}\nsynchronous_commit = {kept}\nautovacuum = off\n"
        )
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


class _Shared:
    """The server of this process' tests, started when the first one asks."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: Server | None = None
        self._free: list[str] = []

    def take(self) -> str:
        """Return the URL of a database with an empty store."""
        if self._server is None:
            self._server = self._stack.enter_context(running())
        if not self._free:
            self._free.append(self._server.create())
            PostgresStore(self._free[-1]).close()
        return self._free.pop()

    @contextmanager
    def fresh(self, options: str) -> Iterator[str]:
        self.give_back(self.take())
        assert self._server is not None
        url = self._server.create(options=options)
        try:
            yield url
        finally:
            self._server.drop(url)

    def give_back(self, url: str) -> None:
        # Emptying it takes a tenth of what a new one takes.
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_EMPTY)
        self._free.append(url)

    def stop(self) -> None:
        self._server = None
        self._free.clear()
        self._stack.close()


_EMPTY = """
DO $$
DECLARE
  name text;
  is_used boolean;
BEGIN
  FOR name IN
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname IN ('public', 'search') AND tablename <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO is_used;
    IF is_used THEN EXECUTE format('TRUNCATE %s CASCADE', name); END IF;
  END LOOP;
  FOR name IN
    SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences
    WHERE last_value IS NOT NULL
  LOOP
    EXECUTE format('ALTER SEQUENCE %s RESTART', name);
  END LOOP;
  INSERT INTO search.progress VALUES (0);
END $$
"""
_SHARED = _Shared()
stop_shared = _SHARED.stop


@contextmanager
def database() -> Iterator[str]:
    """Lend a database with an empty store; yield its URL."""
    url = _SHARED.take()
    try:
        yield url
    finally:
        _SHARED.give_back(url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_user(command: list[str | Path]) -> None:
    words = [str(word) for word in command]
    if os.getuid() == 0:
        words = [
            "setpriv",
            "--reuid",
            _USER,
            "--regid",
            _USER,
            "--clear-groups",
            *words,
        ]
    subprocess.run(
        words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/"
    )


@contextmanager
def empty_database(options: str = "ENCODING 'UTF8' LOCALE 'C'") -> Iterator[str]:
    """Make a database with nothing in it, and drop it at the end; yield its URL."""
    with _SHARED.fresh(options) as url:
        yield url
