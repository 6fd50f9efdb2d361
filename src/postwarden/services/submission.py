"""Submission: what an account may send as (RFC 6409 §6.1)."""

from postwarden.model.addresses import Address
from postwarden.model.errors import Forbidden
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import senders


def check_sender(uow: UnitOfWork, login: str, reverse_path: Address | None) -> None:
    """Let an account use its own addresses, and what leads to it by aliases alone.

    The null path is allowed: it is what notifications are sent from. Raises
    Forbidden for anything else.
    """
    if reverse_path is None:
        return
    entry = uow.directory.find(Address.parse(login))
    if entry is not None and entry.account is not None:
        account = uow.accounts.get(entry.account)
        if senders.may_send_as(uow, account, reverse_path):
            return
    raise Forbidden(f"{login} may not send as {reverse_path}")
