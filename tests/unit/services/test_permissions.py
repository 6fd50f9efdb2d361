"""Who may do what: every guarded service as every role, in and out of its domains."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from postwarden.model.actors import Actor
from postwarden.model.errors import Forbidden, MailError, NotFound
from postwarden.model.permissions import BUILTIN_ROLES, EVERYTHING, Permission, Role
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.statements import Statements, counted
from tests.unit.services.acts import ACTS, HOME, Act, furnish
from tests.unit.services.world import at, deliver

FOREIGN, ABSENT = "example.net", "absent.example"


class _TakenBackError(Exception):
    """Ends an act that succeeded, so that the next finds the same world."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


async def two_tenants(store: Store) -> None:
    for domain in (HOME, FOREIGN):
        await store.transact(furnish, domain)
        await deliver(
            store, factories.message(domain), at("ada", domain), trace_id=domain
        )


async def outcome(
    store: Store, act: Act, actor: Actor, domain: str
) -> MailError | None:
    """Return what became of an act, and leave the store as it was."""

    def run(uow: UnitOfWork) -> None:
        act.run(uow, actor, domain)
        raise _TakenBackError

    try:
        await store.transact(run)
    except MailError as error:
        return error
    except _TakenBackError:
        pass
    return None


def said(error: MailError | None, domain: str) -> tuple[object, str]:
    """Return a failure without the name of what was asked for."""
    assert error is not None
    mail = factories.message(domain)
    text = str(error).replace(mail.sha256.hex(), "HASH").replace(domain, "DOMAIN")
    return type(error), text


@pytest.mark.parametrize("role", BUILTIN_ROLES, ids=lambda role: role.name)
async def test_a_role_may_do_what_it_has_and_nothing_foreign_exists_for_it(
    store: Store, statements: Statements, role: Role
) -> None:
    await two_tenants(store)
    actor = Actor(
        name="x", permissions=role.permissions, domains=frozenset({HOME, "gone.test"})
    )
    for act in ACTS:
        statements.taken()
        own = await outcome(store, act, actor, HOME)
        statements.taken()
        foreign = await outcome(store, act, actor, FOREIGN)
        cost_of_foreign = statements.taken()
        absent = await outcome(store, act, actor, ABSENT)
        cost_of_absent = statements.taken()

        may = act.takes <= role.permissions and not act.everywhere
        assert type(own) is (type(None) if may else Forbidden), act.name
        assert said(foreign, FOREIGN) == said(absent, ABSENT), act.name
        assert cost_of_foreign == cost_of_absent, act.name
        if may:
            assert isinstance(foreign, NotFound), act.name


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
async def test_each_right_that_an_act_takes_is_asked_for(
    store: Store, act: Act, statements: Statements
) -> None:
    await two_tenants(store)
    everywhere = Actor(name="x", permissions=act.takes)
    if act.name != "remove domain":  # it has addresses
        assert await outcome(store, act, everywhere, HOME) is None
    for missing in act.takes:
        lesser = replace(everywhere, permissions=EVERYTHING - {missing})
        if missing is Permission.DIRECTORY_READ and act.name.startswith("show"):
            continue  # who writes a thing sees it
        assert isinstance(await outcome(store, act, lesser, HOME), Forbidden)
    statements.taken()
    nobody = Actor(name="x")
    assert isinstance(await outcome(store, act, nobody, HOME), Forbidden)
    assert statements.taken() == 0  # it was asked before anything was looked up
