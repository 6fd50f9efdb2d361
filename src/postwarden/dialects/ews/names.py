"""Names of the wire: namespaces, versions, and who we say we are."""

from typing import Final

NAME: Final = "ews"

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES: Final = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS: Final = "http://schemas.microsoft.com/exchange/services/2006/errors"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

PREFIXES: Final = {SOAP: "s", MESSAGES: "m", TYPES: "t", ERRORS: "e"}
"""The prefixes that documents are read with, whatever theirs are."""

MEDIA_TYPE: Final = "text/xml; charset=utf-8"

# Clients choose what they ask by these numbers: those of Exchange 2019.
MAJOR, MINOR, MAJOR_BUILD, MINOR_BUILD = 15, 2, 1544, 4
SCHEMA: Final = "V2017_07_11"
