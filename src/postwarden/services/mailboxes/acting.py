"""What an owner does to copies: flags, moves, duplicates, throws away.

Nothing is destroyed here. What is thrown away waits in the vault for its retention to
end, and stays held if it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound, OverQuota, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import (
    NO_FLAGS,
    TRASH,
    Copy,
    CopyState,
    DiscardKind,
    Flag,
    Mailbox,
    checked_keywords,
    mailbox_name,
)
from postwarden.services import access, placement
from postwarden.services.accounts import FIRST_MAILBOXES
from postwarden.services.mailboxes import own
from postwarden.services.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """Flags to add to a copy and to remove; `keywords` of None stay as they are."""

    copy: int
    add: Flag = NO_FLAGS
    remove: Flag = NO_FLAGS
    keywords: tuple[str, ...] | None = None


def flag(uow: UnitOfWork, actor: Actor, changes: Sequence[FlagChange]) -> list[Copy]:
    """Change flags and keywords of live copies; raises NotFound, Invalid.

    A copy that is seen for the first time by its owner leaves READ in the ledger.
    """
    access.mailbox_owner(uow, actor, actor.account)
    wanted = {each.copy: each for each in changes}
    copies = own.taken(uow, actor, list(wanted))
    for copy in copies:
        if not own.is_live(copy):
            raise NotFound("copy", str(copy.id))
    given = [(copy, *_flags(copy, wanted[copy.id])) for copy in copies]
    changed = [
        (copy, flags, keywords)
        for copy, flags, keywords in given
        if (flags, keywords) != (copy.flags, copy.keywords)
    ]
    if not changed:
        return copies
    flagged = {each.id: each for each in placement.flag(uow, changed)}
    seen = [c for c, flags, _ in changed if flags & ~c.flags & Flag.SEEN]
    if seen and actor.on_behalf_of is None:
        own.tell(uow, actor, Event.READ, seen, own.homes(uow, seen))
    own.write_down(uow, actor, "mail.flag", after={"copies": sorted(flagged)})
    return [flagged.get(copy.id, copy) for copy in copies]


def _flags(copy: Copy, change: FlagChange) -> tuple[Flag, tuple[str, ...]]:
    keywords = copy.keywords
    if change.keywords is not None:
        keywords = checked_keywords(change.keywords)
    return (copy.flags | change.add) & ~change.remove, keywords


def move(uow: UnitOfWork, actor: Actor, copies: Sequence[int], name: str) -> list[Copy]:
    """Move copies to a mailbox; what was discarded comes back to it.

    They keep their ids. Raises NotFound for a copy or mailbox that is not there.
    """
    account = access.mailbox_owner(uow, actor, actor.account)
    chosen = own.taken(uow, actor, copies)
    home = target(uow, account, name)
    live = [copy for copy in chosen if own.is_live(copy)]
    hidden = [copy for copy in chosen if not own.is_live(copy)]
    event = Event.DELETE if home.name == TRASH else Event.MOVE
    own.tell(uow, actor, event, live, own.homes(uow, live))
    own.tell(uow, actor, Event.RESTORE, hidden, own.homes(uow, hidden))
    moved = placement.move(uow, [(copy, home.name) for copy in live])
    moved += placement.restore(uow, [(copy, home.name) for copy in hidden])
    own.write_down(
        uow,
        actor,
        "mail.move",
        after={"copies": [copy.id for copy in chosen], "mailbox": home.name},
    )
    there = {copy.id: copy for copy in moved}
    return [there[copy.id] for copy in chosen]


def target(uow: UnitOfWork, account: Account, name: str) -> Mailbox:
    """Return the mailbox that something is to go to; raises NotFound, Invalid.

    Those that every account begins with are made where they are missing.
    """
    wanted = mailbox_name(name)
    if wanted in FIRST_MAILBOXES:
        return placement.mailbox_named(uow, account.id, wanted)
    found = uow.mailboxes.find(account.id, wanted)
    if found is None:
        raise NotFound("mailbox", wanted)
    return found


def duplicate(
    uow: UnitOfWork, actor: Actor, copies: Sequence[int], name: str
) -> list[Copy]:
    """File copies once more in a mailbox, with their flags and dates.

    Raises NotFound, and OverQuota when not all of them fit.
    """
    account = access.mailbox_owner(uow, actor, actor.account)
    chosen = own.taken(uow, actor, copies)
    home = target(uow, account, name)
    require_room(account, sum(copy.size for copy in chosen), len(chosen))
    new = placement.file(
        uow,
        [
            placement.NewCopy(
                account=account.id,
                mailbox=home.id,
                message=copy.message,
                size=copy.size,
                internal_date=copy.internal_date,
                flags=copy.flags,
                keywords=copy.keywords,
                reception=copy.reception,
                recipient=copy.recipient,
            )
            for copy in chosen
        ],
    )
    own.tell(uow, actor, Event.COPY, new, lambda _: home.name)
    own.write_down(
        uow,
        actor,
        "mail.copy",
        after={"copies": [copy.id for copy in chosen], "mailbox": home.name},
    )
    return new


def require_room(account: Account, octets: int, messages: int = 1) -> None:
    """Raise OverQuota unless so much more fits into the account."""
    if not account.has_room(octets, messages):
        raise OverQuota("quota", account.quota_octets or account.quota_messages)


def discard(
    uow: UnitOfWork, actor: Actor, copies: Sequence[int], kind: DiscardKind
) -> list[Copy]:
    """Throw copies away into the vault, from where `move` brings them back.

    What was deleted before can be purged still; its clock runs on. Raises NotFound,
    and Refused to bring purged mail back to the owner's sight in this way.
    """
    access.mailbox_owner(uow, actor, actor.account)
    chosen = own.taken(uow, actor, copies)
    gone = thrown_away(uow, actor, [c for c in chosen if own.is_live(c)], kind)
    gone += _purged(uow, actor, [c for c in chosen if not own.is_live(c)], kind)
    own.write_down(
        uow,
        actor,
        "mail.delete",
        after={"copies": [copy.id for copy in chosen], "kind": kind.value},
    )
    there = {copy.id: copy for copy in gone}
    return [there[copy.id] for copy in chosen]


def thrown_away(
    uow: UnitOfWork, actor: Actor, live: Sequence[Copy], kind: DiscardKind
) -> list[Copy]:
    """Throw live copies away, for services that have asked and will write it down."""
    own.tell(uow, actor, Event.EXPUNGE, live, own.homes(uow, live))
    return placement.withdraw(uow, live, CopyState.VAULTED, discarded=kind)


def _purged(
    uow: UnitOfWork, actor: Actor, hidden: Sequence[Copy], kind: DiscardKind
) -> list[Copy]:
    changed = [copy for copy in hidden if copy.discarded is not kind]
    if changed and kind is DiscardKind.DELETED:
        raise Refused("what was purged comes back by moving it to a mailbox")
    own.tell(uow, actor, Event.EXPUNGE, changed, own.homes(uow, changed))
    uow.copies.update([replace(copy, discarded=kind) for copy in changed])
    return [replace(copy, discarded=kind) for copy in hidden]
