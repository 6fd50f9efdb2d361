"""The leaves of a message read once: digests, searchable text, attached mails."""

import hashlib
from dataclasses import dataclass
from typing import Final

from postwarden.wire.mime import (
    charset,
    fingerprint,
    identifiers,
    text,
    words,
)
from postwarden.wire.mime.fingerprint import Content, Fingerprints
from postwarden.wire.mime.limits import Budget, Defect
from postwarden.wire.mime.structure import Entity
from postwarden.wire.mime.transfer import ENCODED, Decoded

_TEXTUAL: Final = ("text/", "message/")
# HTML longer than this has content without looking for words in it.
_LOOKED_FOR_WORDS: Final = 1 << 16
_MARKUP_PER_WORD: Final = 4  # octets of source read for each octet of text kept


@dataclass(frozen=True, slots=True)
class AttachedMessage:
    """A message carried inside another one as message/rfc822.

    `sha256` is that of its octets, and the fingerprints are what they would
    be if it lay in a mailbox itself.
    """

    number: str
    message_id: str | None
    sha256: bytes
    fingerprint: bytes | None
    content_fingerprint: bytes | None


@dataclass(slots=True)
class Contents:
    """What reading all leaves of a message yields; see `read_contents`."""

    fingerprints: Fingerprints
    texts: list[str]
    sha256: dict[str, bytes]  # of decoded leaves that may be attachments, by number
    attached_messages: list[AttachedMessage]


def read_contents(root: Entity, budget: Budget) -> Contents:
    """Read every leaf below a message, one at a time."""
    reading = _Reading(budget)
    prints = reading.message(root)
    return Contents(prints, reading.texts, reading.sha256, reading.attached_messages)


class _Reading:
    def __init__(self, budget: Budget) -> None:
        self.texts: list[str] = []
        self.sha256: dict[str, bytes] = {}
        self.attached_messages: list[AttachedMessage] = []
        self._budget = budget

    def message(self, root: Entity) -> Fingerprints:
        contents: list[Content] = []
        self._read(root, contents)
        return fingerprint.fingerprints(root.header, contents)

    def _read(self, entity: Entity, contents: list[Content]) -> None:
        for child in entity.children:
            self._read(child, contents)
        if entity.children:
            if entity.unread_from is not None:
                contents.append(_octets(entity, entity.unread_from))
        elif entity.message is not None:
            contents.append(self._attached(entity, entity.message))
        elif entity.media.value.startswith(_TEXTUAL):
            contents.append(self._text(entity))
        elif entity.encoding in ENCODED:
            contents.append(self._decoded(entity))
        else:
            contents.append(_octets(entity, entity.body_start))
            self.sha256[entity.number] = contents[-1].digest
        if entity.parent_type and entity.header.junk:
            contents.append(_junk(entity))

    def _attached(self, entity: Entity, message: Entity) -> Content:
        subject = message.header.first(b"subject")
        if subject:
            self._keep(words.decode_text(subject))
        place = len(self.attached_messages)
        prints = self.message(message)
        attached = AttachedMessage(
            entity.number,
            identifiers.message_id(message.header, self._budget),
            _octets(message, message.start).digest,
            prints.fingerprint,
            prints.content_fingerprint,
        )
        self.attached_messages.insert(place, attached)
        self.sha256[entity.number] = attached.sha256
        return Content(b"message", prints.attached, counts=True)

    def _decoded(self, entity: Entity) -> Content:
        digest, size = self._digest(entity.decoded)
        self.sha256[entity.number] = digest
        return Content(b"octets", digest, counts=bool(size))

    def _text(self, entity: Entity) -> Content:
        data = entity.decoded
        codec = self._codec(entity)
        digest, is_empty = fingerprint.text_digest(data, codec)
        if _may_be_attachment(entity):
            self.sha256[entity.number], _size = self._digest(data)
        self._note_unsound(data)
        if entity.media.value != "text/html":
            if not is_empty:
                limit = max(self._budget.text, 0)
                self._keep(text.tidy(self._readable(data, codec, limit)))
            return Content(b"text", digest, counts=not is_empty)
        counts = not is_empty and self._html(data, codec)
        return Content(b"html", digest, counts=counts)

    def _html(self, data: Decoded, codec: str | None) -> bool:
        limit = max(self._budget.text * _MARKUP_PER_WORD, _LOOKED_FOR_WORDS)
        source = self._readable(data, codec, limit)
        readable = text.html_text(source)
        self._keep(readable)
        return (
            bool(readable)
            or len(data.beginning(_LOOKED_FOR_WORDS)) > _LOOKED_FOR_WORDS
            or text.html_shows_something(source)
        )

    def _readable(self, content: Decoded, codec: str | None, limit: int) -> str:
        data = content.beginning(limit)
        if len(data) > limit:
            self._note("text-truncated")
            # A character cut in two would make the rest look like no UTF-8.
            data = data[: data.rfind(b" ", limit // 2, limit) + 1 or limit]
        elif charset.strictly(data, codec) is None:
            self._note("text-not-in-charset")
        return charset.loosely(data, codec)

    def _codec(self, entity: Entity) -> str | None:
        label = entity.media.octets(b"charset")
        if not label:
            return None
        codec = charset.codec_of(label.decode("latin-1"))
        if codec is None:
            self._note("unknown-charset")
        return codec

    def _digest(self, data: Decoded) -> tuple[bytes, int]:
        digest = hashlib.sha256()
        size = 0
        for piece in data:
            digest.update(piece)
            size += len(piece)
        self._note_unsound(data)
        return digest.digest(), size

    def _note_unsound(self, data: Decoded) -> None:
        if not data.is_sound:
            self._note("bad-base64")

    def _keep(self, readable: str) -> None:
        if not readable:
            return
        limit = max(self._budget.text, 0)
        octets = len(readable) if readable.isascii() else len(readable.encode())
        if octets > limit:
            self._note("text-truncated")
            readable = readable.encode()[:limit].decode(errors="ignore")
        if readable:
            self._budget.text -= octets + 1  # and the line feed between two texts
            self.texts.append(readable)

    def _note(self, defect: Defect) -> None:
        self._budget.note(defect)


def _may_be_attachment(entity: Entity) -> bool:
    if entity.disposition is not None or not entity.media.value.startswith("text/"):
        return True
    return any(name.startswith(b"name") for name, _value in entity.media.parameters)


def _octets(entity: Entity, start: int) -> Content:
    """Digest octets where they lie, without a copy."""
    with memoryview(entity.source.octets) as view, view[start : entity.end] as octets:
        digest = hashlib.sha256(octets).digest()
    return Content(b"octets", digest, counts=start < entity.end)


def _junk(entity: Entity) -> Content:
    digest = hashlib.sha256(b" ".join(entity.header.junk.split())).digest()
    return Content(b"junk", digest, counts=False)
