"""Judging copies as they arrive: which holds they fall under, without a search.

A query is evaluated in memory on what is stored of a copy in the transaction that
files it. Full text is not there yet, so words are looked for in header fields only;
a query for words elsewhere is none for a hold (`queries.scopes`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from postwarden.model.accounts import Account
from postwarden.model.addresses import Address
from postwarden.model.holds import Hold
from postwarden.model.mailboxes import Copy
from postwarden.model.messages import Message, SearchText
from postwarden.model.queries import (
    AddressField,
    Query,
    Similar,
    SimilarMessages,
    TextField,
    leaves,
    matches,
    parse,
)
from postwarden.services import finding
from postwarden.services.ingest import line_of, search_text, texts_of
from postwarden.services.ports import MessageDetails, References, UnitOfWork
from postwarden.services.ports.operations import Reception

_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # no term of a hold is relative
_PARSED = 2000  # texts; a hold's never changes
_IN_HEADER = frozenset(
    {TextField.SUBJECT, TextField.AUTHOR, TextField.TO, TextField.CC}
)


@lru_cache(maxsize=_PARSED)
def query_of(text: str) -> Query:
    """Return the query of a hold, read once."""
    return parse(text, now=_ANY_TIME)


@dataclass(slots=True)
class Envelopes:
    """The envelopes that brought some copies, each looked up once."""

    uow: UnitOfWork
    known: dict[int, tuple[Reception, Sequence[Address]]] = field(default_factory=dict)

    def of(self, copy: Copy) -> tuple[Reception, Sequence[Address]] | None:
        """Return the reception and its forward paths, None where there is none."""
        if copy.reception is None:
            return None
        if copy.reception not in self.known:
            recipients = self.uow.receptions.recipients(copy.reception)
            self.known[copy.reception] = (
                self.uow.receptions.get(copy.reception),
                [each.forward_path for each in recipients],
            )
        return self.known[copy.reception]


class MessageFacts:
    """What is true of a message wherever it lies."""

    def __init__(self, message: Message, details: MessageDetails) -> None:
        self.message = message
        self.details = details

    @cached_property
    def text(self) -> SearchText:
        return search_text(self.message.id, texts_of(self.details.header))


class ArrivalFacts:
    """What a hold's query can ask about one copy (`queries.matching.Facts`).

    `accounts` are the whole addresses in the query, with the accounts they meant
    when the hold was made.
    """

    mailbox: str | None = None
    flags: Collection[str] = ()
    state: str | None = None
    event: str | None = None
    is_held = False

    def __init__(
        self,
        copy: Copy,
        of_message: MessageFacts,
        account: Account,
        envelope: tuple[Reception, Sequence[Address]] | None,
        accounts: Mapping[str, Collection[int]],
    ) -> None:
        self._copy = copy
        self._of_message = of_message
        self._account = account
        self._envelope = envelope
        self._accounts = accounts

    def word_lines(self, field: TextField) -> Iterable[str]:
        return (line_of(self._of_message.text, field),) if field in _IN_HEADER else ()

    def address_keys(self, field: AddressField) -> Iterable[str]:
        if field is AddressField.ACCOUNT:
            return self._account_keys()
        if field is AddressField.FORWARD_PATH:
            return self._forward_paths()
        if field is AddressField.REVERSE_PATH:
            return self._reverse_paths()
        pairs = self._of_message.details.header_addresses
        return [key for header, key in pairs if header == field.value]

    def _account_keys(self) -> list[str]:
        keys = [key for key, ids in self._accounts.items() if self._account.id in ids]
        if self._account.address.key not in self._accounts:
            keys.append(self._account.address.key)
        return keys

    def _forward_paths(self) -> list[str]:
        if self._envelope is None or self._copy.recipient is None:
            return []
        paths = self._envelope[1]
        number = self._copy.recipient
        return [paths[number].key] if 0 <= number < len(paths) else []

    def _reverse_paths(self) -> list[str]:
        path = self._envelope[0].reverse_path if self._envelope else None
        return [] if path is None else [path.key]

    @property
    def message_id(self) -> str | None:
        known = self._of_message.message.message_id
        return None if known is None else f"<{known}>"

    @property
    def sha256(self) -> str:
        return self._of_message.message.sha256.hex()

    @property
    def size(self) -> int:
        return self._of_message.message.size

    @property
    def attachment_sha256(self) -> Collection[str]:
        return [each.hex() for each in self._of_message.details.attachments]

    @property
    def time(self) -> datetime:
        return self._copy.internal_date

    @property
    def has_null_reverse_path(self) -> bool:
        return self._envelope is not None and self._envelope[0].reverse_path is None

    @property
    def client_ips(self) -> Collection[str]:
        ip = self._envelope[0].client_ip if self._envelope else None
        return [] if ip is None else [ip]

    @property
    def trace_ids(self) -> Collection[str]:
        return [self._envelope[0].trace_id] if self._envelope else []


def matching(uow: UnitOfWork, hold: Hold, copies: Sequence[Copy]) -> list[int]:
    """Return the ids of those copies that a hold's query matches."""
    return matching_each(uow, [hold], copies)[hold.id]


def matching_each(
    uow: UnitOfWork, holds: Sequence[Hold], copies: Sequence[Copy]
) -> dict[int, list[int]]:
    """Return by hold the ids of those copies that its query matches."""
    numbers = {copy.message for copy in copies}
    messages = uow.messages.many(numbers)
    details = uow.messages.details(numbers)
    accounts = uow.accounts.many({copy.account for copy in copies})
    envelopes = Envelopes(uow)
    of_messages = {
        number: MessageFacts(message, details.get(number, MessageDetails()))
        for number, message in messages.items()
    }
    found: dict[int, list[int]] = {}
    for hold in holds:
        query = query_of(hold.query)
        similar = _similar(uow, query, messages.values())
        named = dict(hold.accounts)
        found[hold.id] = [
            copy.id
            for copy in copies
            if matches(
                query,
                ArrivalFacts(
                    copy,
                    of_messages[copy.message],
                    accounts[copy.account],
                    envelopes.of(copy),
                    named,
                ),
                similar=similar,
            )
        ]
    return found


def _similar(
    uow: UnitOfWork, query: Query, messages: Iterable[Message]
) -> SimilarMessages:
    """Return which of these messages are like what each `similar:` names."""
    wanted = finding.named_messages(uow, query)
    known = list(messages)
    return {
        leaf: {each.sha256.hex() for each in known if _is_like(wanted[leaf], each)}
        for leaf in leaves(query)
        if isinstance(leaf, Similar)
    }


def _is_like(references: References, message: Message) -> bool:
    return (
        message.sha256 in references.sha256s
        or message.fingerprint in references.fingerprints
        or message.content_fingerprint in references.content_fingerprints
    )
