"""Where the rows of a store lie: in its data directory, or in a database."""

from pathlib import Path

from tests.support import postgres

ENGINES = ["sqlite", *(["postgresql"] if postgres.find_programs() else [])]


def put(data: Path, url: str) -> None:
    """Have everything that works on the store in `data` take its rows from `url`."""
    _note(data).write_text(url)


def url_of(data: Path) -> str | None:
    """Return what `--store` has to be, None for the default."""
    note = _note(data)
    return note.read_text() if note.exists() else None


def _note(data: Path) -> Path:
    return data.with_name(f"{data.name}-rows")
