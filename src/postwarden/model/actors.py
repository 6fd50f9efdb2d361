"""Who acts: the operator who owns the store's files, later the actors of keys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An identity and the way it came in.

    `dialect` is cli, native, james ...; `domains` of None means every domain.
    """

    name: str
    dialect: str = "cli"
    domains: frozenset[str] | None = None
    client_ip: str | None = None
    request_id: str | None = None

    def manages(self, domain: str) -> bool:
        return self.domains is None or domain in self.domains


OPERATOR = Actor(name="operator")
