"""A small world to deliver into, and short ways to look at it."""

from collections.abc import Sequence

from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.envelopes import Envelope, EnvelopeRecipient, Peer
from postwarden.model.mailboxes import Copy
from postwarden.model.messages import NewMessage
from postwarden.services import delivery
from postwarden.services.delivery import Delivered
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.resolution import Rules
from tests.support import factories

RULES = Rules(host="mx.example.org")
PEER = Peer(ip="192.0.2.1", port=4000, local_ip="192.0.2.9", local_port=25)


def at(name: str, domain: str = "example.org") -> Address:
    return Address(name, domain)


def add_domain(uow: UnitOfWork, name: str = "example.org", **changes: object) -> None:
    uow.domains.add(factories.mail_domain(name, **changes))


def add_account(uow: UnitOfWork, address: Address, **changes: object) -> int:
    """Add an account, with what its directory entry has beside it."""
    of_entry = {k: changes.pop(k) for k in ("targets", "keep_copy") if k in changes}
    account = uow.accounts.add(factories.account(address, **changes))
    uow.directory.add(
        factories.entry(address, kind=EntryKind.ACCOUNT, account=account.id, **of_entry)
    )
    return account.id


def add_entry(
    uow: UnitOfWork,
    address: Address,
    *targets: Address,
    kind: EntryKind = EntryKind.ALIAS,
) -> None:
    uow.directory.add(factories.entry(address, kind=kind, targets=targets))


def envelope(*recipients: Address, reverse_path: Address | None = None) -> Envelope:
    return Envelope(
        reverse_path=reverse_path,
        recipients=tuple(EnvelopeRecipient(forward_path=each) for each in recipients),
        helo="client.example.net",
        protocol="ESMTP",
        peer=PEER,
    )


def people(uow: UnitOfWork) -> None:
    """A domain with the accounts ada, bob and eve."""
    add_domain(uow)
    for name in ("ada", "bob", "eve"):
        add_account(uow, at(name))


async def deliver(
    store: Store,
    message: NewMessage,
    *recipients: Address,
    rules: Rules = RULES,
    per_recipient: bool = False,
    trace_id: str = "t1",
) -> Delivered:
    return await store.transact(
        delivery.accept,
        rules,
        trace_id=trace_id,
        envelope=envelope(*recipients),
        message=message,
        source="smtp",
        per_recipient=per_recipient,
    )


def copies_of(uow: UnitOfWork, address: Address, mailbox: str = "INBOX") -> list[Copy]:
    entry = uow.directory.find(address)
    if entry is None or entry.account is None:
        return []
    found = uow.mailboxes.find(entry.account, mailbox)
    return [] if found is None else uow.copies.in_mailbox(found.id, limit=1000)


async def inbox_sizes(store: Store, names: Sequence[str]) -> dict[str, int]:
    def look(uow: UnitOfWork) -> dict[str, int]:
        return {name: len(copies_of(uow, at(name))) for name in names}

    return await store.read(look)
