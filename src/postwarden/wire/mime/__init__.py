"""Internet messages: one scan yields everything that is stored about one."""

from postwarden.wire.mime.contents import AttachedMessage
from postwarden.wire.mime.headers import NotAMessage, require_header
from postwarden.wire.mime.limits import DEFECTS, MAX_TEXT, Buffer, Defect
from postwarden.wire.mime.scan import Part, ScannedMessage, decoded_part, scan

__all__ = [
    "DEFECTS",
    "MAX_TEXT",
    "AttachedMessage",
    "Buffer",
    "Defect",
    "NotAMessage",
    "Part",
    "ScannedMessage",
    "decoded_part",
    "require_header",
    "scan",
]
