"""Rows of other systems' message tracking logs, which ledger events stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from postwarden.model.addresses import Address
from postwarden.model.queries.words import words_of

MAX_WORDS: Final = 300
"""Words of a text of a row by which it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """What such a log says in one row, of a message that need not be here.

    `digest` tells a row that is there already, `message_id` is as `message_id_key`
    has it, `fields` is the whole row by the log's own names.
    """

    digest: bytes
    message_id: str | None = None
    subject: str = ""
    sender: str = ""
    sender_address: Address | None = None
    size: int | None = None
    fields: Mapping[str, str]


def indexed_line(text: str) -> str:
    """Return the words by which a subject or sender is found, as `word_line` does."""
    return " ".join(words_of(text)[:MAX_WORDS])
