"""Submission: what an account may send as (RFC 6409 §6.1)."""

from postwarden.model.addresses import Address
from postwarden.model.directory import Entry
from postwarden.model.errors import Forbidden
from postwarden.services import resolution
from postwarden.services.ports import UnitOfWork
from postwarden.services.resolution import Rules


def check_sender(
    uow: UnitOfWork, rules: Rules, login: str, reverse_path: Address | None
) -> None:
    """Let an account use its own addresses: its name, details of it, its aliases.

    The null path is allowed: it is what notifications are sent from. Raises
    Forbidden for anything else.
    """
    if reverse_path is None:
        return
    account = uow.directory.find(Address.parse(login))
    found = resolution.entry_for(uow, rules, reverse_path)
    if account is not None and isinstance(found, Entry):
        if found.account is not None and found.account == account.account:
            return
        if any(target.key == account.address.key for target in found.targets):
            return
    raise Forbidden(f"{login} may not send as {reverse_path}")
