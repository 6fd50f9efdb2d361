"""Writing a message tracking log as Exchange's own tools read it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from postwarden.wire.tracking_log.rows import FIELDS

_SPECIAL: Final = re.compile(r'[",\r\n]|\A[ \ufeff]| \Z')


def header(began: datetime) -> bytes:
    """Return the lines that a log begins with."""
    lines = (
        "#Software: Microsoft Exchange Server",
        "#Version: 15.02.1118.007",
        "#Log-Type: Message Tracking Log",
        f"#Date: {time_text(began)}",
        f"#Fields: {','.join(FIELDS)}",
    )
    return "".join(f"{each}\r\n" for each in lines).encode("ascii")


def line(fields: Mapping[str, str]) -> bytes:
    """Return one row; a field that is not one of FIELDS is left out."""
    values = (_quoted(fields.get(name, "")) for name in FIELDS)
    return f"{','.join(values)}\r\n".encode("utf-8", "replace")


def time_text(time: datetime) -> str:
    """Return a time as `date-time` has it; finer than milliseconds where it is."""
    utc = time.astimezone(UTC).replace(tzinfo=None)
    spec = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return f"{utc.isoformat(timespec=spec)}Z"


def _quoted(value: str) -> str:
    if not _SPECIAL.search(value):
        return value
    return '"{}"'.format(value.replace('"', '""'))
