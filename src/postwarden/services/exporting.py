"""Exporting: the stored octets of an account's live mail, mailbox by mailbox."""

from collections.abc import Sequence

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.ledger import NO_TRACE, Event, LedgerEvent
from postwarden.model.mailboxes import Mailbox
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, audit
from postwarden.services.ports import CopyFacts, UnitOfWork

CHUNK = 200  # copies per transaction
SOURCE = "export"


def mailboxes(uow: UnitOfWork, actor: Actor, address: Address) -> Sequence[Mailbox]:
    """Return the mailboxes there are to export, INBOX first; raises NotFound."""
    access.require(actor, Permission.MAIL_EXPORT)
    return accounts.mailboxes_of(uow, access.account(uow, actor, address))


def begin(
    uow: UnitOfWork, actor: Actor, address: Address, kind: str, directory: str
) -> None:
    """Write down that somebody's mail is going to leave; raises NotFound."""
    access.require(actor, Permission.MAIL_EXPORT)
    account = access.account(uow, actor, address)
    audit.record(
        uow,
        actor,
        "mail.export",
        f"account {account.address}",
        after={
            "format": kind,
            "directory": directory,
            "messages": account.used_messages,
            "octets": account.used_octets,
        },
    )


def next_copies(uow: UnitOfWork, mailbox: int, after_uid: int) -> Sequence[CopyFacts]:
    """Return the next live copies of a mailbox, and record that they leave."""
    copies = uow.copies.in_mailbox(mailbox, after_uid=after_uid, limit=CHUNK)
    facts = uow.copies.facts([copy.id for copy in copies])
    uow.ledger.record(
        LedgerEvent(
            time=uow.now,
            event=Event.EXPORT,
            trace_id=each.trace_id or NO_TRACE,
            message=each.message,
            account=each.account,
            mailbox=each.mailbox,
            uid=each.uid,
            copy=each.id,
            source=SOURCE,
        )
        for each in facts
    )
    return facts
