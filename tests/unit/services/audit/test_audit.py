"""Who sees which entries of the audit log, and what an entry takes of its actor."""

from dataclasses import replace

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden
from postwarden.model.permissions import Permission
from postwarden.services import audit, domains
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA
from tests.unit.services.registry import (
    CAROL,
    MALLORY,
    audited,
    host,
    last_audited,
    open_accounts,
)


async def test_an_entry_says_on_whose_behalf(store: Store) -> None:
    actor = replace(OPERATOR, on_behalf_of="ada", client_ip="192.0.2.1")

    await store.transact(domains.create, actor, "example.org")

    entry = await last_audited(store)
    assert (entry.on_behalf_of, entry.client_ip) == ("ada", "192.0.2.1")


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("account ada@example.org", "example.org"),
        ('alias "a@b c"@example.org', "example.org"),
        ("forward ada@example.org", "example.org"),
        ("domain example.org", "example.org"),
        ("catch-all example.org", "example.org"),
        ("domain-alias example.net", "example.com"),
        ("case 7", None),
        ("admin carol@example.org", None),
        ("key 3 of carol@example.org", None),
        ("store", None),
        ("account", None),
        ("", None),
    ],
)
def test_the_domain_of_an_entry_comes_from_its_object(
    name: str, domain: str | None
) -> None:
    assert audit.domain_of(name, None, {"of": "example.com"}) == domain


async def test_an_actor_sees_the_entries_of_his_domains(store: Store) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA)
    await store.transact(
        domains.create_alias, OPERATOR, "example.com", of="example.org"
    )

    def seen(uow: UnitOfWork, actor: Actor) -> list[str]:
        return [entry.object for entry in audit.page(uow, actor, limit=9)]

    assert await store.read(seen, CAROL) == [
        "domain example.org",
        f"account {ADA}",
        "domain-alias example.com",
    ]
    assert await store.read(seen, MALLORY) == ["domain example.net"]
    assert len(await store.read(seen, OPERATOR)) == len(await audited(store)) == 4


async def test_reading_the_log_takes_a_permission(store: Store) -> None:
    blind = replace(
        OPERATOR, permissions=OPERATOR.permissions - {Permission.AUDIT_READ}
    )
    with pytest.raises(Forbidden, match=r"audit\.read"):
        await store.read(audit.page, blind, limit=9)
