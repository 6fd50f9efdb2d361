"""Where mail goes instead, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.addresses import Address, domain_range
from postwarden.model.rewrites import TO_ADDRESS, TO_DOMAIN, Rewrite, RewriteKind


class MemoryRewrites:
    """See `services.ports.Rewrites`."""

    def __init__(self, state: State) -> None:
        self._rewrites = state.rewrites

    def add(self, rewrite: Rewrite) -> bool:
        if any(_like(each) == _like(rewrite) for each in self._rewrites):
            return False
        added = replace(rewrite, id=self._rewrites.new_id())
        self._rewrites.insert(added.id, added)
        return True

    def remove(self, rewrite: Rewrite) -> bool:
        gone = [each for each in self._rewrites if _like(each) == _like(rewrite)]
        for each in gone:
            self._rewrites.remove(each.id)
        return bool(gone)

    def of(self, keys: Sequence[str]) -> list[Rewrite]:
        wanted = frozenset(keys)
        return [each for each in self._rewrites if each.source.key in wanted]

    def page(
        self,
        *,
        domain: str | None = None,
        kinds: Collection[RewriteKind] = (),
        after: int = 0,
        limit: int,
    ) -> list[Rewrite]:
        found = [
            each
            for each in self._rewrites
            if each.id > after
            and (not kinds or each.kind in kinds)
            and (domain is None or _is_in(each, domain))
        ]
        return found[:limit]

    def leading_to(
        self, key: str, kinds: Collection[RewriteKind], limit: int
    ) -> list[Rewrite]:
        found = [
            each
            for each in self._rewrites
            if key and each.target_key == key and each.kind in kinds
        ]
        return found[:limit]

    def repoint(self, old: Address, new: Address) -> int:
        found = self.leading_to(old.key, TO_ADDRESS, len(self._rewrites))
        for each in found:
            self.remove(each)
            self.add(replace(each, target=new))
        return len(found)

    def remove_in(self, domain: str) -> int:
        gone = [each for each in self._rewrites if _is_in(each, domain)]
        for each in gone:
            self._rewrites.remove(each.id)
        return len(gone)


def _is_in(rewrite: Rewrite, domain: str) -> bool:
    first, last = domain_range(domain)
    return first <= rewrite.source.key < last


def _like(rewrite: Rewrite) -> tuple[str, RewriteKind, str]:
    """Return what two rewrites share when they are one."""
    is_named = rewrite.kind in TO_ADDRESS | TO_DOMAIN
    target = rewrite.target_key if is_named else str(rewrite.target)
    return rewrite.source.key, rewrite.kind, target
