"""The directory as a file: rows of text, as CSV or YAML and back."""

from postwarden.wire.directory.rows import (
    FIELDS,
    LISTS,
    BadRow,
    Row,
    RowKind,
    UnreadableFile,
    Value,
)

__all__ = ["FIELDS", "LISTS", "BadRow", "Row", "RowKind", "UnreadableFile", "Value"]
