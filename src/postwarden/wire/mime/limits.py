"""What one scan may cost: the bounds, and the account kept against them."""

import mmap
from typing import Final, Literal, TypeAlias, get_args

Buffer: TypeAlias = bytes | mmap.mmap

MAX_PARTS: Final = 1_000
MAX_DEPTH: Final = 20  # multiparts and attached messages, one inside the other
MAX_HEADER: Final = 1 << 20  # octets of one header block that are read
MAX_FIELDS: Final = 10_000  # per header block
MAX_ADDRESSES: Final = 10_000  # per message, attached ones included
MAX_ADDRESS_OCTETS: Final = 2 << 20  # of address fields, per message
MAX_ADDRESS: Final = 1_000  # characters; RFC 5321 allows 320
MAX_PARAMETERS: Final = 100  # per field, RFC 2231 continuations included
MAX_BOUNDARY: Final = 250  # octets; RFC 2046 §5.1.1 allows 70
MAX_FILENAME: Final = 255  # characters
MAX_SUBJECT: Final = 10_000  # characters kept for display
MAX_MESSAGE_ID: Final = 1_000  # characters
MAX_REFERENCES: Final = 100
MAX_TEXT: Final = 1 << 20  # octets of UTF-8 kept for search, per message
MAX_DECODED: Final = 16 << 20  # octets of attached messages that come encoded
MAX_BARE_CR: Final = 4 << 20  # octets of a message whose line ends are bare CR

Defect: TypeAlias = Literal[
    "address-too-long",
    "attached-message-encoded",
    "attached-message-too-large",
    "bad-base64",
    "bad-content-type",
    "bad-date",
    "bad-transfer-encoding",
    "boundary-missing",
    "boundary-unclosed",
    "header-bare-cr",
    "header-eight-bit",
    "header-junk",
    "header-nul",
    "header-repeated-field",
    "header-starts-folded",
    "header-too-long",
    "header-too-many-fields",
    "line-ends-bare-cr",
    "filename-too-long",
    "message-id-too-long",
    "no-empty-line",
    "no-header-field",
    "parts-after-close",
    "subject-too-long",
    "text-not-in-charset",
    "text-truncated",
    "too-deep",
    "too-many-addresses",
    "too-many-parameters",
    "too-many-parts",
    "unknown-charset",
]
DEFECTS: Final[frozenset[str]] = frozenset(get_args(Defect))


class Budget:
    """What is left to spend in one scan, and the defects met on the way."""

    __slots__ = ("address_octets", "addresses", "decoded", "defects", "parts", "text")

    def __init__(self, text: int = MAX_TEXT) -> None:
        self.parts = MAX_PARTS
        self.addresses = MAX_ADDRESSES
        self.address_octets = MAX_ADDRESS_OCTETS
        self.decoded = MAX_DECODED
        self.text = text
        self.defects: dict[Defect, None] = {}

    def note(self, defect: Defect) -> None:
        """Remember a defect; each is told once, in the order first met."""
        self.defects[defect] = None
