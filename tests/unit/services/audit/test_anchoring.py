"""Heads that were signed: what they show that the chain alone does not."""

import json
from dataclasses import replace

import pytest

from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.actors import OPERATOR
from postwarden.model.audit import AuditEntry
from postwarden.model.audit_heads import (
    SignedHead,
    head_facts,
    parse_head,
    statement,
)
from postwarden.model.errors import Forbidden, Invalid, NotFound
from postwarden.services.audit import anchoring
from postwarden.services.audit.verification import verify
from postwarden.services.ports import Store, UnitOfWork
from postwarden.wire.ed25519 import is_signed
from tests.support.factories import audit_entry
from tests.unit.services.registry import CAROL


@pytest.fixture
def signer() -> MemorySigner:
    return MemorySigner()


def record(uow: UnitOfWork, name: str) -> None:
    uow.audit.record(audit_entry(object=name, reason="é"))


async def act(store: Store, *names: str) -> None:
    for name in names:
        await store.transact(record, name)


async def copied(store: Store, *, up_to: int, heads_up_to: int = 0) -> MemoryStore:
    """Return what somebody makes who writes the log anew, hashes and all."""

    def read(uow: UnitOfWork) -> tuple[list[AuditEntry], list[SignedHead]]:
        log = uow.audit
        return log.page(limit=up_to), log.signed(after=0, up_to=heads_up_to)

    (first, *others), heads = await store.read(read)
    other = MemoryStore()

    def write(uow: UnitOfWork) -> None:
        for entry in (replace(first, object="x"), *others):
            uow.audit.record(entry)
        for head in heads:
            uow.audit.add_signed(head)

    await other.transact(write)
    return other


async def test_a_head_is_signed_once_and_anybody_can_check_it(
    store: Store, signer: MemorySigner
) -> None:
    assert await anchoring.sign_head(store, signer) is None
    with pytest.raises(NotFound):
        await anchoring.anchor(store, signer, OPERATOR)
    await act(store, "a", "b")

    head = await anchoring.anchor(store, signer, OPERATOR)

    assert head == await anchoring.sign_head(store, signer)
    assert head.head == await store.read(lambda uow: uow.audit.head())
    assert is_signed(statement(head), head.signature, signer.public_key())
    assert parse_head(json.loads(json.dumps(head_facts(head)))) == head
    assert await store.read(lambda uow: uow.audit.newest_signed()) == head
    assert await store.read(lambda uow: uow.audit.signed(after=0, up_to=1)) == []
    assert await store.read(lambda uow: uow.audit.signed(after=1, up_to=2)) == [head]


async def test_a_new_key_signs_beside_the_old_one(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a")
    old = await anchoring.sign_head(store, signer)
    new = await anchoring.sign_head(store, MemorySigner())

    kept = await store.read(lambda uow: uow.audit.signed(after=0, up_to=9))

    assert {each.public_key for each in kept} == {
        each.public_key for each in (old, new) if each
    }
    assert (await verify(store, OPERATOR)).problem is None


async def test_an_anchor_shows_a_tail_that_was_cut_off(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a", "b", "c")
    head = await anchoring.anchor(store, signer, OPERATOR)
    await act(store, "d")
    assert (await verify(store, OPERATOR, anchors=[head])).problem is None

    short = MemoryStore()
    await act(short, "a", "b")

    assert (await verify(short, OPERATOR)).problem is None
    problem = (await verify(short, OPERATOR, anchors=[head])).problem
    assert problem is not None
    assert problem.startswith("entries 3 to 3 are missing: entry 3 was anchored")


async def test_an_anchor_shows_a_log_that_was_written_anew(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a", "b", "c")
    head = await anchoring.anchor(store, signer, OPERATOR)
    forged = await copied(store, up_to=3)

    assert (await verify(forged, OPERATOR)).problem is None
    problem = (await verify(forged, OPERATOR, anchors=[head])).problem
    assert problem is not None
    assert problem.startswith("entry 3 is not the one that was anchored outside")


async def test_heads_that_were_left_in_the_store_show_the_same(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a", "b", "c")
    await anchoring.sign_head(store, signer)

    forged = await copied(store, up_to=3, heads_up_to=3)
    cut = await copied(store, up_to=2, heads_up_to=3)

    problem = (await verify(forged, OPERATOR)).problem
    assert problem is not None
    assert problem.startswith("entry 3 is not the one that was signed")
    problem = (await verify(cut, OPERATOR)).problem
    assert problem is not None
    assert problem.startswith("entries 3 to 3 are missing: the store has a signed")


async def test_a_head_that_is_not_signed_as_it_says_is_named(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a")
    head = await anchoring.anchor(store, signer, OPERATOR)
    forged = replace(head, public_key=MemorySigner().public_key())

    problem = (await verify(store, OPERATOR, anchors=[forged])).problem
    assert problem == "the signature of the head of entry 1 is wrong"
    await store.transact(lambda uow: uow.audit.add_signed(forged))
    assert (await verify(store, OPERATOR)).problem == problem


async def test_the_newest_head_must_be_of_the_key_that_is_asked_for(
    store: Store, signer: MemorySigner
) -> None:
    await act(store, "a")
    assert (await verify(store, OPERATOR, key=signer.public_key())).problem is not None
    await anchoring.sign_head(store, signer)
    assert (await verify(store, OPERATOR, key=signer.public_key())).problem is None
    await act(store, "b")
    await anchoring.sign_head(store, MemorySigner())
    problem = (await verify(store, OPERATOR, key=signer.public_key())).problem
    assert problem == "the newest signed head is not of the key that it must be of"


async def test_only_who_may_read_all_of_the_log_anchors_it(
    signer: MemorySigner,
) -> None:
    with pytest.raises(Forbidden):
        await anchoring.anchor(MemoryStore(), signer, CAROL)


@pytest.mark.parametrize(
    "change",
    [
        {"entry": True},
        {"entry": "1"},
        {"hash": "AB"},
        {"time": "2026-11-21"},
        {"time": "2026-11-21T12:00:00+01:00"},
        {"time": 7},
        {"kind": "other"},
        {"more": 1},
        {"signature": None},
    ],
)
async def test_what_is_written_otherwise_is_no_head(
    change: dict[str, object], signer: MemorySigner
) -> None:
    store = MemoryStore()
    await act(store, "a")
    head = await anchoring.anchor(store, signer, OPERATOR)
    with pytest.raises(Invalid):
        parse_head({**head_facts(head), **change})
    with pytest.raises(Invalid):
        parse_head([])
