"""Logging in to EWS: HTTP Basic, or an OAuth token that an issuer gives the client.

RFC 6749 §4.4: client credentials. The secret goes to the issuer alone.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from postwarden.connectors.http import HttpAnswer, HttpClient
from postwarden.model.errors import Unavailable

_LARGEST = 64 * 1024  # octets of an issuer's answer
_MARGIN = 60.0  # seconds before its end that a token is used no more
_LIFE = 300.0  # seconds of a token whose issuer says none
_LONGEST = 24 * 3600.0


class Credentials(Protocol):
    """What a request shows of who asks."""

    async def authorization(self) -> str:
        """Return the header's value; raises Unavailable."""
        ...

    def refused(self) -> bool:
        """Hear that it was refused; return whether another one may be tried."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Basic:
    """RFC 7617: user and password with every request."""

    user: str
    secret: str

    async def authorization(self) -> str:
        """Return the header's value."""
        login = f"{self.user}:{self.secret}".encode()
        return f"Basic {b64encode(login).decode()}"

    def refused(self) -> bool:
        """Say that there is no other."""
        return False

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class ClientCredentials:
    """A bearer token, asked for when there is none that is still good."""

    issuer: HttpClient
    client: str
    secret: str
    scope: str = ""
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def authorization(self) -> str:
        """Return the header's value; raises Unavailable when no token is given."""
        async with self._asking:  # one token is enough for all who wait
            if not self._token or self.clock() >= self._until:
                await self._ask()
        return f"Bearer {self._token}"

    def refused(self) -> bool:
        """Forget the token, which may have ended early: there is another."""
        self._token = ""
        return True

    async def _ask(self) -> None:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.client,
            "client_secret": self.secret,
            **({"scope": self.scope} if self.scope else {}),
        }
        answer = await self.issuer.request(
            "POST",
            self.issuer.url,
            headers={
                "accept": "application/json",
                "content-type": "application/x-www-form-urlencoded",
            },
            body=urlencode(asked).encode(),
        )
        said = _object(answer)
        token = said.get("access_token")
        if answer.status != 200 or not _is_token(token):
            # RFC 6749 §5.2: one word; what else an issuer says may have anything.
            code = str(said.get("error") or f"HTTP status {answer.status}")[:80]
            raise Unavailable(f"the issuer of tokens gives none: {code}")
        self._token = str(token)
        self._until = self.clock() + _life(said.get("expires_in")) - _MARGIN

    async def close(self) -> None:
        """Close the way to the issuer."""
        await self.issuer.close()


def _object(answer: HttpAnswer) -> dict[str, object]:
    if len(answer.content) > _LARGEST:
        return {}
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_token(token: object) -> bool:
    return (
        isinstance(token, str)
        and token.isascii()
        and token.isprintable()
        and (" " not in token and token != "")
    )


def _life(said: object) -> float:
    if isinstance(said, str) and said.isascii() and said.isdecimal():
        said = int(said[:9])  # Microsoft's older issuers write a string
    if isinstance(said, bool) or not isinstance(said, int) or said <= 0:
        return _LIFE
    return min(float(said), _LONGEST)
