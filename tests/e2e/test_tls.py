"""Certificates: offered, verified by clients, and replaced while we serve."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.e2e import books, mails
from tests.e2e.clients import Dialog
from tests.e2e.processes import Postwarden, Serving, settings
from tests.e2e.waiting import PATIENCE

LISTENERS = (
    *("--smtp", "127.0.0.1:0", "--https", "127.0.0.1:0"),
    *("--submissions", "127.0.0.1:0"),
)


@dataclass(frozen=True)
class Certificate:
    """Files in a folder, and who has signed what is in them now."""

    folder: Path

    @property
    def settings(self) -> tuple[str, ...]:
        return tuple(
            settings(
                tls__certificate=self.folder / "certificate.pem",
                tls__key=self.folder / "key.pem",
            )
        )

    def renew(self) -> ssl.SSLContext:
        """Put another certificate there; return what trusts it and nothing else."""
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        for name, pem in (
            ("key.pem", issued.private_key_pem),
            ("certificate.pem", issued.cert_chain_pems[0]),
        ):
            pem.write_to_path(self.folder / f"{name}.new")
            (self.folder / f"{name}.new").replace(self.folder / name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(context)
        return context


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    (tmp_path / "tls").mkdir()
    return Certificate(tmp_path / "tls")


@pytest.fixture
def serving(postwarden: Postwarden, certificate: Certificate) -> Iterator[Serving]:
    certificate.renew()
    serving = postwarden.serve(*LISTENERS, *certificate.settings)
    yield serving
    serving.stop()


def test_a_new_certificate_is_shown_without_a_restart(
    postwarden: Postwarden, certificate: Certificate, serving: Serving
) -> None:
    for round_ in range(2):
        tls = certificate.renew()
        with smtplib.SMTP(
            "localhost", serving.port("smtp"), timeout=PATIENCE
        ) as client:
            client.starttls(context=tls)
            client.sendmail(
                "mallory@example.net",
                ["ada@example.org"],
                mails.mail(f"t{round_}"),
            )
        with Dialog(serving.addresses["https"], tls) as dialog:
            dialog.send(b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert dialog.line().split()[1] == "200"
        with Dialog(serving.addresses["submissions"], tls) as dialog:
            dialog.begin()
    with books.opened(postwarden.data) as seen:
        assert seen.all("SELECT protocol FROM receptions") == [("ESMTPS",)] * 2


def test_a_broken_certificate_leaves_the_old_one(
    certificate: Certificate, serving: Serving
) -> None:
    tls = certificate.renew()
    with Dialog(serving.addresses["submissions"], tls) as dialog:
        dialog.begin()
    (certificate.folder / "certificate.pem").write_text("no certificate\n")
    with Dialog(serving.addresses["submissions"], tls) as dialog:
        dialog.begin()


def test_tls_listeners_need_a_certificate(
    shared: Postwarden, certificate: Certificate
) -> None:
    for name in ("https", "submissions"):
        ended = shared.run("serve", f"--{name}", "127.0.0.1:0", status=2)
        assert "tls.certificate" in ended.err
    certificate.renew()
    (certificate.folder / "key.pem").unlink()
    words = ("serve", "--https", "127.0.0.1:0", *certificate.settings)
    assert len(shared.run(*words, status=2).err.splitlines()) == 1
