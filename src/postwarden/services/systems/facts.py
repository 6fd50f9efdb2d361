"""What a query can ask about a copy elsewhere (`queries.matching.Facts`)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import NewMessage, SearchText
from postwarden.model.queries import HEADER_FIELDS, AddressField, TextField
from postwarden.services.ingest import Texts, line_of, search_text
from postwarden.services.ports.systems import RemoteCopy


class RemoteFacts:
    """Where a copy lies as its system says, and what it is as its octets say.

    No envelope, no ledger and no hold of ours is about it.
    """

    event: str | None = None
    is_held = False
    has_null_reverse_path = False
    client_ips: Collection[str] = ()
    trace_ids: Collection[str] = ()
    state: str | None = CopyState.LIVE.value

    def __init__(self, copy: RemoteCopy, message: NewMessage, texts: Texts) -> None:
        self._copy = copy
        self._message = message
        self._texts = texts

    @cached_property
    def _words(self) -> SearchText:
        return search_text(0, self._texts)

    def word_lines(self, field: TextField) -> Iterable[str]:
        return (line_of(self._words, field),)

    def address_keys(self, field: AddressField) -> Iterable[str]:
        if field is AddressField.ACCOUNT:
            return _key(self._copy.account)
        if field not in HEADER_FIELDS:
            return ()
        pairs = self._message.header_addresses
        return [key for name, key in pairs if name == field.value]

    @property
    def message_id(self) -> str | None:
        return self._message.message_id

    @property
    def sha256(self) -> str | None:
        return self._message.sha256.hex()

    @property
    def size(self) -> int | None:
        return self._message.size

    @property
    def attachment_sha256(self) -> Collection[str]:
        return [each.sha256.hex() for each in self._message.attachments]

    @property
    def time(self) -> datetime | None:
        return self._copy.internal_date

    @property
    def mailbox(self) -> str | None:
        return self._copy.mailbox

    @property
    def flags(self) -> Collection[str]:
        return self._copy.flags


def _key(address: str) -> Sequence[str]:
    try:
        return (Address.parse(address).key,)
    except Invalid:
        return ()
