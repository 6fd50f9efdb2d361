"""Copies of an account that its owner may lay hands on, and what is told of it."""

from collections.abc import Callable, Sequence

from postwarden.model.actors import Actor
from postwarden.model.errors import LimitExceeded, NotFound
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState, DiscardKind
from postwarden.services import access, audit
from postwarden.services.ledger import record_copies
from postwarden.services.ports import CopyFacts, UnitOfWork

BATCH = 500  # copies in one call


_SHOWN_TO_NO_OWNER = (DiscardKind.PURGED, DiscardKind.REPLACED)


def is_hidden(actor: Actor, kind: DiscardKind | None) -> bool:
    """Whether what was thrown away so exists for the actor no more."""
    return kind in _SHOWN_TO_NO_OWNER and actor.on_behalf_of is None


def is_seen(actor: Actor, copy: Copy | CopyFacts) -> bool:
    """Whether a copy exists for the actor: live, or discarded and not purged.

    Who acts in the owner's place sees also what the owner has purged or replaced.
    """
    if copy.account != actor.account:
        return False
    if copy.state is CopyState.VAULTED:
        return copy.discarded is not None and not is_hidden(actor, copy.discarded)
    return copy.state is CopyState.LIVE


def taken(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> list[Copy]:
    """Return own copies in the order given, each once; raises NotFound for others.

    Raises LimitExceeded for more than one call takes.
    """
    wanted = list(dict.fromkeys(numbers))
    if len(wanted) > BATCH:
        raise LimitExceeded("copies in one call", BATCH)
    known = uow.copies.many(wanted)
    for number in wanted:
        if number not in known or not is_seen(actor, known[number]):
            raise NotFound("copy", str(number))
    return [known[number] for number in wanted]


def is_live(copy: Copy) -> bool:
    return copy.state is CopyState.LIVE


def homes(uow: UnitOfWork, copies: Sequence[Copy]) -> Callable[[int], str | None]:
    """Return what names the mailboxes of copies, by copy id, as they lie now."""
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in copies})
    names = {
        copy.id: mailboxes[copy.mailbox].name
        if copy.mailbox in mailboxes
        else copy.lay_in
        for copy in copies
    }
    return names.get


def tell(
    uow: UnitOfWork,
    actor: Actor,
    event: Event,
    copies: Sequence[Copy],
    mailbox_of: Callable[[int], str | None],
) -> None:
    """Write what happened to copies on their traces, and for whom."""
    record_copies(
        uow,
        event,
        copies,
        mailbox_of,
        source=actor.dialect,
        detail=f"by {actor.name} in the owner's place" if actor.on_behalf_of else "",
    )


def write_down(
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    """Leave an audit entry of what is done in an owner's place, and only then."""
    if actor.on_behalf_of is not None:
        owner = access.mailbox_owner(uow, actor, actor.account).address
        account = f"account {owner}"
        audit.record(
            uow, actor, action, account, before=before, after=after, reason=reason
        )
