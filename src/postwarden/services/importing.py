"""Importing: mail files become copies in an account's mailboxes.

Content is durable before `file` is called. The same octets in the same mailbox are
filed once, so an import that was cut off is simply run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import NotFound, OverQuota
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, audit, placement
from postwarden.services.found_mail import Arrival
from postwarden.services.ports import UnitOfWork
from postwarden.services.tallies import Imported
from postwarden.services.traceids import new_trace_id

SOURCE = "import"


@dataclass(slots=True, kw_only=True)
class Tally(Imported):
    """What an import has done so far; `size` in octets of mail imported."""

    size: int = 0


class Duplicate:
    """The outcome of a mail that its mailbox has already."""


Outcome = None | Duplicate | OverQuota
"""Filed, there already, or refused."""


Identity = tuple[str, bytes]
"""Mailbox and SHA-256: what makes a mail that is filed there a duplicate."""


def present(uow: UnitOfWork, account: int, mails: Sequence[Identity]) -> set[Identity]:
    """Return which of these mails the account has in these mailboxes already."""
    return {each for each in mails if _is_there(uow, account, *each)}


def target(
    uow: UnitOfWork, actor: Actor, address: Address, *, create: bool = False
) -> int:
    """Return the id of the account to import into.

    Raises NotFound; with `create` only for a domain that is not hosted.
    """
    access.require(actor, Permission.MAIL_IMPORT)
    if create:
        return accounts.ensure(uow, actor, address).id
    return access.account(uow, actor, address).id


def file(
    uow: UnitOfWork, account: int, arrivals: Sequence[Arrival], *, duplicates: bool
) -> list[Outcome]:
    """File some tens of mails; return for each what became of it.

    With `duplicates` a mail that is there already is filed once more.
    """
    room = _Room(uow.accounts.get(account))
    outcomes: list[Outcome] = []
    new: list[tuple[Arrival, placement.NewCopy]] = []
    there: set[Identity] = set()
    for each in arrivals:
        identity = each.mailbox, each.message.sha256
        if not duplicates and (identity in there or _is_there(uow, account, *identity)):
            outcomes.append(Duplicate())
            continue
        error = room.take(each.message.size)
        outcomes.append(error)
        if error is None:
            there.add(identity)
            new.append((each, _new_copy(uow, account, each)))
    copies = placement.file(uow, [copy for _, copy in new])
    uow.ledger.record(
        LedgerEvent(
            time=uow.now,
            event=Event.RECEIVE,
            trace_id=new_trace_id(uow.now),
            message=copy.message,
            account=account,
            mailbox=each.mailbox,
            uid=copy.uid,
            copy=copy.id,
            source=SOURCE,
            detail=each.name,
        )
        for (each, _), copy in zip(new, copies, strict=True)
    )
    return outcomes


def _new_copy(uow: UnitOfWork, account: int, each: Arrival) -> placement.NewCopy:
    return placement.NewCopy(
        account=account,
        mailbox=placement.mailbox_named(uow, account, each.mailbox).id,
        message=uow.messages.add(each.message).id,
        size=each.message.size,
        internal_date=each.internal_date,
        flags=each.flags,
        keywords=each.keywords,
    )


def _is_there(uow: UnitOfWork, account: int, mailbox_name: str, sha256: bytes) -> bool:
    message = uow.messages.find(sha256)
    if message is None:
        return False
    mailbox = uow.mailboxes.find(account, mailbox_name)
    return mailbox is not None and bool(uow.copies.holding(mailbox.id, [message.id]))


class _Room:
    """What is left of an account's quota, while mails take it."""

    def __init__(self, quota: Account | None) -> None:
        self._quota = quota
        self._octets = 0
        self._messages = 0

    def take(self, octets: int) -> OverQuota | None:
        """Take room for one mail; return why there is none."""
        quota = self._quota
        if quota and not quota.has_room(self._octets + octets, self._messages + 1):
            return OverQuota("quota", quota.quota_octets or quota.quota_messages)
        self._octets += octets
        self._messages += 1
        return None


class Rehearsal:
    """An import that files nothing; it remembers what it would have filed."""

    def __init__(self, account: Account | None) -> None:
        """Take the account, None for one that would be created."""
        self._account = account
        self._room = _Room(account)
        self._there: set[Identity] = set()

    def file(
        self, uow: UnitOfWork, arrivals: Sequence[Arrival], *, duplicates: bool
    ) -> list[Outcome]:
        """Say for each mail what would become of it."""
        return [self._outcome(uow, each, duplicates=duplicates) for each in arrivals]

    def _outcome(self, uow: UnitOfWork, each: Arrival, *, duplicates: bool) -> Outcome:
        identity = each.mailbox, each.message.sha256
        account = self._account
        if not duplicates and (
            identity in self._there
            or (account is not None and _is_there(uow, account.id, *identity))
        ):
            return Duplicate()
        error = self._room.take(each.message.size)
        if error is None:
            self._there.add(identity)
        return error


def rehearsed_target(
    uow: UnitOfWork, actor: Actor, address: Address, *, create: bool = False
) -> Account | None:
    """Return the account as `target` would, None for one that it would create."""
    access.require(actor, Permission.MAIL_IMPORT)
    try:
        return access.account(uow, actor, address)
    except NotFound:
        if not create:
            raise
        access.require(actor, Permission.ACCOUNT_CREATE)
        access.managed_domain(uow, actor, address.domain)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an import reads: `kind` is eml, maildir or mbox."""

    kind: str
    path: Path


def record_run(
    uow: UnitOfWork, actor: Actor, address: Address, source: Source, tally: Tally
) -> None:
    """Write down an import that has ended, whatever ended it."""
    access.require(actor, Permission.MAIL_IMPORT)
    audit.record(
        uow,
        actor,
        "mail.import",
        f"account {address}",
        after={"format": source.kind, "path": str(source.path), **counts(tally)},
    )


def counts(tally: Tally) -> Mapping[str, int]:
    """Return the counts of a run as the contract names them."""
    return {
        "imported": tally.imported,
        "skipped_duplicates": tally.duplicates,
        "failed": tally.failed,
        "bytes": tally.size,
    }
