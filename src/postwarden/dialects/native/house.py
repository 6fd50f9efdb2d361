"""What our own API works with: ports, and a few wishes of the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from postwarden.dialects.kit.requests import Bounds, Request
from postwarden.model.actors import Actor
from postwarden.model.logins import GuardRules, RelyingParty, SessionRules
from postwarden.services.cases.elsewhere.copies import Outside
from postwarden.services.cases.evidence import EvidenceArchive
from postwarden.services.cases.rules import CaseRules
from postwarden.services.logins import links
from postwarden.services.ports import (
    Blobs,
    Passwords,
    SearchIndex,
    Store,
    WebhookClient,
)
from postwarden.services.ports.sealing import Sealer


class Authenticate(Protocol):
    """Says whose request it is; raises Unauthenticated."""

    def __call__(self, request: Request) -> Awaitable[Actor]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the settings say about the API."""

    require_if_match: bool = False
    link_lifetime: timedelta = links.LIFETIME


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The ports of one store. `closing` is set when the listeners close."""

    store: Store
    blobs: Blobs
    index: SearchIndex
    passwords: Passwords
    sealer: Sealer
    webhook_client: WebhookClient
    authenticate: Authenticate
    rules: CaseRules
    clock: Callable[[], datetime]
    package: Callable[[], EvidenceArchive]
    scratch: Callable[[], Store]  # makes empty ones, for rehearsals
    party: RelyingParty  # whom browsers know us as
    outside: Outside | None = None  # None: no other system is reached from here
    session_rules: SessionRules = field(default_factory=SessionRules)
    guard_rules: GuardRules = field(default_factory=GuardRules)
    options: Options = field(default_factory=Options)
    bounds: Bounds = field(default_factory=Bounds)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
