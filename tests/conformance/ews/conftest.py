"""exchangelib, a client that others wrote, against a listener under TLS."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from exchangelib import BASIC, Account, Configuration, Credentials
from exchangelib.protocol import close_connections

from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.messages import NewMessage
from postwarden.services import access, accounts, domains, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ingest import new_message
from postwarden.services.placement import NewCopy
from postwarden.services.ports import UnitOfWork
from postwarden.settings import load_settings
from tests.support.served import served

PASSWORD = "correct horse"
CHEAP = ("passwords.memory=8M", "passwords.passes=1")


@dataclass(frozen=True, slots=True)
class Office:
    """A store that is served, and where."""

    platform: Platform
    address: str
    loop: asyncio.AbstractEventLoop

    def run(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a service in a transaction."""
        work = self.platform.store.transact(fn, *args, **kwargs)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def put(
        self, *mails: bytes, to: str = "ada@example.org", box: str = "INBOX"
    ) -> None:
        """File mails as an import does."""
        for content in mails:
            digest = asyncio.run_coroutine_threadsafe(
                self.platform.blobs.put(content), self.loop
            ).result(20)
            self.run(_file, Address.parse(to), box, new_message(digest, content))

    def account(
        self,
        address: str = "ada@example.org",
        *,
        username: str | None = None,
        password: str = PASSWORD,
        **options: Any,
    ) -> Account:
        """Connect as somebody."""
        config = Configuration(
            service_endpoint=f"https://{self.address}/EWS/Exchange.asmx",
            credentials=Credentials(username or address, password),
            auth_type=BASIC,
            **options,
        )
        return Account(address, config=config, autodiscover=False)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    platform = open_platform(
        places_of(folder / "data"), load_settings(overrides=list(CHEAP)), create=True
    )
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    try:
        with pytest.MonkeyPatch.context() as patch, served(platform, tls) as listening:
            patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
            office = Office(platform, listening.address, listening.loop)
            hashed = asyncio.run_coroutine_threadsafe(
                platform.passwords.hash(PASSWORD), listening.loop
            ).result(10)
            office.run(_furnish, hashed)
            yield office
            close_connections()
    finally:
        platform.close()


def _furnish(uow: UnitOfWork, password_hash: str) -> None:
    domains.create(uow, OPERATOR, "example.org")
    for name in ("ada", "bob"):
        address = Address(name, "example.org")
        new = NewAccount(
            address=address, name=name.title(), password_hash=password_hash
        )
        accounts.create(uow, OPERATOR, new)


def _file(uow: UnitOfWork, to: Address, box: str, message: NewMessage) -> None:
    account = access.account(uow, OPERATOR, to).id
    placement.file(
        uow,
        [
            NewCopy(
                account=account,
                mailbox=placement.mailbox_named(uow, account, box).id,
                message=uow.messages.add(message).id,
                size=message.size,
                internal_date=message.date or uow.now,
            )
        ],
    )
