"""The content of own mail: every look of another leaves an audit entry first."""

from collections.abc import Sequence

from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound, Unavailable
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, Flag
from postwarden.services import access
from postwarden.services.mailboxes import own
from postwarden.services.ports import Blobs, Store, UnitOfWork


async def content(store: Store, blobs: Blobs, actor: Actor, copy: int) -> bytes:
    """Return the octets of an own copy, live or discarded, as they were stored.

    Raises NotFound, Unavailable when the content is damaged. What an owner has not
    seen before leaves READ in the ledger; what is read in his place, an audit entry
    that is durable before the octets are returned.
    """
    return (await contents(store, blobs, actor, [copy]))[copy]


async def contents(
    store: Store, blobs: Blobs, actor: Actor, copies: Sequence[int]
) -> dict[int, bytes]:
    """Return the octets of some own copies, as `content` does, written down once."""
    hashes, is_told = await store.read(_known, actor, copies)
    if is_told:
        await store.transact(_write, actor, copies)
    found: dict[int, bytes] = {}
    for number, sha256 in hashes.items():
        try:
            found[number] = await blobs.get(sha256)
        except NotFound as error:
            raise Unavailable(f"content {sha256.hex()} is missing") from error
    return found


def _known(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int]
) -> tuple[dict[int, bytes], bool]:
    """Return the SHA-256 of own copies, and whether reading them is told."""
    access.mailbox_owner(uow, actor, actor.account)
    copies = own.taken(uow, actor, numbers)
    messages = uow.messages.many({copy.message for copy in copies})
    hashes = {copy.id: messages[copy.message].sha256 for copy in copies}
    return hashes, bool(actor.on_behalf_of or _unseen(copies))


def _unseen(copies: Sequence[Copy]) -> list[Copy]:
    return [each for each in copies if not each.flags & Flag.SEEN]


def _write(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
    access.mailbox_owner(uow, actor, actor.account)
    copies = own.taken(uow, actor, numbers)
    if actor.on_behalf_of is None:
        unseen = _unseen(copies)
        own.tell(uow, actor, Event.READ, unseen, own.homes(uow, unseen))
        return
    messages = uow.messages.many({copy.message for copy in copies})
    own.write_down(
        uow,
        actor,
        "message.show",
        after={
            "messages": sorted(messages[each.message].sha256.hex() for each in copies)
        },
        reason=f"on behalf of {actor.on_behalf_of}",
    )
