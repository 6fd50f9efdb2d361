"""Who acts: the operator who owns the store's files, an administrator, an owner."""

from dataclasses import dataclass

from postwarden.model.permissions import EVERYTHING, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An identity, what it may do and where, and the way it came in.

    `dialect` is cli, native, james ...; `domains` of None means every domain.
    Whoever makes one says what it may do: without permissions it may do nothing.
    `key` is the API key that it came with. With `account` it is the owner of that
    account, or, where `on_behalf_of` says so, an administrator in the owner's place:
    either way it may do what an owner may with his mail, and nothing else.
    """

    name: str
    dialect: str = "cli"
    permissions: frozenset[Permission] = frozenset()
    domains: frozenset[str] | None = None
    on_behalf_of: str | None = None
    client_ip: str | None = None
    request_id: str | None = None
    key: int | None = None
    account: int | None = None

    @property
    def is_operator(self) -> bool:
        """Whether it owns the store's files; no administrator has that name."""
        return self.is_administrator(OPERATOR.name)

    def is_administrator(self, name: str) -> bool:
        """Whether it is the one of that name: an account may have the same name."""
        return self.account is None and self.name == name

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def manages(self, domain: str) -> bool:
        return self.domains is None or domain in self.domains


OPERATOR = Actor(name="operator", permissions=EVERYTHING)
"""Who owns the files of a store needs no key to it."""

WORKER = Actor(name="postwarden", dialect="worker")
"""What happens by itself, as an actor of the audit log; it may do nothing."""
