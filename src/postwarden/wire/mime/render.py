"""ENVELOPE and BODYSTRUCTURE as an IMAP server sends them (RFC 9051 §7.5.2).

Everything that is not printable ASCII goes out as a literal, which RFC 3501
§4.3 allows to carry any octet but NUL, so both can be sent verbatim.
"""

import re
from typing import Final

from postwarden.wire.mime.addresses import HeaderAddress, parse_addresses, unquoted
from postwarden.wire.mime.headers import Header
from postwarden.wire.mime.limits import Budget
from postwarden.wire.mime.parameters import Parameterised
from postwarden.wire.mime.structure import Entity

NIL: Final = b"NIL"
_QUOTABLE: Final = re.compile(rb"[ !#-\[\]-~]*+")  # without quote and backslash
_SPECIAL: Final = re.compile(rb'(["\\])')
_PRINTABLE: Final = re.compile(rb"[ -~]*+")
_SEPARATOR: Final = re.compile(rb"[\s,]+")

AddressFields = dict[bytes, list[HeaderAddress]]
ADDRESS_FIELDS: Final = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")


def address_fields(header: Header, budget: Budget) -> AddressFields:
    """Return the entries of every address field of the ENVELOPE."""
    return {
        name: [
            entry
            for raw in header.every(name)
            for entry in parse_addresses(raw, budget)
        ]
        for name in ADDRESS_FIELDS
    }


def string(octets: bytes) -> bytes:
    """Return octets as an IMAP string (RFC 9051 §4.3)."""
    if _QUOTABLE.fullmatch(octets):
        return b'"%b"' % octets
    if _PRINTABLE.fullmatch(octets):
        return b'"%b"' % _SPECIAL.sub(rb"\\\1", octets)
    octets = octets.replace(b"\0", b"")
    return b"{%d}\r\n%b" % (len(octets), octets)


def nstring(octets: bytes | None) -> bytes:
    """Return octets as an IMAP string, or NIL."""
    return NIL if octets is None else string(octets)


def envelope(header: Header, fields: AddressFields) -> bytes:
    """Return the ENVELOPE of a message with this header.

    Sender and Reply-To that are absent or empty are those of From. A mailbox
    without a domain has the empty string for it, because NIL means a group.
    """
    author = _address_list(fields[b"from"])
    return b"(%b)" % b" ".join(
        (
            nstring(header.first(b"date")),
            nstring(header.first(b"subject")),
            author,
            _address_list(fields[b"sender"]) if fields[b"sender"] else author,
            _address_list(fields[b"reply-to"]) if fields[b"reply-to"] else author,
            _address_list(fields[b"to"]),
            _address_list(fields[b"cc"]),
            _address_list(fields[b"bcc"]),
            nstring(header.first(b"in-reply-to")),
            nstring(header.first(b"message-id")),
        )
    )


def _address_list(entries: list[HeaderAddress]) -> bytes:
    if not entries:
        return NIL
    return b"(%b)" % b"".join(map(_address, entries))


def _address(entry: HeaderAddress) -> bytes:
    local = entry.local
    return b"(%b %b %b %b)" % (
        nstring(entry.name),
        nstring(entry.route),
        nstring(local if local is None else unquoted(local)),
        nstring(entry.domain),
    )


def bodystructure(entity: Entity, budget: Budget) -> bytes:
    """Return the BODYSTRUCTURE of a message or part, extension data included."""
    if entity.children:
        return b"(%b %b %b %b %b)" % (
            b"".join(bodystructure(child, budget) for child in entity.children),
            string(_subtype(entity.media)),
            _parameters(entity.media),
            _disposition(entity.disposition),
            _language_and_location(entity.header),
        )
    return b"(%b %b %b %b)" % (
        _basic_fields(entity),
        _type_fields(entity, budget) + NIL,  # no MD5
        _disposition(entity.disposition),
        _language_and_location(entity.header),
    )


def shown_type(entity: Entity) -> str:
    """Return the media type that BODYSTRUCTURE names.

    An attached message that can only be read after decoding has no parts that
    could be fetched, so it is shown as the octets it is.
    """
    if entity.message is not None and not entity.carries_message_in_place:
        return "application/octet-stream"
    return entity.media.value


def _basic_fields(entity: Entity) -> bytes:
    main, _, subtype = shown_type(entity).encode("ascii").partition(b"/")
    return b" ".join(
        (
            string(main),
            string(subtype),
            _parameters(entity.media),
            nstring(entity.header.first(b"content-id")),
            nstring(entity.header.first(b"content-description")),
            string(entity.encoding.encode("ascii")),
            b"%d" % entity.size,
        )
    )


def _type_fields(entity: Entity, budget: Budget) -> bytes:
    if entity.media.value.startswith("text/"):
        return b"%d " % count_lines(entity)
    if entity.message is not None and entity.carries_message_in_place:
        message = entity.message
        return b"%b %b %d " % (
            envelope(message.header, address_fields(message.header, budget)),
            bodystructure(message, budget),
            count_lines(entity),
        )
    return b""


def _parameters(value: Parameterised) -> bytes:
    if not value.parameters:
        return NIL
    pairs = (item for pair in value.parameters for item in pair)
    return b"(%b)" % b" ".join(map(string, pairs))


def _disposition(disposition: Parameterised | None) -> bytes:
    if disposition is None:
        return NIL
    kind = string(disposition.value.encode("ascii"))
    return b"(%b %b)" % (kind, _parameters(disposition))


def _language_and_location(header: Header) -> bytes:
    languages = _SEPARATOR.split(header.first(b"content-language") or b"")
    named = [string(language) for language in languages if language]
    language = b"(%b)" % b" ".join(named) if named else NIL
    return b"%b %b" % (language, nstring(header.first(b"content-location")))


def _subtype(media: Parameterised) -> bytes:
    return media.value.partition("/")[2].encode("ascii")


def count_lines(entity: Entity) -> int:
    """Return how many line ends a body has."""
    lined = entity.source.lined
    if isinstance(lined, bytes):
        return lined.count(b"\n", entity.body_start, entity.end)
    window = 1 << 20
    return sum(
        lined[start : min(start + window, entity.end)].count(b"\n")
        for start in range(entity.body_start, entity.end, window)
    )
