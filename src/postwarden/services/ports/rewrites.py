"""Rewrites: what leads away from an address or a domain beside the directory."""

from collections.abc import Collection, Sequence
from typing import Protocol

from postwarden.model.addresses import Address
from postwarden.model.rewrites import Rewrite, RewriteKind


class Rewrites(Protocol):
    """Rewrites by their source's key and by their target's."""

    def add(self, rewrite: Rewrite) -> bool:
        """Keep a rewrite; return False when its like is there already."""
        ...

    def remove(self, rewrite: Rewrite) -> bool:
        """Forget a rewrite of the same source, kind and target; say if there was."""
        ...

    def of(self, keys: Sequence[str]) -> list[Rewrite]:
        """Return the rewrites whose sources have one of some keys, oldest first."""
        ...

    def page(
        self,
        *,
        domain: str | None = None,
        kinds: Collection[RewriteKind] = (),
        after: int = 0,
        limit: int,
    ) -> list[Rewrite]:
        """Return rewrites in order of ids, of one domain's sources or of all."""
        ...

    def leading_to(
        self, key: str, kinds: Collection[RewriteKind], limit: int
    ) -> list[Rewrite]:
        """Return rewrites of some kinds whose target has a key, oldest first."""
        ...

    def repoint(self, old: Address, new: Address) -> int:
        """Write `new` for `old` wherever it is a target; return how often."""
        ...

    def remove_in(self, domain: str) -> int:
        """Forget what leads away from a domain and its addresses; say how many."""
        ...
