"""Dry runs change nothing and say everything."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.services import access, accounts, domains
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import Store
from postwarden.services.rehearsal import change, rehearse
from tests.support.factories import ADA
from tests.unit.services.registry import audited, host, open_accounts


async def test_a_rehearsal_returns_what_would_be_audited(store: Store) -> None:
    await host(store, "example.org")
    new = NewAccount(address=ADA)
    (entry,) = await rehearse(store, accounts.create, OPERATOR, new)
    shown = change(entry)
    assert (shown["action"], shown["object"]) == ("account.create", f"account {ADA}")
    assert (shown["before"], shown["after"]) == (None, entry.after)
    with pytest.raises(NotFound):
        await store.read(access.account, OPERATOR, ADA)
    assert len(await audited(store)) == 1


async def test_a_rehearsal_fails_like_the_real_thing(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(AlreadyExists):
        await rehearse(store, domains.create, OPERATOR, "example.org")


async def test_a_rehearsed_change_can_still_be_made(store: Store) -> None:
    await host(store, "example.org")
    await rehearse(store, accounts.create, OPERATOR, NewAccount(address=ADA))
    await open_accounts(store, ADA)
