"""Delivery: what an accepted envelope becomes, in one transaction or in chunks.

Small mails are delivered in the transaction that accepts them. Large ones are
made durable first (reception and pending deliveries), acknowledged, and
expanded in chunks by a worker task; each chunk removes what it delivered from
the pending rows, so that a crash neither loses nor doubles a copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from postwarden.model.addresses import Address
from postwarden.model.directory import Entry
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.errors import MailError, NotFound, OverQuota, Refused
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import INBOX, Copy
from postwarden.model.messages import Message, NewMessage
from postwarden.model.queue import QueueEntry, QueueState
from postwarden.services import placement, resolution
from postwarden.services.cases import arming
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.operations import PendingDelivery, Reception
from postwarden.services.resolution import Resolution, Rules

EXPAND = "delivery.expand"  # the task that delivers what is pending
CHUNK = 500  # destinations per transaction of the task


def check_recipient(
    uow: UnitOfWork, rules: Rules, address: Address, *, may_relay: bool = False
) -> None:
    """Say whether mail for `address` would be taken; cheap, for RCPT.

    Raises Refused for an address elsewhere (no relaying, RFC 5321 §7.3 and
    §3.6.2), NotFound, Suspended, or OverQuota for a full account.
    """
    if not resolution.is_ours(uow, rules, address):
        if may_relay:
            return
        raise Refused(f"{address} is not served here")
    found = resolution.check(uow, rules, address)
    if isinstance(found, resolution.Rewritten):
        found = found.keeping or address
    elif isinstance(found, Entry) and found.targets and not found.keep_copy:
        return
    if isinstance(found, Address) or found.account is None:
        return
    account = uow.accounts.get(found.account)
    if not account.has_room(1):
        raise OverQuota("quota", account.quota_octets or account.quota_messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What an envelope became: the errors are per envelope recipient."""

    trace_id: str
    errors: tuple[MailError | None, ...]


def accept(
    uow: UnitOfWork,
    rules: Rules,
    *,
    trace_id: str,
    envelope: Envelope,
    message: NewMessage,
    source: str,
    per_recipient: bool,
) -> Delivered:
    """Take responsibility for a message whose bytes are durable already.

    Raises OverQuota or NotFound when nobody would get it. When only some would,
    the others get their error with `per_recipient` (LMTP answers each), and are
    parked without, since SMTP has one answer for all.
    """
    stored = uow.messages.add(message)
    found = resolution.resolve(
        uow, rules, (each.forward_path for each in envelope.recipients)
    )
    errors = _refusals(uow, found, envelope, message.size)
    if all(errors) and errors[0] is not None:
        raise errors[0]
    reception = uow.receptions.add(
        trace_id, stored.id, uow.now, envelope, host=rules.host
    )
    _record_reception(uow, reception, envelope, found, source)
    refused = {n for n, error in enumerate(errors) if error and per_recipient}
    nowhere = {n for n, error in enumerate(errors) if isinstance(error, NotFound)}
    pending = _pending(found, envelope, nowhere, refused)
    if len(pending) <= rules.inline:
        _deliver(
            uow,
            reception,
            stored,
            pending,
            envelope.recipients,
            source=source,
        )
    else:
        uow.receptions.add_pending(reception.id, pending)
        uow.tasks.add(EXPAND, str(reception.id), {"reception": reception.id}, uow.now)
    return Delivered(trace_id=trace_id, errors=tuple(errors))


def expand(uow: UnitOfWork, reception_id: int, *, limit: int = CHUNK) -> int:
    """Deliver the next pending destinations; return how many there were."""
    reception = uow.receptions.get(reception_id)
    pending = uow.receptions.pending(reception_id, limit)
    if pending:
        message = uow.messages.many([reception.message])[reception.message]
        recipients = uow.receptions.recipients(reception_id)
        _deliver(uow, reception, message, pending, recipients, source="worker")
        uow.receptions.remove_pending(reception_id, pending[-1].position)
    return len(pending)


def _refusals(
    uow: UnitOfWork, found: Resolution, envelope: Envelope, size: int
) -> list[MailError | None]:
    """Return for each recipient why nobody gets the mail, None when somebody does."""
    accounts = uow.accounts.many(found.locals_)
    full = {key for key, account in accounts.items() if not account.has_room(size)}
    refusals: list[MailError | None] = []
    for number, recipient in enumerate(envelope.recipients):
        reached = found.accounts_of.get(number, set())
        if number in found.leaving or reached - full:
            refusals.append(None)
        elif reached:
            quota = accounts[min(reached)]
            limit = quota.quota_octets or quota.quota_messages
            refusals.append(OverQuota("quota", limit))
        else:
            # An alias that leads nowhere: RCPT looked at the alias only.
            refusals.append(NotFound("recipient", str(recipient.forward_path)))
    return refusals


def _pending(
    found: Resolution, envelope: Envelope, nowhere: set[int], refused: set[int]
) -> list[PendingDelivery]:
    """Return what is to be delivered or parked for those not refused."""
    local = [
        (number, each.via, each.account, None)
        for each, number in found.locals_.values()
    ]
    foreign = [
        (number, each.via, None, each.address)
        for each, number in found.foreign.values()
    ]
    dead_ends = [
        (number, recipient.forward_path, None, recipient.forward_path)
        for number, recipient in enumerate(envelope.recipients)
        if number in nowhere
    ]
    wanted = [each for each in (*local, *foreign, *dead_ends) if each[0] not in refused]
    return [
        PendingDelivery(
            position=position,
            recipient=number,
            via=via,
            account=account,
            foreign=address,
        )
        for position, (number, via, account, address) in enumerate(wanted)
    ]


def _record_reception(
    uow: UnitOfWork,
    reception: Reception,
    envelope: Envelope,
    found: Resolution,
    source: str,
) -> None:
    arrivals = (
        _event(uow, reception, Event.RECEIVE, source, forward_path=each.forward_path)
        for each in envelope.recipients
    )
    steps = (
        _event(
            uow,
            reception,
            step.event,
            source,
            forward_path=step.address,
            detail=step.detail,
        )
        for step, _ in found.steps
    )
    uow.ledger.record([*arrivals, *steps])


def _event(
    uow: UnitOfWork,
    reception: Reception,
    event: Event,
    source: str,
    *,
    forward_path: Address,
    detail: str = "",
) -> LedgerEvent:
    return LedgerEvent(
        time=uow.now,
        event=event,
        trace_id=reception.trace_id,
        message=reception.message,
        has_envelope=True,
        reverse_path=reception.reverse_path,
        forward_path=forward_path,
        client_ip=reception.client_ip,
        source=source,
        detail=detail,
    )


def _deliver(
    uow: UnitOfWork,
    reception: Reception,
    message: Message,
    pending: Sequence[PendingDelivery],
    recipients: Sequence[EnvelopeRecipient],
    *,
    source: str,
) -> None:
    accounts = uow.accounts.many(p.account for p in pending if p.account is not None)
    inboxes: list[placement.NewCopy] = []
    parked: list[tuple[PendingDelivery, Address, str]] = []
    for each in pending:
        if each.foreign is not None:
            parked.append((each, each.foreign, _way_out(each)))
        elif each.account is not None:
            account = accounts[each.account]
            if account.is_removed:
                parked.append((each, account.address, "account was removed"))
            elif not account.has_room(message.size):
                parked.append((each, account.address, "over quota"))
            else:
                inboxes.append(_new_copy(uow, reception, message, each, account.id))
    copies = placement.file(uow, inboxes)
    _record_delivered(uow, reception, copies, recipients, source)
    arming.catch(uow, message, copies)
    _park(uow, reception, parked)


def _way_out(pending: PendingDelivery) -> str:
    if pending.via == pending.foreign:
        return "nobody takes this address"
    return f"leaves through {pending.via}"


def _new_copy(
    uow: UnitOfWork,
    reception: Reception,
    message: Message,
    pending: PendingDelivery,
    account: int,
) -> placement.NewCopy:
    return placement.NewCopy(
        account=account,
        mailbox=placement.mailbox_named(uow, account, INBOX).id,
        message=message.id,
        size=message.size,
        internal_date=reception.received_at,
        reception=reception.id,
        recipient=pending.recipient,
    )


def _record_delivered(
    uow: UnitOfWork,
    reception: Reception,
    copies: Sequence[Copy],
    recipients: Sequence[EnvelopeRecipient],
    source: str,
) -> None:
    uow.ledger.record(
        LedgerEvent(
            time=uow.now,
            event=Event.DELIVER,
            trace_id=reception.trace_id,
            message=reception.message,
            has_envelope=True,
            reverse_path=reception.reverse_path,
            forward_path=recipients[copy.recipient or 0].forward_path,
            account=copy.account,
            mailbox=INBOX,
            uid=copy.uid,
            copy=copy.id,
            client_ip=reception.client_ip,
            source=source,
        )
        for copy in copies
    )


def _park(
    uow: UnitOfWork,
    reception: Reception,
    parked: Sequence[tuple[PendingDelivery, Address, str]],
) -> None:
    """Keep what cannot be delivered here and now; never lose it."""
    uow.queue.add(
        QueueEntry(
            trace_id=reception.trace_id,
            reception=reception.id,
            recipient=each.recipient,
            message=reception.message,
            reverse_path=reception.reverse_path,
            forward_path=address,
            via=each.via,
            state=QueueState.PARKED,
            created_at=uow.now,
        )
        for each, address, _ in parked
    )
    uow.ledger.record(
        _event(
            uow,
            reception,
            Event.DEFER,
            "queue",
            forward_path=address,
            detail=f"parked: {reason}",
        )
        for _, address, reason in parked
    )
