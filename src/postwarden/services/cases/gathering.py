"""Which copies belong to a case, and as which class.

With `similar:` the query finds exact, same and variant copies. Without it, the
query's own finds are the class `match`, and the messages found are what other
classes are compared with. Widening never leaves the accounts that the query
names: its conditions on accounts stay, the others give way.

What is found by a Message-ID that several contents have is `same-id`, and no plan
takes it unasked: ids can be forged.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from postwarden.model.actors import Actor
from postwarden.model.cases import DEFAULT_CLASSES, ClassCount, MatchClass
from postwarden.model.errors import LimitExceeded
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.queries import Query, Scope, leaves
from postwarden.model.queries.matching import is_address
from postwarden.model.queries.terms import (
    AddressField,
    AddressMatch,
    And,
    Leaf,
    MessageId,
    Node,
    Not,
    Or,
    Similar,
    SimilarTo,
)
from postwarden.model.queries.trees import all_of
from postwarden.services import access, finding, message_ids
from postwarden.services.message_ids import Carrier, Content
from postwarden.services.ports import References, UnitOfWork
from postwarden.services.ports.mail import SimilarSets

MAX_REFERENCES = 10_000  # different messages that other classes are compared with
_LIVE = (CopyState.LIVE,)
_ALIKE = Similar(SimilarTo.SHA256, "0" * 64)  # stands for references given beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Copies by class, and how many messages refer to what was found.

    `forked` are the ids that the query names and several contents have.
    """

    copies: Mapping[MatchClass, Sequence[int]]
    related: int
    warnings: tuple[str, ...]
    forked: frozenset[str] = frozenset()

    def chosen(self, classes: Iterable[MatchClass]) -> Sequence[int]:
        """Return the copies of some classes, ascending."""
        wanted = array("q")
        for each in classes:
            wanted.extend(self.copies.get(each, ()))
        return array("q", sorted(wanted))

    def class_of(self) -> dict[int, MatchClass]:
        return {
            copy: match_class
            for match_class, copies in self.copies.items()
            for copy in copies
        }


def prepared(
    uow: UnitOfWork, searcher: Actor, query: Query
) -> tuple[Query, SimilarSets]:
    """Return a case's query as it is searched for: by content, within its domains.

    Raises NotFound or Refused for an id that names nothing, or several contents.
    """
    settled = message_ids.settled(uow, searcher, query)
    similar = finding.resolve_similar(uow, searcher, settled, {}, scope=Scope.CASE)
    return within(searcher, settled), similar


def within(searcher: Actor, query: Query) -> Query:
    """Return a case's query narrowed to the domains where the case may look."""
    return access.narrowed(searcher, query, Scope.CASE)


def gather(
    uow: UnitOfWork,
    query: Query,
    similar: SimilarSets,
    *,
    relatives: bool,
    known: References | None = None,
    states: Sequence[CopyState] | None = None,
    elsewhere: Mapping[str, Sequence[Carrier]] | None = None,
) -> Gathered:
    """Find the copies of a query by class; with `relatives` all other classes too.

    Those are compared with `known`, else with what `similar:` names, else with
    the messages that the query finds. Where the query names an id of several
    contents, `known` says which of them is meant; what carries such an id on other
    systems is given as `elsewhere`. Live copies are found, and what
    `is:` asks for, or copies in `states`.
    """
    has_similar = any(map(is_similar, leaves(query)))
    references = union(similar.values())
    copies: dict[MatchClass, Sequence[int]] = {}
    # What we wrote ourselves about removed mail is no such mail.
    found = _without_notices(uow, finding.search(uow, query, similar, states=states))
    if has_similar:
        copies |= _by_class(uow, found, references)
    else:
        copies[MatchClass.MATCH] = found
    forked = _forked_ids(uow, query, similar, elsewhere or {})
    if forked:
        copies |= _set_apart(uow, copies.get(MatchClass.MATCH, ()), forked, known)
    warnings = [
        f"{message_ids.described(message_id, contents)}; none is planned: open a case "
        "with similar:SHA256, or take all with --include same-id"
        for message_id, contents in sorted(forked.items())
    ]
    ids = frozenset(forked)
    if not relatives:
        return Gathered(copies=copies, related=0, warnings=tuple(warnings), forked=ids)
    try:
        meant = found if has_similar else copies[MatchClass.MATCH]
        known = known or _references(uow, meant, references)
    except LimitExceeded as error:
        warnings.append(f"other classes not looked for: {error}")
        return Gathered(copies=copies, related=0, warnings=tuple(warnings), forked=ids)
    taken = {copy for each in copies.values() for copy in each}
    accounts = accounts_of(query)
    for match_class, wanted in _relatives(uow, known, with_variants=not has_similar):
        alike = _alike(uow, accounts, wanted, states or _LIVE)
        alike = _without_notices(uow, alike)
        new = [copy for copy in alike if copy not in taken]
        copies[match_class] = array("q", (*copies.get(match_class, ()), *new))
        taken.update(new)
    return Gathered(
        copies=copies,
        related=uow.messages.related(sorted(known.message_ids)),
        warnings=tuple(warnings),
        forked=ids,
    )


class Likeness(Protocol):
    """What ties a copy, or a message, to others."""

    @property
    def sha256(self) -> bytes: ...
    @property
    def message_id(self) -> str | None: ...
    @property
    def fingerprint(self) -> bytes | None: ...
    @property
    def content_fingerprint(self) -> bytes | None: ...


def class_of(facts: Likeness, references: References) -> MatchClass | None:
    """Return how a copy is like the references.

    They have Message-IDs only where an id is all that ties a copy to them.
    """
    if facts.sha256 in references.sha256s:
        return MatchClass.EXACT
    if facts.message_id in references.message_ids:
        return MatchClass.SAME_ID
    if facts.fingerprint in references.fingerprints:
        return MatchClass.SAME
    if facts.content_fingerprint in references.content_fingerprints:
        return MatchClass.VARIANT
    return None


def _by_class(
    uow: UnitOfWork, copies: Sequence[int], references: References
) -> dict[MatchClass, Sequence[int]]:
    by_class: dict[MatchClass, array[int]] = {
        each: array("q")
        for each in (MatchClass.EXACT, MatchClass.SAME, MatchClass.VARIANT)
    }
    for start in range(0, len(copies), 1000):
        for facts in uow.copies.facts(copies[start : start + 1000]):
            # A query such as `similar:X OR subject:y` finds others beside.
            match_class = class_of(facts, references) or MatchClass.MATCH
            by_class.setdefault(match_class, array("q")).append(facts.id)
    return {**by_class}


def _set_apart(
    uow: UnitOfWork,
    matches: Sequence[int],
    forked: Mapping[str, object],
    known: References | None,
) -> dict[MatchClass, Sequence[int]]:
    """Split matches from what only an id of several contents ties to the query."""
    meant = References() if known is None else finding.alike(known)
    kept, same_id = array("q"), array("q")
    for start in range(0, len(matches), 1000):
        for facts in uow.copies.facts(matches[start : start + 1000]):
            is_meant = facts.message_id not in forked or (
                class_of(facts, meant) in DEFAULT_CLASSES
            )
            (kept if is_meant else same_id).append(facts.id)
    return {MatchClass.MATCH: kept, MatchClass.SAME_ID: same_id}


def _forked_ids(
    uow: UnitOfWork,
    query: Query,
    similar: SimilarSets,
    elsewhere: Mapping[str, Sequence[Carrier]],
) -> dict[str, list[Content]]:
    """Return the ids that the query names and finds several contents of.

    Copies that are hidden by now count as well: what is left of an id when the
    others are contained is not what it was taken for.
    """
    named = [leaf for leaf in leaves(query) if isinstance(leaf, MessageId)]
    if not named:
        return {}
    found = finding.search(uow, query, similar, states=tuple(CopyState))
    by_id: dict[str, dict[bytes, Content]] = {}
    for start in range(0, len(found), 1000):
        for facts in uow.copies.facts(found[start : start + 1000]):
            if facts.message_id and any(
                names(leaf, facts.message_id) for leaf in named
            ):
                contents = by_id.setdefault(facts.message_id, {})
                message_ids.count(contents, facts)
    for message_id, carriers in elsewhere.items():
        for carrier in carriers:
            message_ids.count(by_id.setdefault(message_id, {}), carrier)
    return {key: [*each.values()] for key, each in by_id.items() if len(each) > 1}


def is_similar(leaf: Leaf) -> bool:
    """Whether a term finds by content, so that what it finds has a class."""
    return isinstance(leaf, Similar)


def names(leaf: MessageId, message_id: str) -> bool:
    """Whether a term names an id."""
    return leaf.value == message_id or (
        leaf.prefix and message_id.startswith(leaf.value)
    )


def _references(
    uow: UnitOfWork, copies: Sequence[int], given: References
) -> References:
    """Return the references that were given, or those of the messages found."""
    if given.sha256s or given.fingerprints:
        return _with_message_ids(uow, given)
    messages: dict[int, Message] = {}
    for start in range(0, len(copies), 1000):
        ids = {
            copy.message
            for copy in uow.copies.many(copies[start : start + 1000]).values()
        }
        messages.update(uow.messages.many(ids - messages.keys()))
        if len(messages) > MAX_REFERENCES:
            raise LimitExceeded("different messages", MAX_REFERENCES)
    return finding.references_to(messages.values())


def _with_message_ids(uow: UnitOfWork, given: References) -> References:
    known = [uow.messages.find(sha256) for sha256 in given.sha256s]
    ids = {each.message_id for each in known if each and each.message_id}
    return replace(given, message_ids=frozenset(ids))


def _relatives(
    uow: UnitOfWork, known: References, *, with_variants: bool
) -> Iterable[tuple[MatchClass, References]]:
    if with_variants:
        yield (
            MatchClass.VARIANT,
            References(
                fingerprints=known.fingerprints,
                content_fingerprints=known.content_fingerprints,
            ),
        )
    yield MatchClass.SAME_ID, References(message_ids=known.message_ids)
    carriers = uow.messages.carrying(known)
    yield MatchClass.ATTACHED, References(messages=frozenset(carriers))


def _without_notices(uow: UnitOfWork, copies: Sequence[int]) -> Sequence[int]:
    ours = uow.cases.notices_among(copies)
    return [copy for copy in copies if copy not in ours] if ours else copies


def _alike(
    uow: UnitOfWork,
    accounts: Sequence[Node],
    references: References,
    states: Sequence[CopyState],
) -> Sequence[int]:
    query = Query(all_of([*accounts, _ALIKE]))
    return uow.copies.search(query, states=states, similar={_ALIKE: references})


def accounts_of(query: Query) -> list[Node]:
    """Return the conditions on accounts that everything found must meet."""
    root = query.root
    parts = root.parts if isinstance(root, And) else (root,)
    return [part for part in parts if _only_accounts(part)]


def meets(node: Node, key: str) -> bool:
    """Whether the account at `key` (`Address.key`) meets conditions on accounts."""
    match node:
        case And(parts):
            return all(meets(part, key) for part in parts)
        case Or(parts):
            return any(meets(part, key) for part in parts)
        case Not(part):
            return not meets(part, key)
        case AddressMatch():
            return is_address(node, key)
        case _:
            return False


def _only_accounts(node: Node) -> bool:
    match node:
        case And(parts) | Or(parts):
            return all(map(_only_accounts, parts))
        case Not(part):
            return _only_accounts(part)
        case AddressMatch(AddressField.ACCOUNT):
            return True
        case _:
            return False


def union(sets: Iterable[References]) -> References:
    """Return references to what any of these refer to."""
    given = list(sets)
    return References(
        sha256s=frozenset().union(*(each.sha256s for each in given)),
        fingerprints=frozenset().union(*(each.fingerprints for each in given)),
        content_fingerprints=frozenset().union(
            *(each.content_fingerprints for each in given)
        ),
        message_ids=frozenset().union(*(each.message_ids for each in given)),
    )


def class_counts(
    uow: UnitOfWork, gathered: Gathered, included: Iterable[MatchClass]
) -> tuple[ClassCount, ...]:
    """Count each class in the three units people confuse."""
    chosen = set(included)
    counts = []
    for match_class, copies in gathered.copies.items():
        messages, _, accounts = uow.copies.count(copies)
        counts.append(
            ClassCount(
                match_class=match_class,
                messages=messages,
                copies=len(copies),
                accounts=accounts,
                included=match_class in chosen,
            )
        )
    return tuple(counts)
