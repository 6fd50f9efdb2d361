"""What a QUERY asks of messages, of rows of other systems' logs, compiled to SQL."""

from collections.abc import Sequence

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.message_search import (
    NOTHING,
    Condition,
    TreeSearch,
    equal,
    key_condition,
    prefixed,
)
from postwarden.adapters.sql.portable import position
from postwarden.model.queries.terms import (
    HEADER_FIELDS,
    AddressField,
    AddressMatch,
    Larger,
    MessageId,
    MessageLeaf,
    Node,
    Smaller,
    TextField,
    Words,
)

_r = tables.log_rows.c
_t = tables.log_texts.c
_w = tables.log_words.c

_TEXTS = {
    TextField.TEXT: _r.subject,
    TextField.SUBJECT: _r.subject,
    TextField.AUTHOR: _r.sender,
}


class LogRowSearch(TreeSearch):
    """Conditions on rows of logs; of contents, those say nothing."""

    def _leaf(self, leaf: Node) -> Condition | None:
        match leaf:
            case Words(field, words, prefix) if field in _TEXTS:
                return _TEXTS[field].in_(_texts(words, prefix=prefix))
            case AddressMatch(AddressField.AUTHOR):
                return key_condition(_r.sender_key, leaf)
            case MessageId(value, prefix):
                return prefixed(_r.message_id, value, prefix=prefix)
            case Larger() | Smaller():
                return _measure(leaf)
            case _:
                is_of_message = isinstance(leaf, MessageLeaf) or (
                    isinstance(leaf, AddressMatch) and leaf.field in HEADER_FIELDS
                )
                return NOTHING if is_of_message else None


def _measure(leaf: Larger | Smaller) -> Condition:
    if isinstance(leaf, Larger):
        return _r.size > leaf.octets
    return _r.size < leaf.octets


def _texts(words: Sequence[str], *, prefix: bool) -> sa.Select[tuple[int]]:
    """Return the texts that have these words one after the other."""
    whole = words[:-1] if prefix else words
    # By one word, the longest: it is the one that fewest texts have.
    known = (
        equal(_w.word, max(whole, key=len))
        if whole
        else prefixed(_w.word, words[0], prefix=True)
    )
    found = sa.select(_w.text).where(known)
    if len(words) == 1:
        return found
    end = "" if prefix else " "
    line = sa.literal(" ").concat(_t.line).concat(end)
    phrase = f" {' '.join(words)}{end}"
    return found.join_from(tables.log_words, tables.log_texts, _t.id == _w.text).where(
        position(line, phrase) > 0
    )
