"""Exchange message tracking logs (`MSGTRK*.LOG`): what transport did with mail.

Comma-separated values in UTF-8 whose order of fields is said by `#Fields`:
https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking
"""

from postwarden.wire.tracking_log.reading import BadRow, read_rows
from postwarden.wire.tracking_log.rows import (
    EVENTS,
    FIELDS,
    MAX_LINE,
    MAX_RECIPIENTS,
    Row,
    is_log_name,
    join_values,
    split_values,
)
from postwarden.wire.tracking_log.writing import header, line, time_text

__all__ = [
    "EVENTS",
    "FIELDS",
    "MAX_LINE",
    "MAX_RECIPIENTS",
    "BadRow",
    "Row",
    "header",
    "is_log_name",
    "join_values",
    "line",
    "read_rows",
    "split_values",
    "time_text",
]
