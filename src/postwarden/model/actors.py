"""Who acts: the operator who owns the store's files, or the actor of a key."""

from dataclasses import dataclass

from postwarden.model.permissions import EVERYTHING, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An identity, what it may do and where, and the way it came in.

    `dialect` is cli, native, james ...; `domains` of None means every domain.
    Whoever makes one says what it may do: without permissions it may do nothing.
    `key` is the API key that it came with.
    """

    name: str
    dialect: str = "cli"
    permissions: frozenset[Permission] = frozenset()
    domains: frozenset[str] | None = None
    on_behalf_of: str | None = None
    client_ip: str | None = None
    request_id: str | None = None
    key: int | None = None

    @property
    def is_operator(self) -> bool:
        """Whether it owns the store's files; no administrator has that name."""
        return self.name == OPERATOR.name

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def manages(self, domain: str) -> bool:
        return self.domains is None or domain in self.domains


OPERATOR = Actor(name="operator", permissions=EVERYTHING)
"""Who owns the files of a store needs no key to it."""
