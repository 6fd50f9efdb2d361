"""The listeners of `serve`: which there are, and what each is bound to."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.adapters.certificates import CertificateFiles
from postwarden.adapters.secret_files import secret_file
from postwarden.bootstrap import Platform
from postwarden.cli import web
from postwarden.cli.dialects import DIALECTS
from postwarden.model.errors import Invalid, Unavailable
from postwarden.model.networks import is_loopback
from postwarden.services.resolution import Rules
from postwarden.settings import Settings
from postwarden.smtpd.caps import ConnectionCaps
from postwarden.smtpd.options import (
    LMTP_LIMITS,
    ContentOptions,
    Limits,
    ListenerOptions,
    Service,
)
from postwarden.smtpd.server import Server
from postwarden.smtpd.store_desk import LARGE_AT_ONCE, StoreDesk

DEFAULTS = {
    "http": "127.0.0.1:8025",
    "smtp": "127.0.0.1:2525",
    "lmtp": "127.0.0.1:2424",
}
SERVICES = {
    "smtp": Service.SMTP,
    "lmtp": Service.LMTP,
    "submission": Service.SUBMISSION,
    "submissions": Service.SUBMISSION,
}
GRACE = 20.0  # seconds that mails under way get to end
_NEXT_PORTS = 100  # tried when a default one is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A listener somebody asked for, or a default one that may move its port."""

    name: str
    address: str
    movable: bool = False


def wanted_listeners(asked: dict[str, str | None]) -> list[Wanted]:
    """Return the listeners named, or the three of a plain `serve`."""
    named = [Wanted(name=n, address=a) for n, a in asked.items() if a is not None]
    return named or [
        Wanted(name=name, address=address, movable=True)
        for name, address in DEFAULTS.items()
    ]


def dialects_asked(words: Sequence[str]) -> dict[str, str | None]:
    """Read `NAME=HOST:PORT`; raises Invalid for a dialect that there is not."""
    asked: dict[str, str | None] = {}
    for word in words:
        name, equals, address = word.partition("=")
        if not equals or name not in DIALECTS or name in asked:
            known = ", ".join(sorted(DIALECTS))
            raise Invalid(
                f"--dialect takes NAME=HOST:PORT, once for each of: {known}",
                field="dialect",
            )
        asked[name] = address
    return asked


def certificate_of(settings: Settings) -> CertificateFiles | None:
    """Return the certificate; raises Invalid when only half of it is set."""
    certificate, key = settings.tls.certificate, settings.tls.key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise Invalid("set both tls.certificate and tls.key", field="tls.certificate")
    return CertificateFiles(certificate, key)


def rules_of(settings: Settings) -> Rules:
    return Rules(
        host=settings.smtp.hostname or socket.getfqdn(),
        postmaster=settings.delivery.postmaster,
        max_depth=settings.delivery.max_depth,
        inline=settings.delivery.inline_destinations,
    )


class Listeners:
    """Every listener of this process; `start` binds all or none."""

    def __init__(self, platform: Platform) -> None:
        settings = platform.settings
        self._platform = platform
        self._settings = settings
        self._certificate = certificate_of(settings)
        self._rules = replace(
            rules_of(settings), srs=secret_file(platform.places.data / "srs.key")
        )
        self._caps = ConnectionCaps(
            total=settings.smtp.connections,
            per_address=settings.smtp.connections_per_address,
            exempt=settings.smtp.exempt_networks,
        )
        self._scram_secret = secret_file(platform.places.data / "scram.key")
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._mail: list[Server] = []
        self._web: list[web.WebServer] = []
        self._desk = web.WebDesk(platform)

    async def start(self, wanted: list[Wanted]) -> dict[str, str]:
        """Bind the listeners; return their addresses by name.

        Raises Unavailable for an address that is taken, Invalid for one that
        needs TLS without a certificate.
        """
        self._desk.apart = {each.name for each in wanted} & DIALECTS.keys()
        return {each.name: await self._start(each) for each in wanted}

    async def _start(self, wanted: Wanted) -> str:
        address, tries = wanted.address, _NEXT_PORTS if wanted.movable else 1
        while True:
            try:
                return await self._bind(wanted.name, address)
            except OSError as error:
                tries -= 1
                if tries <= 0:
                    raise Unavailable(
                        f"cannot listen on {address} for {wanted.name}: "
                        f"{error.strerror}"
                    ) from error
            host, _, port = address.rpartition(":")
            address = f"{host}:{int(port) + 1}"

    async def _bind(self, name: str, address: str) -> str:
        if name in SERVICES:
            return await self._bind_mail(name, address)
        return await self._bind_web(name, address)

    async def _bind_mail(self, name: str, address: str) -> str:
        service, settings = SERVICES[name], self._settings.smtp
        if name == "submissions" and self._certificate is None:
            raise Invalid(
                "submissions needs tls.certificate and tls.key", field="submissions"
            )
        server = Server(
            StoreDesk(
                service=service,
                store=self._platform.store,
                blobs=self._platform.blobs,
                passwords=self._platform.passwords,
                rules=self._rules,
                spool=ContentOptions(
                    directory=self._platform.places.data, memory=settings.memory
                ),
                clock=self._platform.clock,
                recent=self._platform.recent,
                large=self._large,
                guard=self._platform.guard_rules,
            ),
            ListenerOptions(
                address=address,
                hostname=self._rules.host,
                service=service,
                limits=self._limits(service),
                implicit_tls=name == "submissions",
                proxy_networks=settings.proxy_networks,
                scram=self._settings.passwords.scram,
                scram_secret=self._scram_secret,
            ),
            caps=self._caps,
            tls=self._certificate,
        )
        bound = await server.start()
        self._mail.append(server)
        return bound

    def _limits(self, service: Service) -> Limits:
        settings = self._settings.smtp
        limits = replace(
            LMTP_LIMITS if service is Service.LMTP else Limits(),
            message_size=settings.message_size,
            recipients=settings.recipients,
            command_seconds=settings.command_seconds,
            data_seconds=settings.data_seconds,
            data_rate=settings.data_rate,
        )
        if service is Service.LMTP:  # a mail server of ours: patience, no suspicion
            return limits
        return replace(
            limits,
            commands=settings.commands,
            idle_seconds=settings.idle_seconds,
            errors=settings.errors,
            failed_logins=settings.failed_logins,
        )

    async def _bind_web(self, name: str, address: str) -> str:
        listening = bound_socket(address)
        encrypted = name == "https" or (name in DIALECTS and not is_loopback(address))
        server = web.WebServer(
            self._desk.app_for(name, address, encrypted=encrypted),
            tls=self._tls_context(name) if encrypted else None,
            grace=GRACE,
        )
        self._web.append(server)
        return server.start(listening)

    def _tls_context(self, name: str) -> ssl.SSLContext:
        if self._certificate is None:
            raise Invalid(f"{name} needs tls.certificate and tls.key", field=name)
        return self._certificate.switching()

    async def stop(self) -> None:
        """Finish what was accepted, see idle clients off, close every listener."""
        self._desk.close()
        await asyncio.gather(
            *(server.stop(GRACE) for server in self._mail),
            *(server.stop() for server in self._web),
        )


def bound_socket(address: str) -> socket.socket:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise Invalid(f"not an address to listen on: {address!r}", field="address")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, int(port)))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening
