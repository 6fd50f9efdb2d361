"""From a method and the segments of a path to the operation that is meant."""

from collections.abc import Iterable

from postwarden.dialects.james.operations import Operation


class Table:
    """Operations by method and path; a variable is any segment that is not empty."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_size: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
        for each in operations:
            pattern = each.path.strip("/").split("/")
            self._by_size.setdefault((each.method, len(pattern)), []).append(
                (pattern, each)
            )
        for known in self._by_size.values():  # a literal goes before a variable
            known.sort(key=lambda one: [part.startswith("{") for part in one[0]])

    def find(
        self, method: str, segments: list[str]
    ) -> tuple[Operation | None, dict[str, str]]:
        """Return the operation with its variables, still encoded."""
        for pattern, operation in self._by_size.get((method, len(segments)), ()):
            variables = _matched(pattern, segments)
            if variables is not None:
                return operation, variables
        return None, {}


def _matched(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            if not segment:
                return None
            found[part.strip("{}")] = segment
        elif part != segment:
            return None
    return found
