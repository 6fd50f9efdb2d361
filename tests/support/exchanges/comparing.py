"""What differs between the JSON that was recorded and the JSON that came."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.exchanges.kinds import Kinds, text_of

_CLOSE = 0.000001  # fractions need only be as near as this


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How strictly a body is compared; see `steps.Step`."""

    kinds: Kinds
    fill: Callable[[str], str]
    volatile: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    unordered: Sequence[str] = ()
    allows_more: bool = False


def differences(
    recorded: Any, answered: Any, rules: Rules, pointer: str = ""
) -> Iterator[str]:
    """Yield what differs, each with the pointer to it."""
    kind = _at(rules.volatile, pointer)
    if kind is not None:
        if not rules.kinds[kind](answered):
            yield f"{pointer or '/'}: {_shown(answered)} is no {kind}"
        return
    template = _at(rules.same, pointer)
    if template is not None:
        wanted = rules.fill(template)
        if text_of(answered) != wanted:
            yield f"{pointer}: {wanted} was due, {_shown(answered)} came"
    elif isinstance(recorded, dict) and isinstance(answered, dict):
        yield from _objects(recorded, answered, rules, pointer)
    elif isinstance(recorded, list) and isinstance(answered, list):
        yield from _arrays(recorded, answered, rules, pointer)
    elif not _equal(recorded, answered, rules):
        yield f"{pointer or '/'}: {_shown(recorded)} was due, {_shown(answered)} came"


def _equal(recorded: Any, answered: Any, rules: Rules) -> bool:
    if type(recorded) is not type(answered):
        return False
    if isinstance(recorded, str):
        return bool(rules.fill(recorded) == answered)
    if isinstance(recorded, float):
        return bool(abs(recorded - answered) <= _CLOSE)
    return bool(recorded == answered)


def _objects(
    recorded: dict[str, Any], answered: dict[str, Any], rules: Rules, pointer: str
) -> Iterator[str]:
    known = {rules.fill(name): name for name in recorded}
    for name, wanted in known.items():
        below = f"{pointer}/{_token(wanted)}"
        if name in answered:
            yield from differences(recorded[wanted], answered[name], rules, below)
        else:
            yield f"{below}: is missing"
    if not rules.allows_more:
        for name in answered.keys() - known.keys():
            yield f"{pointer}/{_token(name)}: is one too many"


def _arrays(
    recorded: list[Any], answered: list[Any], rules: Rules, pointer: str
) -> Iterator[str]:
    if len(recorded) != len(answered):
        yield f"{pointer or '/'}: {len(recorded)} were due, {len(answered)} came"
    elif not any(_fits(each, pointer) for each in rules.unordered):
        for number, (one, other) in enumerate(zip(recorded, answered, strict=True)):
            yield from differences(one, other, rules, f"{pointer}/{number}")
    elif not _paired(recorded, answered, rules, pointer):
        yield f"{pointer or '/'}: {_shown(recorded)} was due in any order"


def _paired(
    recorded: list[Any], answered: list[Any], rules: Rules, pointer: str
) -> bool:
    """Whether each element has a partner of its own (augmenting paths)."""
    fits = [
        [
            not any(differences(one, other, rules, f"{pointer}/{n}"))
            for other in answered
        ]
        for n, one in enumerate(recorded)
    ]
    partner: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for other, is_fit in enumerate(fits[one]):
            if is_fit and other not in tried:
                tried.add(other)
                if other not in partner or place(partner[other], tried):
                    partner[other] = one
                    return True
        return False

    return all(place(one, set()) for one in range(len(recorded)))


def _at(table: Mapping[str, str], pointer: str) -> str | None:
    if pointer in table:
        return table[pointer]
    found = (
        value for key, value in table.items() if "*" in key and _fits(key, pointer)
    )
    return next(found, None)


def _fits(pattern: str, pointer: str) -> bool:
    wanted, given = pattern.split("/"), pointer.split("/")
    return len(wanted) == len(given) and all(
        one in {"*", other} for one, other in zip(wanted, given, strict=True)
    )


def _token(name: str) -> str:
    """Return a name as it stands in a pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else f"{text[:200]}..."
