"""ConvertId: the same identifier, in the forms that clients keep it in."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from postwarden.dialects.ews import ids
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import children
from postwarden.dialects.ews.responses import for_each, success
from postwarden.wire.xml import Element, Xml, tag

identifiers = Operations()

_OWA = str.maketrans("/+", "-_")
_FROM_OWA = str.maketrans("-_", "/+")


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# All forms are the same octets; Exchange's own differ inside as well.
_FORMS: Final[dict[str, tuple[Callable[[bytes], str], Callable[[str], bytes]]]] = {
    "EntryId": (_base64, _octets),
    "EwsId": (_base64, _octets),
    "EwsLegacyId": (_base64, _octets),
    "HexEntryId": (lambda octets: octets.hex().upper(), bytes.fromhex),
    "OwaId": (
        lambda octets: _base64(octets).translate(_OWA),
        lambda text: _octets(text.translate(_FROM_OWA)),
    ),
    "StoreId": (_base64, _octets),
}


@identifiers("ConvertId")
async def convert_id(_: Call, asked: Element) -> Xml:
    """Write identifiers in another form; nothing is looked up."""
    wanted = asked.attributes.get("DestinationFormat", "")
    if wanted not in _FORMS:
        raise Violation(f"there is no format {wanted[:40]!r}", asked)

    async def one(source: Element) -> Xml:
        alternate = tag(
            "m:AlternateId",
            **{"xsi:type": "t:AlternateIdType"},
            Format=wanted,
            Id=_converted(source, wanted),
            Mailbox=source.attributes.get("Mailbox", ""),
        )
        return success("ConvertId", alternate)

    return await for_each("ConvertId", children(asked, "m:SourceIds"), one)


def _converted(source: Element, wanted: str) -> str:
    form = source.attributes.get("Format", "")
    if source.name != "t:AlternateId" or form not in _FORMS:
        raise Failed(Code.INVALID_ID_MALFORMED, "This kind of id is not converted.")
    _, read = _FORMS[form]
    try:
        octets = read(source.attributes.get("Id", ""))
    except (ValueError, binascii.Error) as error:
        raise Failed(Code.INVALID_ID_MALFORMED, "Id is malformed.") from error
    ids.check(_base64(octets))
    write, _ = _FORMS[wanted]
    return write(octets)
