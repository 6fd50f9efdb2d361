"""Requests that come again: the answer is given again, and nothing done twice.

The answer is kept in the transaction of what it answers, so that of two at a time
one does it and the other is told. It is sealed, for it may hold a secret that is
shown but once.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.refusals import KeyReused, Malformed
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.sealing import Sealer

HEADER = "idempotency-key"
KEPT = timedelta(hours=24)
_LONGEST = 255  # characters of a key
_FORGOTTEN = 100  # old answers that a new one removes


class _Kept(msgspec.Struct):
    request: bytes
    status: int
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Replaying:
    """A request with an idempotency key: what it is, and whose."""

    actor: str
    key: str
    request: bytes
    sealer: Sealer

    def before(self, uow: UnitOfWork) -> Answer | None:
        """Return the answer that this request had; raises KeyReused."""
        sealed = uow.replays.find(self.actor, self.key, since=uow.now - KEPT)
        if sealed is None:
            return None
        content = self.sealer.unseal(sealed, self._purpose)
        kept = msgspec.msgpack.decode(content, type=_Kept)
        if kept.request != self.request:
            raise KeyReused(
                "this key stood for another request",
                field=HEADER,
                hint="give each request a key of its own",
            )
        headers = {**kept.headers, "idempotent-replay": "true"}
        return Answer(status=kept.status, body=kept.body, headers=headers)

    def keep(self, uow: UnitOfWork, answer: Answer) -> None:
        """Keep the answer for a day."""
        body = answer.body if isinstance(answer.body, bytes) else b""
        kept = _Kept(self.request, answer.status, body, answer.headers)
        sealed = self.sealer.seal(msgspec.msgpack.encode(kept), self._purpose)
        uow.replays.keep(self.actor, self.key, sealed, uow.now)
        uow.replays.forget(uow.now - KEPT, limit=_FORGOTTEN)

    @property
    def _purpose(self) -> str:
        return f"replay {self.actor} {self.key}"


async def replaying(request: Request, actor: Actor, sealer: Sealer) -> Replaying | None:
    """Return what a request's key makes of it; None without one."""
    key = request.headers.get(HEADER)
    if key is None or request.method == "GET":
        return None
    if not key.isprintable() or not 0 < len(key) <= _LONGEST:
        raise Malformed(f"a key has 1 to {_LONGEST} characters", field=HEADER)
    said = f"{request.method} {request.path}?{request.query_string}\n"
    digest = hashlib.sha256(said.encode() + await request.body()).digest()
    return Replaying(actor.name, key, digest, sealer)
