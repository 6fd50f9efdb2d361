"""Finding and tracing stop at the domains of whoever looks."""

from dataclasses import replace

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import Forbidden, NotFound
from postwarden.model.permissions import EVERYTHING
from postwarden.model.queries import Query, Scope, parse
from postwarden.model.queries.terms import Similar, SimilarTo
from postwarden.services import access, domains, finding, tracing
from postwarden.services.ports import References, Store, UnitOfWork
from postwarden.services.traceids import new_trace_id
from tests.support import factories
from tests.support.factories import NOW
from tests.unit.services.registry import CAROL, MALLORY
from tests.unit.services.world import add_account, add_domain, at, deliver, envelope

ADA, EVE = at("ada"), at("eve", "example.net")
NOWHERE = replace(CAROL, domains=frozenset())
ALL = parse("all", now=NOW)


async def two_tenants(store: Store) -> None:
    def build(uow: UnitOfWork) -> None:
        for address in (ADA, EVE):
            add_domain(uow, address.domain)
            add_account(uow, address)

    await store.transact(build)


async def seen_by(store: Store, actor: Actor, query: Query = ALL) -> set[str]:
    found = await store.read(finding.find, actor, query, {})
    return {facts.address for facts in await store.read(finding.facts, found)}


async def traced_by(
    store: Store, actor: Actor, query: Query = ALL
) -> set[tuple[str | None, str | None]]:
    found = await store.read(tracing.trace, actor, query, {})
    rows = await store.read(tracing.rows, found)
    return {(row.reverse_path, row.forward_path) for row in rows}


@pytest.mark.parametrize(
    "text", ["all", "subject:hello", "-is:read", "from:x OR account:eve@example.net"]
)
async def test_copies_are_found_in_ones_domains_only(store: Store, text: str) -> None:
    await two_tenants(store)
    await deliver(store, factories.message("hello"), ADA, EVE)
    query = parse(text, now=NOW)
    everyone = {str(ADA), str(EVE)} & await seen_by(store, OPERATOR, query)
    assert await seen_by(store, CAROL, query) == everyone & {str(ADA)}
    assert await seen_by(store, MALLORY, query) == everyone & {str(EVE)}


async def test_who_manages_no_domain_sees_nothing(store: Store) -> None:
    await two_tenants(store)
    await deliver(store, factories.message("hello"), ADA, EVE)
    assert await seen_by(store, NOWHERE) == set()
    assert await traced_by(store, NOWHERE) == set()


async def test_a_forged_reverse_path_shows_no_recipients_of_others(
    store: Store,
) -> None:
    await two_tenants(store)
    # Carol's tenant sends to Mallory's, or so the envelope says.
    forged = envelope(EVE, reverse_path=ADA)
    await store.transact(
        lambda uow: uow.ledger.record(
            [
                factories.ledger_event(
                    trace_id=new_trace_id(uow.now),
                    has_envelope=True,
                    reverse_path=forged.reverse_path,
                    forward_path=EVE,
                )
            ]
        )
    )
    sent = parse("envelope-from:ada@example.org", now=NOW)
    assert await traced_by(store, OPERATOR, sent) == {(str(ADA), str(EVE))}
    assert await traced_by(store, CAROL, sent) == set()
    assert await traced_by(store, MALLORY, sent) == {(str(ADA), str(EVE))}


@pytest.mark.parametrize("scope", [Scope.FIND, Scope.TRACE])
async def test_a_message_of_others_cannot_be_named(store: Store, scope: Scope) -> None:
    await two_tenants(store)
    foreign, own = factories.message("foreign"), factories.message("own")
    await deliver(store, foreign, EVE, trace_id="t1")
    await deliver(store, own, ADA, trace_id="t2")

    async def named(value: str, kind: SimilarTo) -> References:
        leaf = Similar(kind, value)
        found = await store.read(
            finding.resolve_similar, CAROL, Query(leaf), {}, scope=scope
        )
        return found[leaf]

    for kind, value in (
        (SimilarTo.SHA256, foreign.sha256.hex()),
        (SimilarTo.MESSAGE_ID, foreign.message_id or ""),
    ):
        with pytest.raises(NotFound):
            await named(value, kind)
    assert (await named(own.sha256.hex(), SimilarTo.SHA256)).sha256s == {own.sha256}


async def test_a_reused_message_id_names_ones_own_mail_only(store: Store) -> None:
    await two_tenants(store)
    for name, address in (("a", ADA), ("b", EVE)):
        mail = factories.message(name, message_id="reused@example.com")
        await deliver(store, mail, address, trace_id=name)
    leaf = Similar(SimilarTo.MESSAGE_ID, "reused@example.com")
    found = await store.read(finding.resolve_similar, CAROL, Query(leaf), {})
    assert found[leaf].sha256s == {factories.digest("a")}


async def test_a_file_is_like_ones_own_mail_only(store: Store) -> None:
    await two_tenants(store)
    mail = factories.message("hello")
    await deliver(store, mail, EVE)
    leaf = Similar(SimilarTo.FILE, "x.eml")
    known = {leaf: References(sha256s=frozenset({mail.sha256}))}
    stored = await store.read(finding.stored_like, MALLORY, leaf, known)
    assert stored.value == mail.sha256.hex()
    with pytest.raises(NotFound):
        await store.read(finding.stored_like, CAROL, leaf, known)


@pytest.mark.parametrize("scope", Scope)
async def test_looking_takes_the_right_to_look_there(
    store: Store, scope: Scope
) -> None:
    lesser = replace(CAROL, permissions=EVERYTHING - {finding.LOOKING[scope]})
    with pytest.raises(Forbidden):
        await store.read(finding.resolve_similar, lesser, ALL, {}, scope=scope)
    if scope is Scope.TRACE:
        with pytest.raises(Forbidden):
            await store.read(tracing.trace, lesser, ALL, {})
    else:
        with pytest.raises(Forbidden):
            await store.read(finding.find, lesser, ALL, {}, scope=scope)


def test_who_manages_every_domain_asks_as_written() -> None:
    query = parse("from:ada", now=NOW)
    assert access.narrowed(OPERATOR, query, Scope.FIND) is query


async def test_catch_all_says_nothing_of_addresses_of_others(store: Store) -> None:
    await two_tenants(store)
    for target in (EVE, Address("ghost", EVE.domain), at("ghost", "absent.example")):
        changed = await store.transact(
            domains.change, CAROL, "example.org", catch_all=target
        )
        assert changed.catch_all == target
