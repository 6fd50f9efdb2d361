"""Building, walking and judging trees of terms.

`all_of`, `any_of` and `negated` keep a tree in its one canonical shape (nested
conjunctions are flat, nothing is said twice, `All` stands alone), so that a query
and the query read from its canonical text are equal.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from postwarden.model.queries.terms import (
    STATES,
    After,
    All,
    And,
    Before,
    Is,
    Larger,
    Leaf,
    Node,
    Not,
    Or,
    Query,
    Sha256,
    Smaller,
    Trait,
)

NOTHING: Final[Node] = And((Sha256("0" * 64), Not(Sha256("0" * 64))))
"""What no mail is: a contradiction that costs two look-ups by index."""


def all_of(parts: Iterable[Node]) -> Node:
    """Return what matches where every part does; All of nothing."""
    flat: dict[Node, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, And) else (part,)))
    flat.pop(All(), None)
    if len(flat) < 2:
        return next(iter(flat), All())
    return And(tuple(flat))


def any_of(parts: Iterable[Node]) -> Node:
    """Return what matches where one of the parts does; at least one is given."""
    flat: dict[Node, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, Or) else (part,)))
    if All() in flat:
        return All()
    return Or(tuple(flat)) if len(flat) > 1 else next(iter(flat))


def negated(node: Node) -> Node:
    """Return what matches where `node` does not."""
    return node.part if isinstance(node, Not) else Not(node)


def leaves(query: Query) -> Iterator[Leaf]:
    """Yield every leaf, from left to right."""
    waiting: list[Node] = [query.root]
    while waiting:
        match waiting.pop():
            case And(parts) | Or(parts):
                waiting.extend(reversed(parts))
            case Not(part):
                waiting.append(part)
            case leaf:
                yield leaf


def rewrite(query: Query, replacement: Callable[[Leaf], Node]) -> Query:
    """Return the query with every leaf replaced by what the function returns.

    This is how an edge turns `similar:file:PATH` into what the file's content is.
    """

    def rewritten(node: Node) -> Node:
        match node:
            case And(parts):
                return all_of(map(rewritten, parts))
            case Or(parts):
                return any_of(map(rewritten, parts))
            case Not(part):
                return negated(rewritten(part))
            case leaf:
                return replacement(leaf)

    return replace(query, root=rewritten(query.root))


def states(query: Query) -> frozenset[Trait]:
    """Return the states that the query asks about with `is:`, negated or not.

    Where there are none, `find` lists live copies only.
    """
    return STATES & {leaf.trait for leaf in leaves(query) if isinstance(leaf, Is)}


def is_everything(node: Node) -> bool:
    """Whether a tree, by its form, matches whatever there is.

    Recognises what people write, not every tautology there is.
    """
    match node:
        case All() | Larger(0):
            return True
        case And(parts):
            return all(map(is_everything, parts))
        case Or(parts):
            return any(map(is_everything, parts)) or _covers(frozenset(parts))
        case Not(part):
            return is_nothing(part)
        case _:
            return False


def is_nothing(node: Node) -> bool:
    """Whether a tree, by its form, matches nothing at all."""
    match node:
        case And(parts):
            return any(map(is_nothing, parts)) or _contradicts(frozenset(parts))
        case Or(parts):
            return all(map(is_nothing, parts))
        case Not(part):
            return is_everything(part)
        case _:
            return False


def _contradicts(parts: frozenset[Node]) -> bool:
    return any(isinstance(part, Not) and part.part in parts for part in parts)


def _covers(parts: frozenset[Node]) -> bool:
    """Whether one of these is true of everything, whatever it is."""
    if _contradicts(parts) or {Is(state) for state in STATES} <= parts:
        return True
    before = [part.instant for part in parts if isinstance(part, Before)]
    after = [part.instant for part in parts if isinstance(part, After)]
    larger = [part.octets for part in parts if isinstance(part, Larger)]
    smaller = [part.octets for part in parts if isinstance(part, Smaller)]
    return bool(
        (before and after and min(after) <= max(before))
        or (larger and smaller and min(larger) < max(smaller))
    )
