"""Directory files whole: every row of the directory out, every row of a file in."""

from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from io import TextIOWrapper
from typing import BinaryIO

from postwarden.model.actors import Actor
from postwarden.services.directory import exporting
from postwarden.services.ports import Store
from postwarden.wire.directory import BadRow, Row, RowKind, csv_form, yaml_form

_PAGE = 500  # rows of one snapshot


class Form(StrEnum):
    """What a directory file looks like."""

    CSV = "csv"
    YAML = "yaml"


class Mode(StrEnum):
    """What becomes of objects that the file does not have."""

    MERGE = "merge"
    REPLACE = "replace"


async def write(
    store: Store, actor: Actor, form: Form, *, hashes: bool
) -> AsyncIterator[str]:
    """Yield the file of all that an actor manages; raises Forbidden first."""
    await store.transact(exporting.begin, actor, hashes=hashes)
    columns = [c for c in csv_form.COLUMNS if hashes or c != "password_hash"]
    yield csv_form.head(columns) if form is Form.CSV else yaml_form.head()
    for kind in RowKind:
        rows = 0
        async for row in _rows(store, actor, kind, hashes=hashes):
            if form is Form.CSV:
                yield csv_form.format_row(row, columns)
            else:
                yield ("" if rows else yaml_form.section(kind)) + yaml_form.format_row(
                    row
                )
            rows += 1


async def _rows(
    store: Store, actor: Actor, kind: RowKind, *, hashes: bool
) -> AsyncIterator[Row]:
    after = ""
    while page := await store.read(
        exporting.page, actor, kind, after=after, limit=_PAGE, hashes=hashes
    ):
        for _, row in page:
            yield row
        after = page[-1][0]


def read(stream: BinaryIO, form: Form) -> Iterator[Row | BadRow]:
    """Yield the rows of a file from its beginning; raises UnreadableFile."""
    stream.seek(0)
    if form is Form.YAML:
        yield from yaml_form.read(stream)
        return
    text = TextIOWrapper(
        stream, encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
    try:
        yield from csv_form.read(text)
    finally:
        text.detach()  # else the stream would be closed with it
