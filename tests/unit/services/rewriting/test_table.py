"""The table of all rewriting, and where mail goes by it."""

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import Forbidden, Invalid, NotFound, Refused
from postwarden.model.ledger import Event
from postwarden.model.permissions import EVERYTHING
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services import accounts, delivery, domains, resolution, submission
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.resolution import Resolution, Rules
from postwarden.services.rewriting import senders, srs, table
from tests.support.factories import NOW
from tests.unit.services.world import RULES, add_domain, at, people

K = RewriteKind
ORG, NET = Source("", "example.org"), "example.net"


def address(kind: RewriteKind, source: str, target: str) -> Rewrite:
    parsed = Address.parse(source), Address.parse(target)
    return Rewrite(source=Source.of(parsed[0]), kind=kind, target=parsed[1])


async def write(store: Store, *rewrites: Rewrite) -> None:
    await store.transact(people)
    for each in rewrites:
        assert await store.transact(table.add, OPERATOR, each)


async def places(store: Store, *recipients: str, rules: Rules = RULES) -> set[str]:
    found = await resolve(store, *recipients, rules=rules)
    return {str(local.address) for local, _ in found.locals_.values()} | {
        str(foreign.address) for foreign, _ in found.foreign.values()
    }


async def resolve(store: Store, *recipients: str, rules: Rules = RULES) -> Resolution:
    parsed = [Address.parse(each) for each in recipients]
    return await store.read(resolution.resolve, rules, parsed)


async def test_what_the_directory_can_say_is_said_there(store: Store) -> None:
    await write(
        store,
        address(K.ALIAS, "sales@example.org", "ada@example.org"),
        address(K.GROUP, "team@example.org", "ada@example.org"),
        address(K.GROUP, "team@example.org", "x@example.com"),
        address(K.FORWARD, "ada@example.org", "x@example.com"),
        address(K.FORWARD, "ada@example.org", "ada@example.org"),
    )
    assert await store.read(lambda uow: uow.rewrites.page(limit=9)) == []
    names = [at("sales"), at("team"), at("ada")]
    found = await store.read(lambda uow: uow.directory.find_many(names))
    sales, team, ada = filter(None, found)
    assert sales.kind is EntryKind.ALIAS
    assert len(team.targets) == 2
    assert ada.keep_copy
    of_ada = await store.read(table.of, OPERATOR, Source.of(at("ada")))
    assert [str(each.target) for each in of_ada] == ["ada@example.org", "x@example.com"]


async def test_what_goes_leaves_nothing_in_the_directory(store: Store) -> None:
    rewrites = [
        address(K.FORWARD, "ada@example.org", "ada@example.org"),
        address(K.FORWARD, "ada@example.org", "x@example.com"),
        address(K.GROUP, "team@example.org", "ada@example.org"),
        address(K.ALIAS, "ada@example.org", "bob@example.org"),
    ]
    await write(store, *rewrites)
    for each in (rewrites[1], rewrites[0], *rewrites[2:]):
        assert await store.transact(table.remove, OPERATOR, each)
        assert not await store.transact(table.remove, OPERATOR, each)
    assert await store.read(lambda uow: uow.rewrites.page(limit=9)) == []
    assert await store.read(lambda uow: uow.directory.find(at("team"))) is None
    assert await places(store, "ada@example.org") == {"ada@example.org"}


async def test_several_kinds_lead_away_from_one_address(store: Store) -> None:
    await write(
        store,
        address(K.ADDRESS, "ada@example.org", "bob@example.org"),
        address(K.ALIAS, "ada@example.org", "x@example.com"),
        Rewrite(source=Source.of(at("ada")), kind=K.REGEX, target="a.*:y@example.com"),
        Rewrite(source=Source.of(at("ada")), kind=K.REGEX, target="b.*:z@example.com"),
    )
    wanted = {"bob@example.org", "x@example.com", "y@example.com"}
    assert await places(store, "ada@example.org") == wanted
    assert await places(store, "ada+tag@example.org") == wanted
    found = await resolve(store, "ada@example.org")
    assert found.steps[0][0].event is Event.EXPAND


async def test_an_address_that_leads_to_itself_keeps_a_copy(store: Store) -> None:
    await write(
        store,
        address(K.FORWARD, "ada@example.org", "ada@example.org"),
        address(K.ADDRESS, "ada@example.org", "x@example.com"),
    )
    assert await places(store, "ada@example.org") == {
        "ada@example.org",
        "x@example.com",
    }


async def test_a_domain_is_rewritten_but_for_what_leads_away_itself(
    store: Store,
) -> None:
    await write(
        store,
        Rewrite(source=ORG, kind=K.DOMAIN, target="example.com"),
        address(K.ADDRESS, "bob@example.org", "y@example.com"),
    )
    assert await places(store, "ada@example.org") == {"ada@example.com"}
    assert await places(store, "nobody@example.org") == {"nobody@example.com"}
    assert await places(store, "bob@example.org") == {"y@example.com"}


async def test_every_domain_is_rewritten_where_nothing_else_is_said(
    store: Store,
) -> None:
    every = Source("", "*")
    await write(
        store,
        Rewrite(source=every, kind=K.REGEX, target="(no.*)@.*:${1}@example.com"),
    )
    assert await places(store, "nobody@example.org") == {"nobody@example.com"}
    assert await places(store, "ada@example.org") == {"ada@example.org"}
    assert await places(store, "x@elsewhere.example") == {"x@elsewhere.example"}


async def test_an_error_refuses_in_its_own_words(store: Store) -> None:
    source = Source.of(at("old"))
    await write(store, Rewrite(source=source, kind=K.ERROR, target="moved to Mars"))
    with pytest.raises(Refused, match="moved to Mars"):
        await store.read(delivery.check_recipient, RULES, at("old"))
    found = await resolve(store, "old@example.org")
    assert [step.detail for step, _ in found.steps] == ["moved to Mars"]


async def test_circles_are_refused(store: Store) -> None:
    await write(store, address(K.ADDRESS, "a@example.org", "b@example.org"))
    await store.transact(
        table.add, OPERATOR, address(K.GROUP, "b@example.org", "c@example.org")
    )
    for kind in (K.ADDRESS, K.GROUP, K.ALIAS):
        with pytest.raises(table.Loop):
            await store.transact(
                table.add, OPERATOR, address(kind, "c@example.org", "a@example.org")
            )
    with pytest.raises(Invalid):
        await store.transact(
            table.add, OPERATOR, address(K.ADDRESS, "a@example.org", "A@example.org")
        )


async def test_mail_in_a_circle_stays_with_who_has_a_mailbox(store: Store) -> None:
    """What is not seen as a circle when it is made does no harm."""

    def circle(uow: UnitOfWork) -> None:
        for each in (
            address(K.ADDRESS, "ada@example.org", "bob@example.org"),
            address(K.ADDRESS, "bob@example.org", "ada@example.org"),
        ):
            uow.rewrites.add(each)
        uow.rewrites.add(Rewrite(source=ORG, kind=K.DOMAIN, target=NET))
        add_domain(uow, NET)
        back = Source("", NET)
        uow.rewrites.add(Rewrite(source=back, kind=K.DOMAIN, target="example.org"))

    await store.transact(people)
    await store.transact(circle)
    assert await places(store, "ada@example.org") == {"ada@example.org"}
    assert await places(store, "nobody@example.org") == set()


async def test_aliases_alone_are_to_send_from(store: Store) -> None:
    await write(
        store,
        address(K.ALIAS, "sales@example.org", "ada@example.org"),
        address(K.ALIAS, "shop@example.org", "sales@example.org"),
        address(K.ALIAS, "bob@example.org", "ada@example.org"),
        address(K.GROUP, "team@example.org", "ada@example.org"),
        address(K.FORWARD, "carol@example.org", "ada@example.org"),
    )

    def names(uow: UnitOfWork) -> None:
        add_domain(uow, NET)
        domains.create_alias(uow, OPERATOR, "example.de", of="example.org")
        alias = Rewrite(source=Source("", NET), kind=K.DOMAIN_ALIAS, target=ORG.domain)
        table.add(uow, OPERATOR, alias)

    await store.transact(names)
    allowed = {"ada", "sales", "shop", "bob"}
    for local in ("ada", "sales", "shop", "bob", "team", "carol", "nobody"):
        for domain in ("example.org", "example.de", NET):
            path = Address(local, domain)
            if local in allowed:
                await store.read(submission.check_sender, "ada@example.org", path)
            else:
                with pytest.raises(Forbidden):
                    await store.read(submission.check_sender, "ada@example.org", path)
    listed = await store.read(senders.addresses_of, OPERATOR, at("ada"))
    assert {str(each) for each in listed} == {
        f"{local}@{domain}"
        for local in allowed
        for domain in ("example.org", "example.de", NET)
    }
    assert listed[0] == at("ada")


async def test_another_domain_is_not_rewritten(store: Store) -> None:
    carol = Actor(
        name="carol", permissions=EVERYTHING, domains=frozenset({"example.net"})
    )
    await write(store)
    with pytest.raises(NotFound):
        await store.transact(
            table.add, carol, address(K.ADDRESS, "a@example.org", "b@example.com")
        )
    for source in (Source("", "*"), Source("ada", "")):
        pattern = Rewrite(source=source, kind=K.REGEX, target=".*:x@example.com")
        with pytest.raises(Forbidden):
            await store.transact(table.add, carol, pattern)


async def test_a_removed_domain_takes_its_rewrites_along(store: Store) -> None:
    def live_and_die(uow: UnitOfWork) -> None:
        domains.create(uow, OPERATOR, "gone.example")
        for source in (Source("", "gone.example"), Source("x", "gone.example")):
            each = Rewrite(source=source, kind=K.REGEX, target="x.*:y@example.com")
            table.add(uow, OPERATOR, each)
        domains.remove(uow, OPERATOR, "gone.example")
        assert uow.rewrites.page(limit=9) == []

    await store.transact(people)
    await store.transact(live_and_die)


async def test_targets_follow_an_account_that_is_renamed(store: Store) -> None:
    await write(store, address(K.ADDRESS, "info@example.org", "ada@example.org"))
    await store.transact(accounts.rename, OPERATOR, at("ada"), at("zoe"))
    assert await places(store, "info@example.org") == {"zoe@example.org"}


async def test_a_bounce_of_forwarded_mail_finds_its_sender(store: Store) -> None:
    await write(store)
    rules = Rules(host="mail.example.org", srs=b"s" * 32)
    now = await store.read(lambda uow: uow.now)
    made = srs.forwarded(b"s" * 32, Address("zoe", "far.example"), "example.org", now)
    assert await places(store, str(made), rules=rules) == {"zoe@far.example"}
    forged = str(made).replace("zoe", "eve")
    assert await places(store, forged, rules=rules) == set()
    assert await places(store, str(made)) == set()
    assert now >= NOW
