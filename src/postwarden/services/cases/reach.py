"""Whose cases an actor may see, and where the searches of a case may look.

A case keeps the domains of whoever opened it. Who manages less than these does not
see it: its plans would tell of mail that is not theirs.
"""

from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.cases import Case
from postwarden.model.errors import NotFound
from postwarden.services.ports import UnitOfWork


def case(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    """Return a case; raises NotFound for one that is not there or not the actor's."""
    found = uow.cases.get(case_id)
    if not is_visible(actor, found):
        raise NotFound("case", str(case_id))
    return found


def is_visible(actor: Actor, found: Case) -> bool:
    """Whether all that a case may be about lies in the actor's domains."""
    if actor.domains is None:
        return True
    return found.domains is not None and actor.domains.issuperset(found.domains)


def searcher(actor: Actor, found: Case) -> Actor:
    """Return the actor as a search of the case knows it: within the case's domains."""
    domains = None if found.domains is None else frozenset(found.domains)
    return replace(actor, domains=domains)
