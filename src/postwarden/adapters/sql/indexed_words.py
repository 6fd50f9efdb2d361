"""Words in the index of full text, as each engine is asked for them.

SQLite has a column of FTS5 for each field; PostgreSQL one vector for all, in which
the letter of its field leads each word.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LETTERS = {
    "subject": "s",
    "body": "b",
    "author": "a",
    "header_to": "t",
    "cc": "c",
    "filenames": "f",
}


class _Indexed(FunctionElement[bool]):
    """Whether a message is among those with some words in the index."""

    name = "indexed"
    inherit_cache = True
    type = sa.Boolean()


def has_words(
    message: sa.ColumnElement[Any],
    fields: Sequence[str],
    words: Sequence[str],
    *,
    prefix: bool,
) -> sa.ColumnElement[bool]:
    """Whether one of the fields has these words one after the other.

    With `prefix`, the last one need only be the beginning of a word.
    """
    phrase = f'{{{" ".join(fields)}}} : "{" ".join(words)}"' + ("*" if prefix else "")
    query = " | ".join(
        f"({_phrase(LETTERS[field], words, prefix=prefix)})" for field in fields
    )
    return _Indexed(message, sa.literal(phrase, sa.Text), sa.literal(query, sa.Text))


def lexeme(letter: str, word: str) -> str:
    """Return a word of a field in PostgreSQL's writing of vectors and queries."""
    inside = f"{letter}{word}".replace("\\", "\\\\").replace("'", "''")
    return f"'{inside}'"


def _phrase(letter: str, words: Sequence[str], *, prefix: bool) -> str:
    phrase = " <-> ".join(lexeme(letter, word) for word in words)
    return f"{phrase}:*" if prefix else phrase


_fts5 = sa.table("texts", sa.column("rowid"), sa.column("texts"), schema="search")
_vectors = sa.table("texts", sa.column("message"), sa.column("words"), schema="search")


@compiles(_Indexed)
def _in_fts5(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    message, phrase, _ = element.clauses
    found = sa.select(_fts5.c.rowid).where(_fts5.c.texts.op("MATCH")(phrase))
    return compiler.process(message.in_(found), **options)


@compiles(_Indexed, "postgresql")
def _in_vectors(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    from sqlalchemy.dialects.postgresql import TSQUERY  # noqa: PLC0415  slow to import

    message, _, query = element.clauses
    asked = sa.cast(query, TSQUERY)
    found = sa.select(_vectors.c.message).where(_vectors.c.words.op("@@")(asked))
    return compiler.process(message.in_(found), **options)
