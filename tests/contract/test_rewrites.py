"""Where mail goes instead, as it is kept."""

from postwarden.model.addresses import Address
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services.ports import Store, UnitOfWork

ADA = Source("ada", "example.org")
ORG = Source("", "example.org")
EVERY = list(RewriteKind)


def rewrite(source: Source, kind: RewriteKind, target: Address | str) -> Rewrite:
    return Rewrite(source=source, kind=kind, target=target)


BOB = rewrite(ADA, RewriteKind.ADDRESS, Address("Bob", "example.org"))
ODD = rewrite(ADA, RewriteKind.ALIAS, Address("a b", "example.net"))
PATTERN = rewrite(ADA, RewriteKind.REGEX, "a.*:x@example.net")
NET = rewrite(ORG, RewriteKind.DOMAIN, "example.net")
ERROR = rewrite(Source("", "*"), RewriteKind.ERROR, "gone")
NOWHERE = rewrite(Source("ada", ""), RewriteKind.REGEX, "x")
ALL = [BOB, ODD, PATTERN, NET, ERROR, NOWHERE]


def told(rewrites: list[Rewrite]) -> list[tuple[str, str, str]]:
    return [(str(each.source), each.kind.value, str(each.target)) for each in rewrites]


def _fill(uow: UnitOfWork) -> None:
    assert all(uow.rewrites.add(each) for each in ALL)


async def test_rewrites_come_back_as_they_were_written(store: Store) -> None:
    await store.transact(_fill)

    def look(uow: UnitOfWork) -> None:
        assert told(uow.rewrites.of([ADA.key])) == told([BOB, ODD, PATTERN])
        assert told(uow.rewrites.of([ORG.key, "*/"])) == told([NET, ERROR])
        assert told(uow.rewrites.of(["/ada"])) == told([NOWHERE])
        assert uow.rewrites.of([ADA.key])[1].target == Address("a b", "example.net")
        assert uow.rewrites.of(["example.org/nobody"]) == []

    await store.read(look)


async def test_the_like_of_one_is_the_same(store: Store) -> None:
    """Addresses are equal by their keys; texts as they are written."""
    await store.transact(_fill)
    again = rewrite(ADA, RewriteKind.ADDRESS, Address("BOB", "example.org"))
    other = rewrite(ADA, RewriteKind.REGEX, "A.*:x@example.net")

    def work(uow: UnitOfWork) -> None:
        assert not uow.rewrites.add(again)
        assert uow.rewrites.add(other)
        assert uow.rewrites.remove(again)
        assert not uow.rewrites.remove(again)
        assert uow.rewrites.remove(other)
        assert not uow.rewrites.remove(rewrite(ORG, RewriteKind.DOMAIN, "example.com"))
        assert told(uow.rewrites.of([ADA.key])) == told([ODD, PATTERN])

    await store.transact(work)


async def test_pages_follow_the_ids(store: Store) -> None:
    await store.transact(_fill)

    def look(uow: UnitOfWork) -> None:
        first = uow.rewrites.page(limit=4)
        rest = uow.rewrites.page(after=first[-1].id, limit=4)
        assert told([*first, *rest]) == told(ALL)
        own = uow.rewrites.page(domain="example.org", limit=9)
        assert told(own) == told([BOB, ODD, PATTERN, NET])
        kinds = [RewriteKind.REGEX, RewriteKind.ERROR]
        some = uow.rewrites.page(kinds=kinds, limit=9)
        assert told(some) == told([PATTERN, ERROR, NOWHERE])

    await store.read(look)


async def test_they_are_found_by_what_they_lead_to(store: Store) -> None:
    await store.transact(_fill)

    def look(uow: UnitOfWork) -> None:
        key = Address("bob", "example.org").key
        assert told(uow.rewrites.leading_to(key, EVERY, 9)) == told([BOB])
        assert uow.rewrites.leading_to(key, [RewriteKind.ALIAS], 9) == []
        assert told(uow.rewrites.leading_to("example.net/", EVERY, 9)) == told([NET])
        assert uow.rewrites.leading_to("", EVERY, 9) == []

    await store.read(look)


async def test_targets_are_repointed_and_domains_forgotten(store: Store) -> None:
    await store.transact(_fill)

    def work(uow: UnitOfWork) -> None:
        bob, zoe = Address("bob", "example.org"), Address("zoe", "example.org")
        assert uow.rewrites.repoint(bob, zoe) == 1
        moved = rewrite(ADA, RewriteKind.ADDRESS, zoe)
        assert told(uow.rewrites.leading_to(zoe.key, EVERY, 9)) == told([moved])
        assert uow.rewrites.remove_in("example.org") == 4
        assert told(uow.rewrites.page(limit=9)) == told([ERROR, NOWHERE])

    await store.transact(work)
