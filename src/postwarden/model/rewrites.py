"""Rewriting: where mail for an address, a domain, or everything goes instead.

What an address is (alias, group, forwarding account) stands in the directory. A
Rewrite is whatever else leads away from it, or from a whole domain.
"""

from dataclasses import dataclass
from enum import StrEnum

from postwarden.model.addresses import Address, local_key

EVERY_DOMAIN = "*"


class RewriteKind(StrEnum):
    """How a source is rewritten, in the order in which kinds are listed."""

    DOMAIN = "domain"  # the same local part in another domain
    DOMAIN_ALIAS = "domain-alias"  # the same, and owners may send from it
    GROUP = "group"
    ALIAS = "alias"  # owners of the target may send from it
    ADDRESS = "address"
    FORWARD = "forward"
    REGEX = "regex"  # `pattern:template`
    ERROR = "error"  # a refusal in words of its own


TO_ADDRESS = frozenset(
    {RewriteKind.GROUP, RewriteKind.ALIAS, RewriteKind.ADDRESS, RewriteKind.FORWARD}
)
TO_DOMAIN = frozenset({RewriteKind.DOMAIN, RewriteKind.DOMAIN_ALIAS})
_RANKS = {kind: rank for rank, kind in enumerate(RewriteKind)}


@dataclass(frozen=True, slots=True)
class Source:
    """What is rewritten: an address, a domain (no local part), or every domain of ours.

    One without a domain is kept for who writes it so, and leads nowhere.
    """

    local_part: str
    domain: str

    @classmethod
    def of(cls, address: Address) -> "Source":
        return cls(local_key(address.local_part), address.domain)

    @property
    def key(self) -> str:
        """`domain/local-part`, as `Address.key` is."""
        return f"{self.domain}/{local_key(self.local_part)}"

    @property
    def address(self) -> Address | None:
        """The address that this is, if it is one."""
        if self.local_part and self.domain:
            return Address(self.local_part, self.domain)
        return None

    def __str__(self) -> str:
        if self.local_part and self.domain:
            return f"{self.local_part}@{self.domain}"
        return self.local_part or self.domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One way from a source to a target: an address, a domain, or a text.

    `id` is given by the store to what it keeps; what the directory says has none.
    """

    source: Source
    kind: RewriteKind
    target: Address | str
    id: int = 0

    @property
    def target_key(self) -> str:
        """`Address.key` of the target, `domain/` of a domain, nothing of a text."""
        if isinstance(self.target, Address):
            return self.target.key
        return f"{self.target}/" if self.kind in TO_DOMAIN else ""

    @property
    def order(self) -> tuple[int, str]:
        """By kind and target: the order in which a source's rewrites are listed."""
        return _RANKS[self.kind], str(self.target)
