"""The certificate of our listeners, read again when its files change."""

import ssl
from pathlib import Path

from postwarden.model.errors import Invalid


class CertificateFiles:
    """Gives a TLS server context; calling it costs two stat() calls."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both files; raises Invalid when they are no certificate and key."""
        self._files = certificate, key
        self._stamp = self._now()
        self._context = self._load()

    def __call__(self) -> ssl.SSLContext:
        """Return the newest context that could be read."""
        stamp = self._now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._context = self._load()
            except Invalid:
                # Half-written or mismatched: the old pair serves until the
                # files change again.
                return self._context
        return self._context

    def _now(self) -> tuple[tuple[int, int], ...]:
        return tuple(_stamp(file) for file in self._files)

    def _load(self) -> ssl.SSLContext:
        certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise Invalid(
                f"tls.certificate and tls.key cannot be used: {error}",
                field="tls.certificate",
            ) from error
        return context

    def switching(self) -> ssl.SSLContext:
        """Return a context that takes the newest certificate at each handshake."""
        context = self()

        def newest(
            connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _: object
        ) -> None:
            connection.context = self()

        context.sni_callback = newest
        return context


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_ino
