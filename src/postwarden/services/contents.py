"""Destroying the content of messages that no copy has any more.

It goes in steps, each of which may be cut off: the message is emptied in the
transaction that finds it needed by nobody; then its text leaves the index; then its
octets are removed, unless somebody stored them again just now. What is left is a row
with what the ledger shows. docs/decisions/0006 says why the octets wait.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from postwarden.model.messages import Message
from postwarden.services import tasks
from postwarden.services.ports import UnitOfWork

TASK = "content.sweep"
CHUNK = 100  # messages per transaction
GRACE = timedelta(days=1)  # in which content may wait for its rows
_LOOK_AGAIN = timedelta(days=1)  # at what the queue or a case still needs


def sweep_soon(uow: UnitOfWork) -> None:
    """Let the sweep come now: what was destroyed on purpose shall not wait for it."""
    task = uow.tasks.add(TASK, tasks.STORE, {}, uow.now)
    uow.tasks.bring_forward(task.id, uow.now)


def empty_chunk(uow: UnitOfWork, *, limit: int = CHUNK) -> int:
    """Empty the next messages that nobody needs; return how many were looked at."""
    due = [message.id for message in uow.disposal.due(uow.now, limit)]
    if not due:
        return 0
    back = uow.disposal.with_copies(due)
    needed = uow.disposal.needed(due) - back
    uow.disposal.settle(sorted(back))
    uow.disposal.postpone(sorted(needed), uow.now + _LOOK_AGAIN)
    uow.disposal.empty([each for each in due if each not in back | needed])
    return len(due)


def emptied(uow: UnitOfWork, after: int, *, limit: int = CHUNK) -> list[Message]:
    """Return the next messages whose text and octets are still to be removed."""
    return uow.disposal.emptied(after=after, limit=limit)


def unnamed(uow: UnitOfWork, digests: Iterable[bytes]) -> list[bytes]:
    """Return the SHA-256 of those octets that are no message's."""
    found = {digest: uow.messages.find(digest) for digest in digests}
    return [digest for digest, named in found.items() if not named or named.is_emptied]


def settle(
    uow: UnitOfWork, messages: Sequence[Message], left: Collection[bytes]
) -> None:
    """Take messages off the list, but for those whose octets are `left`."""
    uow.disposal.settle([each.id for each in messages if each.sha256 not in left])
