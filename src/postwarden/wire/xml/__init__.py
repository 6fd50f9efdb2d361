"""XML documents of bounded size and depth, without DTDs: read whole, written whole."""

from postwarden.wire.xml.reading import (
    Bounds,
    Element,
    HasDoctype,
    NotXml,
    TooComplex,
    read,
)
from postwarden.wire.xml.writing import Xml, tag

__all__ = [
    "Bounds",
    "Element",
    "HasDoctype",
    "NotXml",
    "TooComplex",
    "Xml",
    "read",
    "tag",
]
