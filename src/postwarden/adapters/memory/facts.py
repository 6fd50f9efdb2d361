"""What a query can ask about, looked up in the tables (`queries.matching.Facts`)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from postwarden.adapters.memory.messages import is_one_of
from postwarden.adapters.memory.state import State
from postwarden.model.addresses import Address
from postwarden.model.ledger import LedgerEvent
from postwarden.model.mailboxes import Copy, flag_names
from postwarden.model.messages import SearchText
from postwarden.model.queries import Query, leaves
from postwarden.model.queries.matching import SimilarMessages
from postwarden.model.queries.terms import AddressField, Similar, TextField, Words
from postwarden.model.tracking import indexed_line
from postwarden.services.ingest import line_of
from postwarden.services.ports import References
from postwarden.services.ports.mail import SimilarSets

Texts = Mapping[int, SearchText]


class NoFullText(Exception):
    """A query for words where full text is out of reach: a bug."""


def texts_for(query: Query, texts: Texts | None) -> Texts:
    """Return the texts; a writing transaction has none and may not ask for words."""
    if texts is None and any(isinstance(leaf, Words) for leaf in leaves(query)):
        raise NoFullText("a transaction that writes has no full text")
    return texts or {}


def alike(state: State, query: Query, similar: SimilarSets) -> SimilarMessages:
    """Return the messages of the classes exact, same and variant by leaf."""
    return {
        leaf: {
            message.sha256.hex()
            for message in state.messages
            if is_one_of(similar.get(leaf, References()), message)
        }
        for leaf in leaves(query)
        if isinstance(leaf, Similar)
    }


class _MessageFacts(ABC):
    """What is true of a message wherever it lies; of no message, nothing."""

    def __init__(self, state: State, texts: Texts, message: int | None) -> None:
        self._state = state
        self._text = None if message is None else texts.get(message)
        self._message = None if message is None else state.messages.get(message)
        self._content = None if message is None else state.contents.get(message)

    def word_lines(self, field: TextField) -> Iterable[str]:
        return () if self._text is None else (line_of(self._text, field),)

    def address_keys(self, field: AddressField) -> Iterable[str]:
        if field is AddressField.ACCOUNT:
            return _keys(self._account_address())
        if field is AddressField.FORWARD_PATH:
            return _keys(self._forward_path())
        if field is AddressField.REVERSE_PATH:
            return _keys(self._reverse_path())
        pairs = self._content.header_addresses if self._content else ()
        return [key for header, key in pairs if header == field.value]

    @abstractmethod
    def _account_address(self) -> Address | None: ...

    @abstractmethod
    def _forward_path(self) -> Address | None: ...

    @abstractmethod
    def _reverse_path(self) -> Address | None: ...

    def _address_of(self, account: int | None) -> Address | None:
        known = None if account is None else self._state.accounts.get(account)
        return known.address if known else None

    @property
    def message_id(self) -> str | None:
        """In brackets, so that what is stored is what is compared."""
        known = self._message.message_id if self._message else None
        return None if known is None else f"<{known}>"

    @property
    def sha256(self) -> str | None:
        return self._message.sha256.hex() if self._message else None

    @property
    def size(self) -> int | None:
        return self._message.size if self._message else None

    @property
    def attachment_sha256(self) -> Collection[str]:
        attachments = self._content.attachments if self._content else ()
        return [each.sha256.hex() for each in attachments]


class FactsOfCopy(_MessageFacts):
    """What a query can ask about a copy."""

    event = None

    def __init__(self, state: State, texts: Texts, copy: Copy) -> None:
        super().__init__(state, texts, copy.message)
        self._copy = copy
        self._reception = (
            None if copy.reception is None else state.receptions.get(copy.reception)
        )

    def _account_address(self) -> Address | None:
        return self._address_of(self._copy.account)

    def _forward_path(self) -> Address | None:
        """The recipient that brought this copy, not another of its envelope."""
        if self._reception is None or self._copy.recipient is None:
            return None
        recipients = self._state.recipients.get(self._reception.id) or ()
        if not 0 <= self._copy.recipient < len(recipients):
            return None
        return recipients[self._copy.recipient].forward_path

    def _reverse_path(self) -> Address | None:
        return self._reception.reverse_path if self._reception else None

    @property
    def time(self) -> datetime:
        return self._copy.internal_date

    @property
    def mailbox(self) -> str | None:
        mailbox = self._state.mailboxes.get(self._copy.mailbox)
        return mailbox.name if mailbox else None

    @property
    def flags(self) -> Collection[str]:
        return flag_names(self._copy.flags, self._copy.keywords)

    @property
    def state(self) -> str:
        return self._copy.state

    @property
    def is_held(self) -> bool:
        return self._copy.held > 0

    @property
    def has_null_reverse_path(self) -> bool:
        return self._reception is not None and self._reception.reverse_path is None

    @property
    def client_ips(self) -> Collection[str]:
        return _ips(self._reception.client_ip if self._reception else None)

    @property
    def trace_ids(self) -> Collection[str]:
        return () if self._reception is None else (self._reception.trace_id,)


class FactsOfEvent(_MessageFacts):
    """What a query can ask about a ledger event."""

    flags: Collection[str] = ()
    state: str | None = None
    is_held = False

    def __init__(self, state: State, texts: Texts, event: LedgerEvent) -> None:
        super().__init__(state, texts, event.message)
        self._event = event
        row = event.log_row
        self._logged = None if row is None else state.log_rows.get(row)

    def word_lines(self, field: TextField) -> Iterable[str]:
        if self._logged is None:
            return super().word_lines(field)
        said = {TextField.SUBJECT: "subject", TextField.AUTHOR: "sender"}.get(field)
        return (indexed_line(getattr(self._logged, said)),) if said else ()

    def address_keys(self, field: AddressField) -> Iterable[str]:
        if self._logged is None or field is not AddressField.AUTHOR:
            return super().address_keys(field)
        return _keys(self._logged.sender_address)

    @property
    def message_id(self) -> str | None:
        if self._logged is None or self._logged.message_id is None:
            return super().message_id
        return f"<{self._logged.message_id}>"

    @property
    def size(self) -> int | None:
        return super().size if self._logged is None else self._logged.size

    def _account_address(self) -> Address | None:
        return self._address_of(self._event.account)

    def _forward_path(self) -> Address | None:
        return self._event.forward_path

    def _reverse_path(self) -> Address | None:
        return self._event.reverse_path

    @property
    def time(self) -> datetime:
        return self._event.time

    @property
    def mailbox(self) -> str | None:
        return self._event.mailbox

    @property
    def has_null_reverse_path(self) -> bool:
        return self._event.has_envelope and self._event.reverse_path is None

    @property
    def client_ips(self) -> Collection[str]:
        return _ips(self._event.client_ip)

    @property
    def trace_ids(self) -> Collection[str]:
        return (self._event.trace_id,)

    @property
    def event(self) -> str:
        return self._event.event


def _keys(address: Address | None) -> list[str]:
    return [] if address is None else [address.key]


def _ips(address: str | None) -> list[str]:
    return [] if address is None else [address]
