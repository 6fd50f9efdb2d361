"""The dialects that `serve` speaks: their names, their paths, how each is built."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from postwarden.bootstrap import Platform
from postwarden.dialects.ews import app as ews_app
from postwarden.dialects.ews.authentication import Credentials
from postwarden.dialects.ews.house import House as EwsHouse
from postwarden.dialects.ews.names import NAME as EWS
from postwarden.dialects.james import app as james_app
from postwarden.dialects.james.authentication import Bearers, public_key
from postwarden.dialects.james.house import NAME as JAMES
from postwarden.dialects.james.house import House as JamesHouse
from postwarden.dialects.kit.application import Heard
from postwarden.dialects.kit.asgi import Application
from postwarden.dialects.kit.everybody import Everybody
from postwarden.dialects.kit.requests import Bounds
from postwarden.dialects.native import app as native_app
from postwarden.dialects.native.authentication import Secrets
from postwarden.dialects.native.house import House, Options
from postwarden.dialects.native.operations import PREFIX
from postwarden.dialects.smartermail import app as smartermail_app
from postwarden.dialects.smartermail.house import PREFIX as SMARTERMAIL_PREFIX
from postwarden.dialects.smartermail.house import House as SmarterMailHouse
from postwarden.model.errors import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an app is built for: a store, and a listener that is `local` or not."""

    platform: Platform
    local: bool
    closing: asyncio.Event
    heard: Heard

    def bounds(self, body: int) -> Bounds:
        """Return how much of a request is read."""
        http = self.platform.settings.http
        return Bounds(
            body=body,
            headers=http.header_size,
            trusted_proxies=tuple(map(ip_network, http.proxy_networks)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect, at its native paths.

    On a listener that is its own it is found below `alone`.
    """

    name: str
    prefixes: tuple[str, ...]
    build: Callable[[Site], Application]
    alone: tuple[str, ...] | None = None


def native_house(site: Site) -> House:
    """Return what our own API works with."""
    platform, settings = site.platform, site.platform.settings
    wishes = settings.dialects.native
    return House(
        store=platform.store,
        blobs=platform.blobs,
        index=platform.search,
        passwords=platform.passwords,
        sealer=platform.sealer,
        webhook_client=platform.webhook_client,
        authenticate=Everybody(native_app.NAME)
        if wishes.authentication == "none" and site.local
        else Secrets(platform.actor_of),
        clock=platform.clock,
        party=platform.relying_party,
        package=platform.package,
        scratch=platform.scratch,
        rules=platform.case_rules,
        outside=platform.outside,
        session_rules=platform.session_rules,
        guard_rules=platform.guard_rules,
        options=Options(
            require_if_match=wishes.require_if_match,
            link_lifetime=timedelta(seconds=settings.logins.link_seconds),
        ),
        bounds=site.bounds(settings.http.body_size),
        closing=site.closing,
    )


def _native(site: Site) -> Application:
    return native_app.build(native_house(site), heard=site.heard)


def _ews(site: Site) -> Application:
    platform, wishes = site.platform, site.platform.settings.dialects.ews
    house = EwsHouse(
        store=platform.store,
        blobs=platform.blobs,
        index=platform.search,
        authenticate=Everybody(EWS)
        if wishes.authentication == "none" and site.local
        else Credentials(secret=platform.actor_of, password=platform.actor_of_password),
        clock=platform.clock,
        url=wishes.url,
        bounds=site.bounds(wishes.body_size),
        closing=site.closing,
    )
    return ews_app.build(house, heard=site.heard)


def _smartermail(site: Site) -> Application:
    platform, wishes = site.platform, site.platform.settings.dialects.smartermail
    house = SmarterMailHouse(
        store=platform.store,
        blobs=platform.blobs,
        passwords=platform.passwords,
        sealer=platform.sealer,
        everybody=Everybody(smartermail_app.NAME)
        if wishes.authentication == "none" and site.local
        else None,
        guard_rules=platform.guard_rules,
        bounds=site.bounds(platform.settings.http.body_size),
    )
    return smartermail_app.build(house, heard=site.heard)


def _james(site: Site) -> Application:
    platform, wishes = site.platform, site.platform.settings.dialects.james
    house = JamesHouse(
        store=platform.store,
        blobs=platform.blobs,
        passwords=platform.passwords,
        authenticate=Everybody(JAMES)
        if wishes.authentication == "none" and site.local
        else Bearers(
            platform.actor_of,
            jwt_key=_james_key(wishes.jwt_public_key),
            clock=platform.clock,
        ),
        default_domain=wishes.default_domain,
        host=platform.settings.smtp.hostname or socket.getfqdn(),
        bounds=site.bounds(platform.settings.http.body_size),
    )
    return james_app.build(house, heard=site.heard)


def _james_key(path: Path | None) -> RSAPublicKey | None:
    if path is None:
        return None
    try:
        return public_key(path.read_bytes())
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error


_ALL = (
    Dialect(name=native_app.NAME, prefixes=(PREFIX,), build=_native),
    Dialect(name=EWS, prefixes=ews_app.PREFIXES, build=_ews),
    Dialect(name=JAMES, prefixes=james_app.PREFIXES, build=_james, alone=("/",)),
    Dialect(
        name=smartermail_app.NAME, prefixes=(SMARTERMAIL_PREFIX,), build=_smartermail
    ),
)
DIALECTS = {each.name: each for each in _ALL}
