"""Signing the newest entry of the audit log, to be kept where nobody here can write.

A log whose end was cut off is whole in itself. Only a head that was kept elsewhere
shows that there was more.
"""

from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.audit import AuditHead
from postwarden.model.audit_heads import SignedHead, statement
from postwarden.model.errors import NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.ports import Signer, Store, UnitOfWork

SIGN_HEAD = "audit.sign-head"  # the periodic task


async def anchor(store: Store, signer: Signer, actor: Actor) -> SignedHead:
    """Return the newest head, signed; raises NotFound when there is no entry."""
    access.require(actor, Permission.AUDIT_READ)
    access.everything(actor, "anchor the audit log")
    head = await sign_head(store, signer)
    if head is None:
        raise NotFound("audit entry", "1")
    return head


async def sign_head(store: Store, signer: Signer) -> SignedHead | None:
    """Sign the newest entry, once for each key; None of an empty log."""
    key = signer.public_key()
    head, known = await store.read(_newest, key)
    if head is None or known is not None:
        return known
    unsigned = SignedHead(
        entry=head.entry,
        hash=head.hash,
        time=await store.read(lambda uow: uow.now),
        public_key=key,
    )
    signed = replace(unsigned, signature=signer.sign(statement(unsigned)))
    await store.transact(_keep, signed)
    return signed


def _newest(uow: UnitOfWork, key: bytes) -> tuple[AuditHead | None, SignedHead | None]:
    head = uow.audit.head()
    if head is None:
        return None, None
    signed = uow.audit.signed(after=head.entry - 1, up_to=head.entry)
    return head, next((each for each in signed if each.public_key == key), None)


def _keep(uow: UnitOfWork, head: SignedHead) -> None:
    uow.audit.add_signed(head)
