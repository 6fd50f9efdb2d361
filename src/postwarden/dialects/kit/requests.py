"""A request as handlers see it: bounded, and with whose it is."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import parse_qsl

from postwarden.dialects.kit.asgi import Message, Receive
from postwarden.dialects.kit.refusals import HeadersTooLarge, Malformed, TooLarge

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")
_ONCE = frozenset({"authorization", "content-type", "host", "idempotency-key"})

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of a request we read, and whose word we take for others' addresses."""

    body: int = 1024 * 1024  # octets
    headers: int = 32 * 1024  # octets, names included
    query: int = 16 * 1024  # octets behind the question mark
    parameters: int = 100
    trusted_proxies: Sequence[Network] = ()


@dataclass(kw_only=True)
class Request:
    """One request; `path` is as the client wrote it, percent-encoded."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    client_ip: str | None
    encrypted: bool
    receive: Receive
    bounds: Bounds
    request_id: str = field(default="")

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Every query parameter with its values; raises Malformed."""
        found: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(
                self.query_string,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=self.bounds.parameters,
            )
        except ValueError as error:
            raise Malformed(f"the query cannot be read: {error}") from error
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        return found

    @property
    def media_type(self) -> str:
        """The type of the body without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def authorization(self) -> tuple[str, str]:
        """The scheme in lower case and what is given with it (RFC 9110 §11.6.2)."""
        scheme, _, given = self.headers.get("authorization", "").partition(" ")
        return scheme.lower(), given.strip()

    @property
    def bearer(self) -> str:
        """The secret of `Authorization: Bearer SECRET`, which may be nothing."""
        scheme, given = self.authorization
        return given if scheme == "bearer" else ""

    @cached_property
    def _read(self) -> list[bytes]:
        return []

    async def body(self, most: int | None = None) -> bytes:
        """Return the whole body, of `most` octets if not the usual; raises TooLarge."""
        if self._read:
            return self._read[0]
        most = self.bounds.body if most is None else most
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        pieces: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Malformed("the request ended too soon")
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > most:
                raise _too_large(most)
            more = message.get("more_body", False)
        self._read.append(b"".join(pieces))
        return self._read[0]


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"a body may have {most} octets")


def request_of(scope: Message, receive: Receive, bounds: Bounds) -> Request:
    """Read the head of a request; `check` says whether it is within the bounds."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        known, text = name.decode("latin-1").lower(), value.decode("latin-1")
        # RFC 9110 §5.2: several lines of a list are one list.
        headers[known] = f"{headers[known]}, {text}" if known in headers else text
    peer = scope.get("client")
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw.partition(b"?")[0].decode("latin-1"),
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        client_ip=_client(peer[0] if peer else None, headers, bounds),
        encrypted=scope.get("scheme") == "https",
        receive=receive,
        bounds=bounds,
        request_id=_request_id(headers),
    )


def check(request: Request, scope: Message) -> None:
    """Raise HeadersTooLarge or Malformed for a head that is out of bounds."""
    bounds = request.bounds
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > bounds.headers:
        raise HeadersTooLarge(f"headers may have {bounds.headers} octets in all")
    if len(request.query_string) > bounds.query:
        raise Malformed(f"a query may have {bounds.query} octets")
    names = [name.decode("latin-1").lower() for name, _ in scope["headers"]]
    for name in _ONCE:
        if names.count(name) > 1:
            raise Malformed(f"{name} is there twice", field=name)


def _request_id(headers: dict[str, str]) -> str:
    """Return the client's own id if it is a plain word, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)


def _client(peer: str | None, headers: dict[str, str], bounds: Bounds) -> str | None:
    """Return whose request it is: the nearest address that is no proxy of ours.

    What stands further left in X-Forwarded-For is anybody's word.
    """
    if peer is None or not bounds.trusted_proxies:
        return peer
    address = peer
    hops = headers.get("x-forwarded-for", "").split(",")
    while hops and _is_trusted(address, bounds):
        hop = hops.pop().strip()
        try:
            address = str(ip_address(hop))
        except ValueError:
            break
    return address


def _is_trusted(address: str, bounds: Bounds) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in bounds.trusted_proxies)
