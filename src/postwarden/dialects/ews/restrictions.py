"""Restrictions: what a client wants found, as a test of items and as a query.

The test is exact. The query finds at least what the test accepts, by index where
there is one; where it finds nothing else the items need not be looked at.
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.properties import (
    PROPERTIES,
    Property,
    Value,
    property_of,
)
from postwarden.dialects.ews.reading import attribute, one_of
from postwarden.model.queries import (
    NOTHING,
    After,
    All,
    Before,
    HasAttachment,
    Is,
    Larger,
    MessageId,
    Node,
    Smaller,
    Trait,
    all_of,
    any_of,
    message_id_key,
    negated,
)
from postwarden.wire.xml import Element

MAX_NODES: Final = 255  # Exchange's own bound
MAX_DEPTH: Final = 50

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "t:IsEqualTo": operator.eq,
    "t:IsNotEqualTo": operator.ne,
    "t:IsGreaterThan": operator.gt,
    "t:IsGreaterThanOrEqualTo": operator.ge,
    "t:IsLessThan": operator.lt,
    "t:IsLessThanOrEqualTo": operator.le,
}
_PATHS: Final = frozenset({"t:FieldURI", "t:IndexedFieldURI", "t:ExtendedFieldURI"})
_MODES: Final = ["FullString", "Prefixed", "Substring", "PrefixOnWords", "ExactPhrase"]
_MESSAGE_ID: Final = PROPERTIES["message:InternetMessageId"]
_NUMBER: Final = re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_EVERYTHING: Final = All()
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """`accepts` decides; `query` finds at least that, and no more if it `is_exact`.

    One that `is_words` is known to the store alone.
    """

    accepts: Callable[[Item], bool]
    depth: Depth = Depth.FACTS
    query: Node = _EVERYTHING
    is_exact: bool = False
    is_words: bool = False


def restriction_of(element: Element) -> Restriction:
    """Read what stands in a Restriction; raises Failed."""
    if len(element.children) != 1:
        raise Violation("a Restriction is one expression", element)
    return _Reading().node(element.children[0], 0)


class _Reading:
    def __init__(self) -> None:
        self._left = MAX_NODES

    def node(self, element: Element, depth: int) -> Restriction:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise Failed(Code.RESTRICTION_TOO_LONG, "The restriction is too long.")
        match element.name:
            case "t:And" | "t:Or" | "t:Not":
                parts = [self.node(each, depth + 1) for each in element.children]
                return _joined(element, parts)
            case "t:Contains":
                return _contains(element)
            case "t:Exists":
                return _exists(element)
            case "t:Excludes":
                return _excludes(element)
            case name if name in _COMPARISONS:
                return _comparison(element)
            case _:
                raise Violation(f"{element.local[:40]} is no expression", element)


def _joined(element: Element, parts: list[Restriction]) -> Restriction:
    if not parts or (element.local == "Not") != (len(parts) == 1):
        raise Violation(f"{element.local} has {len(parts)} parts", element)
    tests = [each.accepts for each in parts]
    depth = max(each.depth for each in parts)
    is_exact = all(each.is_exact for each in parts)
    queries = [each.query for each in parts]
    if element.local == "Not":
        return Restriction(
            accepts=lambda item: not tests[0](item),
            depth=depth,
            query=_negated(queries[0]) if is_exact else All(),
            is_exact=is_exact,
        )
    if element.local == "And":
        return Restriction(
            accepts=lambda item: all(test(item) for test in tests),
            depth=depth,
            query=all_of(queries),
            is_exact=is_exact,
        )
    return Restriction(
        accepts=lambda item: any(test(item) for test in tests),
        depth=depth,
        query=any_of(queries),
        is_exact=is_exact,
    )


def _negated(query: Node) -> Node:
    return NOTHING if query == All() else negated(query)


def _comparison(element: Element) -> Restriction:
    if len(element.children) != 2:
        raise Violation(f"{element.local} compares two things", element)
    path, other = element.children
    left = _property(path)
    compare = _COMPARISONS[element.name]
    right = other.only if other.name == "t:FieldURIOrConstant" else None
    if right is None:
        raise Violation("FieldURIOrConstant is missing", element)
    if right.name == "t:Constant":
        return _against_constant(element, left, compare, right)
    return _against_property(left, compare, _property(right))


def _against_constant(
    element: Element,
    left: Property,
    compare: Callable[[Any, Any], bool],
    right: Element,
) -> Restriction:
    constant = constant_of(left, right)
    if left is _MESSAGE_ID:
        key = message_id_key(str(constant))
        accepts = _tests(left, compare, key, message_id_key)
    else:
        accepts = _tests(left, compare, _folded(left, constant), None)
    query = _query(left, element.name, constant)
    return Restriction(
        accepts=accepts,
        depth=left.depth,
        query=All() if query is None else query,
        is_exact=query is not None,
    )


def _tests(
    left: Property,
    compare: Callable[[Any, Any], bool],
    constant: Value,
    key: Callable[[str], str] | None,
) -> Callable[[Item], bool]:
    def accepts(item: Item) -> bool:
        values = [key(str(each)) if key else each for each in _values(left, item)]
        if compare is operator.ne:
            return constant not in values
        return any(compare(each, constant) for each in values)

    return accepts


def _against_property(
    left: Property, compare: Callable[[Any, Any], bool], right: Property
) -> Restriction:
    if left.kind is not right.kind:
        message = "The two properties are of different types."
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, message)

    def accepts(item: Item) -> bool:
        ours, theirs = _values(left, item), _values(right, item)
        if compare is operator.ne:
            return not set(ours) & set(theirs)
        return any(compare(a, b) for a in ours for b in theirs)

    return Restriction(accepts=accepts, depth=max(left.depth, right.depth))


def _contains(element: Element) -> Restriction:
    mode = one_of(element, "ContainmentMode", *_MODES, default="FullString")
    comparison = attribute(element, "ContainmentComparison", "Exact")
    constant = element.find("t:Constant")
    if not element.children or constant is None:
        raise Violation("Contains lacks a path or a Constant", element)
    wanted = _property(element.children[0])
    if wanted.kind is not str:
        message = "Only texts contain something."
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, message)
    fold = _folding(element, comparison)
    phrase = fold(attribute(constant, "Value"))

    def accepts(item: Item) -> bool:
        return any(
            _is_in(phrase, fold(str(each)), mode) for each in wanted.values(item)
        )

    return Restriction(accepts=accepts, depth=wanted.depth)


def _is_in(phrase: str, text: str, mode: str) -> bool:
    match mode:
        case "FullString":
            return text == phrase
        case "Prefixed":
            return text.startswith(phrase)
        case "PrefixOnWords":
            return any(
                text.startswith(phrase, found.start())
                for found in re.finditer(r"\b\w", text)
            )
        case "ExactPhrase":
            return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None
        case _:
            return phrase in text


def _folding(element: Element, comparison: str) -> Callable[[str], str]:
    """Return what two texts share when they are the same to a comparison."""
    match comparison:
        case "Exact":
            return lambda text: text
        case "IgnoreCase":
            return str.casefold
        case "IgnoreNonSpacingCharacters":
            return _without_marks
        case "Loose" | "IgnoreCaseAndNonSpacingCharacters" | "LooseAndIgnoreCase":
            return lambda text: _without_marks(text).casefold()
        case "LooseAndIgnoreNonSpace" | "LooseAndIgnoreCaseAndIgnoreNonSpace":
            return lambda text: _without_marks(text).casefold()
        case _:
            raise Violation(
                f"ContainmentComparison cannot be {comparison[:40]!r}", element
            )


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def _exists(element: Element) -> Restriction:
    if len(element.children) != 1:
        raise Violation("Exists takes a path", element)
    path = element.children[0]
    _check_path(path)
    known = property_of(path)
    if known is None:  # no item here has it
        return Restriction(accepts=lambda _: False, query=NOTHING, is_exact=True)

    def accepts(item: Item) -> bool:
        return any(each != "" for each in known.values(item))

    return Restriction(accepts=accepts, depth=known.depth)


def _excludes(element: Element) -> Restriction:
    mask = element.find("t:Bitmask")
    if not element.children or mask is None:
        raise Violation("Excludes lacks a path or a Bitmask", element)
    wanted = _property(element.children[0])
    try:
        bits = int(attribute(mask, "Value"), 0)
    except ValueError:
        bits = None
    if wanted.kind is not int or bits is None or not 0 <= bits < 2**32:
        message = "The bitmask or its property is not a number."
        raise Failed(Code.INVALID_EXCLUDES_RESTRICTION, message)

    def accepts(item: Item) -> bool:
        return any(not int(str(each)) & bits for each in wanted.values(item))

    return Restriction(accepts=accepts, depth=wanted.depth)


def _check_path(path: Element) -> None:
    if path.name not in _PATHS:
        raise Violation(f"{path.local[:40]} is no path", path)


def _property(path: Element) -> Property:
    _check_path(path)
    found = property_of(path)
    if found is None:
        raise Failed(
            Code.UNSUPPORTED_PATH_FOR_QUERY,
            "The property can not be used with this type of restriction.",
        )
    return found


def constant_of(wanted: Property, element: Element) -> Value:
    """Return a constant as a value of a property; raises Failed.

    A time without a zone is taken for UTC.
    """
    text = attribute(element, "Value")
    try:
        if wanted.kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if wanted.kind is int:
            return int(text if _NUMBER.fullmatch(text) else "")
        if wanted.kind is datetime:
            moment = datetime.fromisoformat(text.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (KeyError, ValueError, OverflowError) as error:
        message = f"{text[:40]!r} is no value of the property."
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, message) from error
    return text


def _values(wanted: Property, item: Item) -> Iterable[Value]:
    return [_folded(wanted, each) for each in wanted.values(item)]


def _folded(wanted: Property, value: Value) -> Value:
    return value.casefold() if isinstance(value, str) and wanted.folds else value


def _query(wanted: Property, comparison: str, constant: Value) -> "Node | None":
    """Return the query that says exactly the same, None where there is none."""
    word = comparison.removeprefix("t:")
    if wanted is _MESSAGE_ID and word == "IsEqualTo":
        return MessageId(message_id_key(str(constant)))
    if wanted is PROPERTIES["item:Size"] and isinstance(constant, int):
        return _about_size(word, constant)
    if wanted is PROPERTIES["item:DateTimeReceived"] and isinstance(constant, datetime):
        return _about_time(word, constant)
    if isinstance(constant, bool) and word in {"IsEqualTo", "IsNotEqualTo"}:
        is_so = constant is (word == "IsEqualTo")
        if wanted is PROPERTIES["message:IsRead"]:
            return Is(Trait.READ) if is_so else negated(Is(Trait.READ))
        if wanted is PROPERTIES["item:HasAttachments"]:
            return HasAttachment() if is_so else negated(HasAttachment())
    return None


def _about_size(word: str, octets: int) -> "Node | None":
    if not 0 < octets < 2**62:
        return None
    queries: dict[str, Node] = {
        "IsGreaterThan": Larger(octets),
        "IsGreaterThanOrEqualTo": Larger(octets - 1),
        "IsLessThan": Smaller(octets),
        "IsLessThanOrEqualTo": Smaller(octets + 1),
    }
    return queries.get(word)


def _about_time(word: str, moment: datetime) -> "Node | None":
    """Times are shown in whole seconds, so that these are compared."""
    if moment.microsecond or not 1900 < moment.year < 9000:
        return None
    moment = moment.astimezone(UTC)
    queries: dict[str, Node] = {
        "IsGreaterThan": After(moment + _SECOND),
        "IsGreaterThanOrEqualTo": After(moment),
        "IsLessThan": Before(moment),
        "IsLessThanOrEqualTo": Before(moment + _SECOND),
    }
    return queries.get(word)
