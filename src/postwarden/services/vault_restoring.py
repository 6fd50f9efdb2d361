"""Taking mail out of the vault again: the same octets, where it lay.

What a case contains is given back by the case; what was deleted, whoever did it, by
this. Neither asks the quota.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import INBOX, Copy, CopyState
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope, check_scope, format_query, parse
from postwarden.model.tasks import Task
from postwarden.services import access, audit, finding, message_ids, placement, tasks
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork

TASK = "vault.restore"
CHUNK = 500  # copies per transaction
REMOVED = "its account was removed: name another with --to"
CONTAINED = "a case contains it: undo the case"
_SOURCE = "vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to come back: what a query finds, or one item; `to` whom.

    Without `to` each copy goes to the account that it was taken from.
    """

    query: Query | None = None
    item: int | None = None
    to: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of some copies; `failed` says why, by item."""

    restored: int
    failed: Mapping[int, str]


def start(uow: UnitOfWork, actor: Actor, wanted: Wanted) -> Task:
    """Make a task of restoring; a command that is repeated goes on with it.

    Raises NotFound for an item or account that is not there, Refused for an item
    that cannot come back, Invalid for neither a query nor an item.
    """
    access.require(actor, Permission.VAULT_RESTORE)
    to = None if wanted.to is None else access.account(uow, actor, wanted.to).id
    domains = None
    if (wanted.query is None) == (wanted.item is None):
        raise Invalid("restore what: a query, or one --item", field="query")
    text = None
    if wanted.query is not None:
        check_scope(wanted.query, Scope.VAULT)
        query = message_ids.settled(uow, actor, wanted.query)
        text = format_query(access.narrowed(actor, query, Scope.VAULT))
    else:
        owner = _owner(uow, actor, wanted.item or 0, to)
        domains = {each.domain for each in (owner, wanted.to) if each is not None}
    audit.record(
        uow,
        actor,
        "vault.restore",
        "vault" if wanted.item is None else f"vault {wanted.item}",
        after={
            "query": text,
            "item": wanted.item,
            "to": None if wanted.to is None else str(wanted.to),
        },
        domains=domains,
    )
    payload = {"query": text, "item": wanted.item, "to": to}
    subject = f"{actor.name} {wanted.item or text} {to or ''}".strip()
    return tasks.submit(uow, actor, TASK, subject, payload)


def _owner(uow: UnitOfWork, actor: Actor, item: int, to: int | None) -> Address:
    """Return whose an item is; raises NotFound, and Refused if it cannot come back."""
    copy = uow.copies.many([item]).get(item)
    owner = None if copy is None else uow.accounts.get(copy.account).address
    if copy is None or owner is None or not actor.manages(owner.domain):
        raise NotFound("item", str(item))
    if copy.state is CopyState.LIVE:
        raise Refused(f"item {item} lies in a mailbox of {owner}")
    if (reason := _obstacle(copy, removed=_removed(uow, [copy]), to=to)) is not None:
        raise Refused(f"item {item} cannot be restored: {reason}")
    return owner


def found(uow: UnitOfWork, query: str | None, item: int | None) -> Sequence[int]:
    """Return the copies that a task is to restore and has not restored yet."""
    if query is None:
        return [] if item is None else [item]
    wanted = parse(query, now=uow.now)  # its times were made absolute
    similar = finding.named_messages(uow, wanted)
    hidden = (CopyState.CONTAINED, CopyState.VAULTED)
    return uow.copies.search(wanted, states=hidden, similar=similar)


def restore_chunk(
    uow: UnitOfWork, copies: Sequence[int], *, to: int | None = None
) -> Restored:
    """Return some copies to their mailboxes, made again where they are gone."""
    hidden = [
        copy
        for copy in uow.copies.many(copies).values()
        if copy.state is not CopyState.LIVE
    ]
    removed = _removed(uow, hidden)
    failed: dict[int, str] = {}
    back: list[tuple[Copy, str]] = []
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in hidden})
    for copy in hidden:
        if (reason := _obstacle(copy, removed=removed, to=to)) is not None:
            failed[copy.id] = reason
            continue
        known = mailboxes.get(copy.mailbox)
        back.append((copy, known.name if known else copy.lay_in or INBOX))
    restored = placement.restore(uow, back, into=to)
    names = {copy.id: name for copy, name in back}
    record_copies(
        uow, Event.RESTORE, restored, names.get, source=_SOURCE, detail="restored"
    )
    return Restored(restored=len(restored), failed=failed)


def _obstacle(copy: Copy, *, removed: set[int], to: int | None) -> str | None:
    if copy.state is CopyState.CONTAINED:
        return CONTAINED
    return REMOVED if to is None and copy.account in removed else None


def _removed(uow: UnitOfWork, copies: Sequence[Copy]) -> set[int]:
    accounts = uow.accounts.many({copy.account for copy in copies})
    return {number for number, account in accounts.items() if account.is_removed}
