"""How a command becomes a request: its words, read as the API takes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from postwarden.cli.arguments import duration_of, quota_of, read_password
from postwarden.cli.query_words import query_text

Words = Mapping[str, Any]
Word = str | Callable[[Words], Any]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One command. `done` is a sentence with fields of the answer, `columns` a list's.

    One that `waits` does so for the end of the answer's task; then `after` is asked
    and its answer shown.
    `fails` are fields that make the exit status 1, or 5 for a residual.
    """

    method: str = "GET"
    path: str
    query: Mapping[str, Word] = field(default_factory=dict)
    body: Mapping[str, Word] | None = None
    done: str = ""
    columns: Sequence[str] = ()
    waits: bool = False
    after: str = ""
    fails: tuple[tuple[str, ...], int] | None = None
    instead: "Mapping[str, Remote]" = field(default_factory=dict)  # with this option
    problems: str = ""  # the field that has systems that could not be asked
    only: Sequence[str] = ()  # fields shown, of an answer that has more


def quota(words: Words) -> int | None:
    return quota_of(words["quota"])


def password(words: Words) -> str | None:
    return read_password() if words["password_stdin"] else None


def filter_(words: Words) -> str | None:
    return query_text(words["query"]) if words["query"] else None


def seconds(name: str) -> Callable[[Words], int | None]:
    def read(words: Words) -> int | None:
        duration = duration_of(words[name], field=name)
        return None if duration is None else round(duration.total_seconds())

    return read


def since(words: Words) -> str | None:
    text = words["since"]
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        ago = duration_of(text, field="since") or timedelta()
        return (datetime.now(UTC) - ago).isoformat()


def expires(words: Words) -> str | None:
    lives = duration_of(words["expires"], field="expires")
    return None if lives is None else (datetime.now(UTC) + lives).isoformat()


def given(name: str) -> Callable[[Words], Any]:
    """Leave an empty list out, as one that was not given."""
    return lambda words: words[name] or None


def hours(words: Words) -> int | None:
    lasts = duration_of(words["lasts"], field="lasts")
    return None if lasts is None else round(lasts.total_seconds() / 3600)
