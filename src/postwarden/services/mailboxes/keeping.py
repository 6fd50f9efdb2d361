"""Own mailboxes: made, renamed, removed."""

from collections.abc import Sequence
from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.errors import (
    AlreadyExists,
    Invalid,
    LimitExceeded,
    Refused,
)
from postwarden.model.mailboxes import (
    SEPARATOR,
    DiscardKind,
    Mailbox,
    mailbox_name,
)
from postwarden.services import access, placement, tasks
from postwarden.services.accounts import FIRST_MAILBOXES
from postwarden.services.mailboxes import own
from postwarden.services.mailboxes.acting import thrown_away
from postwarden.services.ports import UnitOfWork

REMOVE = "mailbox.remove"  # the task that throws a large mailbox away
CHUNK = 500  # copies per transaction
MAX_MAILBOXES = 1000  # of one account
_JOURNAL = 5000  # rows of an expunge journal forgotten per transaction


def create(uow: UnitOfWork, actor: Actor, account: int | None, name: str) -> Mailbox:
    """Make a mailbox; raises AlreadyExists, Invalid, LimitExceeded."""
    owner = access.mailbox_owner(uow, actor, account)
    wanted = mailbox_name(name)
    there = uow.mailboxes.of_account(owner.id)
    _check_free(there, wanted)
    if len(there) >= MAX_MAILBOXES:
        raise LimitExceeded("mailboxes", MAX_MAILBOXES)
    made = placement.mailbox_named(uow, owner.id, wanted)
    own.write_down(uow, actor, "mailbox.create", after={"mailbox": wanted})
    return made


def rename(uow: UnitOfWork, actor: Actor, number: int, name: str) -> list[Mailbox]:
    """Give a mailbox another name; what lies under it follows.

    Returns all that are named anew, itself first. Raises NotFound, AlreadyExists,
    Invalid, and Refused for those that every account has.
    """
    old = access.own_mailbox(uow, actor, number)
    wanted = mailbox_name(name)
    _check_own(old)
    if wanted == old.name:
        return [old]
    if wanted.startswith(old.name + SEPARATOR):
        raise Invalid("a mailbox does not go under itself", field="mailbox")
    there = uow.mailboxes.of_account(old.account)
    under = [each for each in there if each.name.startswith(old.name + SEPARATOR)]
    names = {
        each.id: mailbox_name(wanted + each.name[len(old.name) :])
        for each in (old, *under)
    }
    for new in names.values():
        _check_free(there, new)
    for each in (old, *under):
        uow.mailboxes.rename(each.id, names[each.id])
    own.write_down(
        uow,
        actor,
        "mailbox.rename",
        before={"mailbox": old.name},
        after={"mailbox": wanted, "with": len(under)},
    )
    return [replace(each, name=names[each.id]) for each in (old, *under)]


def remove(
    uow: UnitOfWork,
    actor: Actor,
    number: int,
    *,
    kind: DiscardKind = DiscardKind.DELETED,
) -> int:
    """Throw a mailbox away with what lies in it; return how many copies.

    A large one is emptied by a task and is there until that is done. What lies under
    it stays. Raises NotFound, Refused for those that every account has.
    """
    mailbox = access.own_mailbox(uow, actor, number)
    _check_own(mailbox)
    own.write_down(
        uow,
        actor,
        "mailbox.remove",
        before={"mailbox": mailbox.name, "copies": mailbox.messages},
        after={"kind": kind.value},
    )
    if remove_chunk(uow, actor, mailbox.id, kind):
        account = uow.accounts.get(mailbox.account)
        tasks.submit(
            uow,
            actor,
            REMOVE,
            str(mailbox.id),
            _payload(actor, mailbox, kind),
            domain=account.address.domain,
        )
    return mailbox.messages


def remove_chunk(uow: UnitOfWork, actor: Actor, number: int, kind: DiscardKind) -> bool:
    """Go on with a removal that was permitted; return whether something is left."""
    mailbox = uow.mailboxes.many([number]).get(number)
    if mailbox is None:
        return False
    copies = uow.copies.in_mailbox(number, limit=CHUNK)
    thrown_away(uow, actor, copies, kind)
    if len(copies) == CHUNK:
        return True
    if uow.mailboxes.forget_expunged(number, _JOURNAL) == _JOURNAL:
        return True
    uow.mailboxes.remove(number)
    return False


def _payload(actor: Actor, mailbox: Mailbox, kind: DiscardKind) -> dict[str, object]:
    return {
        "mailbox": mailbox.id,
        "account": mailbox.account,
        "kind": kind.value,
        "actor": actor.name,
        "dialect": actor.dialect,
        "on_behalf_of": actor.on_behalf_of,
    }


def _check_own(mailbox: Mailbox) -> None:
    if mailbox.name in FIRST_MAILBOXES:
        raise Refused(f"{mailbox.name} is one that every account has: it stays")


def _check_free(there: Sequence[Mailbox], name: str) -> None:
    if any(each.name == name for each in there):
        raise AlreadyExists("mailbox", name)
