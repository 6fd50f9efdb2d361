"""What of a query another system can be asked, so that little must be looked at.

A narrowing lets through whatever the query finds, and more: what comes back is judged
here, by the query itself, so that it finds the same wherever mail lies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from postwarden.model.messages import Message
from postwarden.model.queries import (
    AddressField,
    AddressMatch,
    After,
    And,
    Before,
    HasAttachment,
    Larger,
    MessageId,
    Node,
    Or,
    Query,
    Similar,
    Smaller,
    TextField,
    Words,
    words_of,
)
from postwarden.services.ports.systems import Narrowing

_MAX_WORDS = 8  # of a subject; more would find nothing else


def narrowing_of(
    query: Query, meant: Mapping[Similar, tuple[Message, ...]]
) -> Narrowing:
    """Return what a query and the messages that `similar:` terms mean come down to.

    What is like a message has its subject, whatever else it has.
    """
    root = query.root
    found = Narrowing()
    for part in root.parts if isinstance(root, And) else (root,):
        found = _narrower(found, part, meant)
    return found


def _narrower(
    found: Narrowing, part: Node, meant: Mapping[Similar, tuple[Message, ...]]
) -> Narrowing:
    match part:
        case After() | Before() | Larger() | Smaller() | HasAttachment():
            return _bounded(found, part)
        case Words(TextField.SUBJECT, words, prefix=False):
            return replace(found, subject_words=_plain(words) or found.subject_words)
        case Similar():
            common = _common_words(meant.get(part, ()))
            return replace(found, subject_words=found.subject_words or common)
        case _:
            return _one_of(found, part.parts if isinstance(part, Or) else (part,))


def _bounded(
    found: Narrowing, part: After | Before | Larger | Smaller | HasAttachment
) -> Narrowing:
    match part:
        case After(instant):
            return replace(found, after=instant)
        case Before(instant):
            return replace(found, before=instant)
        case Larger(octets):
            return replace(found, larger=octets)
        case Smaller(octets):
            return replace(found, smaller=octets)
        case HasAttachment():
            return replace(found, has_attachment=True)


def _one_of(found: Narrowing, parts: tuple[Node, ...]) -> Narrowing:
    """Narrow to ids, accounts or domains, where every part is one of these."""
    ids, accounts, domains = set[str](), set[str](), set[str]()
    for part in parts:
        match part:
            case MessageId(value, prefix=False):
                ids.add(value)
            case AddressMatch(AddressField.ACCOUNT, None, str(domain), prefix=False):
                domains.add(domain)
            case AddressMatch(AddressField.ACCOUNT, str(key), str(domain), False):
                accounts.add(f"{key}@{domain}")
            case _:
                return found
    match bool(ids), bool(accounts), bool(domains):
        case True, False, False:
            return replace(found, message_ids=frozenset(ids))
        case False, True, False:
            return replace(found, accounts=frozenset(accounts))
        case False, False, True:
            return replace(found, domains=frozenset(domains))
        case _:
            return found


def _plain(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words that every system spells as we do."""
    return tuple(word for word in words if word.isascii())


def _common_words(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return the longest words that all subjects have."""
    subjects = [set(_plain(words_of(message.subject))) for message in messages]
    common = set.intersection(*subjects) if subjects else set()
    return tuple(sorted(common, key=lambda word: (-len(word), word))[:_MAX_WORDS])


def accounts_wanted(narrowing: Narrowing, known: Sequence[str]) -> list[str]:
    """Return those of the accounts known that a narrowing lets through."""
    return [
        address
        for address in known
        if (narrowing.accounts is None or address.casefold() in narrowing.accounts)
        and (
            narrowing.domains is None
            or address.rpartition("@")[2].casefold() in narrowing.domains
        )
    ]
