"""Removing an account: gone for its user at once, its mail into the vault.

The first transaction frees the address and ends every login; the rest runs in
chunks, as a task that another process takes over when this one dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.accounts import Account, AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import CopyState
from postwarden.model.permissions import Permission
from postwarden.model.rewrites import RewriteKind, Source
from postwarden.model.tasks import Task
from postwarden.services import (
    access,
    accounts,
    audit,
    entries,
    placement,
    retention,
    tasks,
)
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import levels

TASK = "account.remove"  # moves the mail of a removed account into the vault
CHUNK = 500  # copies per transaction
SHOWN = 10  # entries named that still lead to the address


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """An account that is removed, and the task that vaults its mail.

    `pointing` are some of the addresses that still lead to the freed one.
    """

    account: Account
    task: Task
    pointing: Sequence[Address]


def start(uow: UnitOfWork, actor: Actor, address: Address) -> Removal:
    """Free the address and end every login; raises NotFound, Refused."""
    access.require(actor, Permission.ACCOUNT_REMOVE)
    account = access.account(uow, actor, address)
    entries.refuse_if_needed(uow, actor, account.address)
    pointing = uow.directory.pointing_at(account.address, limit=SHOWN)
    removed = replace(
        account,
        state=AccountState.PENDING_DELETION,
        password_hash=None,
        scram=None,
        removed_at=uow.now,
    )
    uow.accounts.replace(removed)
    terms = retention.terms_of(uow, [account.id])[account.id]
    ends_at = terms.end(uow.now)
    uow.accounts.replace(replace(removed, ends_at=ends_at))
    uow.directory.remove(account.address)
    levels.forget(uow, accounts=[account.id])
    own = Source.of(account.address)
    # Whoever gets the address next does not inherit what its mail did.
    for each in uow.rewrites.of([own.key]):
        if each.kind is RewriteKind.FORWARD:
            uow.rewrites.remove(each)
    uow.vacations.remove(account.id)
    task = tasks.submit(
        uow,
        actor,
        TASK,
        str(account.id),
        {"account": account.id},
        domain=account.address.domain,
    )
    audit.record(
        uow,
        actor,
        "account.remove",
        f"account {account.address}",
        before=accounts.facts(account),
        after={
            "state": AccountState.PENDING_DELETION.value,
            "vaulted_octets": account.used_octets,
            "vaulted_messages": account.used_messages,
        },
    )
    return Removal(
        account=account,
        task=task,
        pointing=[e.address for e in pointing if actor.manages(e.address.domain)],
    )


def vault_chunk(uow: UnitOfWork, account: int, *, limit: int = CHUNK) -> int:
    """Move the next live copies of a removed account; return how many there were."""
    for mailbox in uow.mailboxes.of_account(account):
        copies = uow.copies.in_mailbox(mailbox.id, limit=limit)
        if copies:
            placement.withdraw(uow, copies, CopyState.VAULTED)
            record_copies(
                uow,
                Event.DELETE,
                copies,
                dict.fromkeys((copy.id for copy in copies), mailbox.name).get,
                source="worker",
                detail="account removed",
            )
            return len(copies)
    return 0
