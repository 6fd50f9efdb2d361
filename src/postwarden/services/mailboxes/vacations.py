"""Vacations of owners: kept here, for whoever answers mail."""

from postwarden.model.actors import Actor
from postwarden.model.vacations import Vacation, check
from postwarden.services import access
from postwarden.services.mailboxes import own
from postwarden.services.ports import UnitOfWork

_NEVER = Vacation()


def get(uow: UnitOfWork, actor: Actor, account: int | None) -> Vacation:
    """Return the vacation of the own account; raises NotFound."""
    owner = access.mailbox_owner(uow, actor, account)
    return uow.vacations.find(owner.id) or _NEVER


def change(
    uow: UnitOfWork, actor: Actor, account: int | None, vacation: Vacation
) -> None:
    """Set the vacation of the own account; raises NotFound, Invalid."""
    owner = access.mailbox_owner(uow, actor, account)
    check(vacation)
    before = uow.vacations.find(owner.id) or _NEVER
    uow.vacations.put(owner.id, vacation)
    own.write_down(
        uow,
        actor,
        "vacation.change",
        before=_facts(before),
        after=_facts(vacation),
    )


def _facts(vacation: Vacation) -> dict[str, object]:
    """Return what the audit log keeps; what people write to each other it does not."""
    return {
        "absence": vacation.absence.value,
        "audience": vacation.audience.value,
        "begins": None if vacation.begins is None else vacation.begins.isoformat(),
        "ends": None if vacation.ends is None else vacation.ends.isoformat(),
    }
