"""Messages in memory: stored once, found by hash, Message-ID and fingerprint."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields

from postwarden.adapters.memory.state import State
from postwarden.model.errors import NotFound
from postwarden.model.messages import AttachedMessage, Message, NewMessage
from postwarden.services.ports import MessageDetails, References

_OWN = {"id", "is_emptied"}
_FACTS = tuple(each.name for each in fields(Message) if each.name not in _OWN)


class MemoryMessages:
    """See `services.ports.Messages`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._messages = state.messages

    def find(self, sha256: bytes) -> Message | None:
        number = self._state.hashes.get(sha256)
        return None if number is None else self._messages.get(number)

    def add(self, message: NewMessage) -> Message:
        known = self.find(message.sha256)
        if known is not None and not known.is_emptied:
            return known
        facts = {name: getattr(message, name) for name in _FACTS}
        added = Message(id=self._messages.new_id(), **facts)
        self._messages.insert(added.id, added)
        self._state.contents.insert(added.id, message)
        self._state.hashes.put(added.sha256, added.id)
        return added

    def many(self, messages: Iterable[int]) -> dict[int, Message]:
        found = ((number, self._messages.get(number)) for number in messages)
        return {number: message for number, message in found if message}

    def with_message_id(self, message_id: str, *, limit: int = 1000) -> list[Message]:
        found = [each for each in self._messages if each.message_id == message_id]
        return found[:limit]

    def known_in(self, messages: Sequence[int], domains: Collection[str]) -> set[int]:
        own = {a.id for a in self._state.accounts if a.address.domain in domains}
        known = {copy.message for copy in self._state.copies if copy.account in own}
        known |= {
            event.message
            for event in self._state.ledger
            if event.message is not None
            and (
                event.account in own
                or (event.forward_path and event.forward_path.domain in domains)
            )
        }
        return known & set(messages)

    def rendering(self, message: int) -> tuple[bytes, bytes, bytes]:
        content = self._state.contents.get(message)
        if content is None:
            raise NotFound("message", str(message))
        return content.envelope, content.bodystructure, content.header

    def details(self, messages: Iterable[int]) -> dict[int, MessageDetails]:
        found = ((number, self._state.contents.get(number)) for number in messages)
        return {
            number: MessageDetails(
                header_addresses=tuple(sorted(set(content.header_addresses))),
                attachments=tuple(each.sha256 for each in content.attachments),
                header=content.header,
            )
            for number, content in found
            if content
        }

    def carrying(self, references: References) -> dict[int, Message]:
        carrying = (
            self._state.hashes.get(content.sha256)
            for content in self._state.contents
            if any(has_content_of(references, m) for m in content.attached_messages)
        )
        return self.many(number for number in carrying if number is not None)

    def related(self, message_ids: Sequence[str]) -> int:
        wanted = set(message_ids)
        return sum(not wanted.isdisjoint(c.references) for c in self._state.contents)

    def page(self, *, after: int, limit: int) -> list[Message]:
        found = self._messages.behind(after, 2**63)
        return [each for each in found if not each.is_emptied][:limit]


def has_content_of(references: References, message: Message | AttachedMessage) -> bool:
    """Whether bytes, fingerprint or content fingerprint are among the references."""
    return (
        message.sha256 in references.sha256s
        or message.fingerprint in references.fingerprints
        or message.content_fingerprint in references.content_fingerprints
    )


def is_one_of(references: References, message: Message) -> bool:
    """Whether any of the references names this message."""
    return (
        has_content_of(references, message)
        or message.message_id in references.message_ids
        or message.id in references.messages
    )
