"""From a method and a path to what answers them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from postwarden.dialects.kit.refusals import Malformed, MethodNotAllowed, NoSuchPath

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    fixed: "dict[str, _Node[T]]" = field(default_factory=dict)
    variable: "tuple[str, _Node[T]] | None" = None
    methods: dict[str, T] = field(default_factory=dict)


class Routes(Generic[T]):
    """Paths such as `/accounts/{account}/mailboxes`, by method.

    A variable is one segment. Segments are compared before they are decoded, so
    that a `%2F` in a name is part of the name. With `folds_case` the routes are
    written in lower case and found in any, and several slashes are one.
    """

    def __init__(
        self, routes: Iterable[tuple[str, str, T]], *, folds_case: bool = False
    ) -> None:
        self._root: _Node[T] = _Node()
        self._folds_case = folds_case
        for method, path, target in routes:
            self._add(method, path, target)

    def _add(self, method: str, path: str, target: T) -> None:
        node = self._root
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                if node.variable is None:
                    node.variable = (segment.strip("{}"), _Node())
                name, node = node.variable
                if name != segment.strip("{}"):
                    raise ValueError(f"{path} names its variable otherwise: {name}")
            else:
                node = node.fixed.setdefault(segment, _Node())
        if method in node.methods:
            raise ValueError(f"{method} {path} is there twice")
        node.methods[method] = target

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]]:
        """Return the target and the decoded variables of a path.

        HEAD is answered as GET is. Raises NoSuchPath, MethodNotAllowed, Malformed
        for octets that are no UTF-8.
        """
        node, found = self._root, dict[str, str]()
        for segment in self._segments(path):
            word = segment.lower() if self._folds_case else segment
            if word in node.fixed:
                node = node.fixed[word]
            elif node.variable is not None and segment:
                name, node = node.variable
                found[name] = _decoded(name, segment)
            else:
                raise NoSuchPath(path)
        if not node.methods:
            raise NoSuchPath(path)
        target = node.methods.get("GET" if method == "HEAD" else method)
        if target is None:
            allowed = {*node.methods, *(["HEAD"] if "GET" in node.methods else [])}
            raise MethodNotAllowed(method, allowed)
        return target, found

    def _segments(self, path: str) -> list[str]:
        segments = path.strip("/").split("/")
        return [each for each in segments if each] if self._folds_case else segments


def _decoded(name: str, segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"{name} is not UTF-8", field=name) from error
