"""Stand-ins for what our own API works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Invalid, Unauthenticated, Unavailable
from postwarden.services.ports.webhooks import Answer


class PlainPasswords:
    """Hashes nothing: tests are not about its cost."""

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        return password_hash == f"hash of {password}"

    async def scram(self, password: str) -> str | None:
        return None

    def is_outdated(self, password_hash: str) -> bool:
        return False

    def check(self, password_hash: str) -> None:
        if not password_hash.startswith("hash of "):
            raise Invalid("not a hash", field="password_hash")


class PlainSealer:
    """Seals nothing, and opens only what it sealed for the same purpose."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        return purpose.encode() + b"\0" + secret

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        sealed_for, _, secret = sealed.partition(b"\0")
        if sealed_for.decode() != purpose:
            raise Unavailable("sealed for something else")
        return secret


@dataclass
class PlainWebhooks:
    """Sends nothing, and says it was taken."""

    posted: list[tuple[str, bytes]] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.posted.append((url, body))
        return Answer(status=204)


@dataclass
class Actors:
    """Takes an actor's name for its key."""

    known: dict[str, Actor] = field(
        default_factory=lambda: {"operator": replace(OPERATOR, dialect="native")}
    )

    def add(self, actor: Actor) -> Actor:
        self.known[actor.name] = actor
        return actor

    async def __call__(self, request: Request) -> Actor:
        name = request.headers.get("authorization", "").removeprefix("Bearer ")
        if name not in self.known:
            raise Unauthenticated
        return replace(
            self.known[name],
            request_id=request.request_id,
            client_ip=request.client_ip,
        )
