"""The directory out and in again: as rows, whatever form they are written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.directory import EntryKind
from postwarden.model.errors import Forbidden, Invalid, MailError, Refused
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, domains
from postwarden.services.directory import exporting
from postwarden.services.directory.importing import DirectoryImport, Tally
from postwarden.services.ports import Store
from postwarden.wire.directory import BadRow, Row, RowKind, Value
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    CAROL,
    audited,
    host,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at

Fields = tuple[RowKind, Mapping[str, Value]]


@dataclass
class Heard:
    """What an import told while it went on."""

    failures: dict[int, MailError] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def failed(self, error: MailError, *, row: int) -> None:
        self.failures[row] = error

    def kept(self, error: MailError, kind: RowKind, name: str) -> None:
        self.left.append(name)

    def done(self, rows: int) -> None:
        pass


async def exported(
    store: Store, actor: Actor = OPERATOR, *, hashes: bool = False
) -> list[Fields]:
    found: list[Fields] = []
    for kind in RowKind:
        after = ""
        while page := await store.read(
            exporting.page, actor, kind, after=after, limit=2, hashes=hashes
        ):
            found += [(row.kind, dict(row.fields)) for _, row in page]
            after = page[-1][0]
    return found


def numbered(rows: Sequence[Fields | str]) -> list[Row | BadRow]:
    return [
        BadRow(number, row) if isinstance(row, str) else Row(number, *row)
        for number, row in enumerate(rows, start=2)
    ]


async def imported(
    store: Store,
    rows: Sequence[Fields | str],
    *,
    actor: Actor = OPERATOR,
    replace: bool = False,
    allow_empty: bool = False,
) -> tuple[Tally, Heard]:
    heard = Heard()
    work = DirectoryImport(
        store, actor, lambda: numbered(rows), heard, check_hash=check_hash
    )
    return await work.run(replace=replace, allow_empty=allow_empty), heard


def check_hash(password_hash: str) -> None:
    if not password_hash.startswith("{"):
        raise Invalid("no hash", field="password_hash")


def domain(name: str, **fields: Value) -> Fields:
    return RowKind.DOMAIN, {"domain": name, **fields}


def account(address: str, **fields: Value) -> Fields:
    return RowKind.ACCOUNT, {"address": address, **fields}


def alias(address: str, *to: str, **fields: Value) -> Fields:
    return RowKind.ALIAS, {"address": address, "to": to, **fields}


# region any directory


_DOMAINS = ("a.example", "b.example", "c.example")
_LOCALS = ("ada", "bob", "=eve", "b b", "é")
_TARGETS: st.SearchStrategy[list[str]] = st.lists(
    st.sampled_from(
        ["ada@a.example", "bob@b.example", "x@else.where", '"b b"@c.example']
    ),
    min_size=1,
    max_size=3,
    unique=True,
)
_STATES = st.sampled_from(["active", "disabled"])
_QUOTAS = st.sampled_from(["0", "1", "1000000"])


@st.composite
def directories(draw: st.DrawFn) -> list[Fields]:
    """Rows of a whole directory, as an export would have them."""
    names = draw(st.lists(st.sampled_from(_DOMAINS), min_size=1, unique=True))
    rows: list[Fields] = []
    addresses: list[str] = []
    forwards: list[Fields] = []
    fields: dict[str, Value]
    for name in names:
        for local in draw(st.lists(st.sampled_from(_LOCALS), max_size=4, unique=True)):
            address = f'"{local}"@{name}' if " " in local else f"{local}@{name}"
            addresses.append(address)
            kind = draw(st.sampled_from(EntryKind))
            if kind is EntryKind.ACCOUNT:
                rows.append(
                    account(
                        address,
                        name=draw(st.sampled_from(["", "Ada L.", "=1+1", "no"])),
                        state=draw(_STATES),
                        quota_octets=draw(_QUOTAS),
                        quota_messages=draw(_QUOTAS),
                        password_hash=draw(st.sampled_from(["", "{X}hash"])),
                    )
                )
                targets = tuple(t for t in draw(_TARGETS) if t != address)
                keep: Value = draw(st.sampled_from(["true", "false"]))
                forwards_mail = draw(st.booleans())
                if targets and forwards_mail:
                    fields = {"address": address, "to": targets, "keep_copy": keep}
                    forwards.append((RowKind.FORWARD, fields))
                continue
            targets = tuple(t for t in draw(_TARGETS) if t != address)
            word = "to" if kind is EntryKind.ALIAS else "members"
            fields = {
                "address": address,
                word: targets or ("x@else.where",),
                "state": draw(_STATES),
            }
            rows.append((RowKind(kind.value), fields))
    takers = st.sampled_from(["", "x@else.where", *addresses])
    hosted = [
        domain(
            name,
            delimiter=draw(st.sampled_from(["", "+", "-"])),
            default_quota_octets=draw(_QUOTAS),
            default_quota_messages=draw(_QUOTAS),
            postmaster=draw(takers),
            catch_all=draw(takers),
        )
        for name in names
    ]
    other = {"domain_alias": "other.example", "of": draw(st.sampled_from(names))}
    others: list[Fields] = (
        [(RowKind.DOMAIN_ALIAS, other)] if draw(st.booleans()) else []
    )
    return [*hosted, *others, *rows, *forwards]


def in_order(rows: Sequence[Fields]) -> list[Fields]:
    kinds = list(RowKind)
    return sorted(rows, key=lambda row: (kinds.index(row[0]), repr(row[1])))


@settings(max_examples=40)
@given(directories())
async def test_what_is_imported_is_exported_again(rows: list[Fields]) -> None:
    store = MemoryStore()
    tally, heard = await imported(store, rows)

    assert heard.failures == {}
    assert tally.created == len(rows)
    found = await exported(store, hashes=True)
    assert in_order(found) == in_order(rows)
    again, _ = await imported(store, found)
    assert (again.unchanged, again.created, again.changed) == (len(rows), 0, 0)


@settings(max_examples=40)
@given(directories(), directories())
async def test_replacing_makes_any_directory_another(
    before: list[Fields], after: list[Fields]
) -> None:
    store = MemoryStore()
    await imported(store, before)
    # A password is changed, never taken away.
    after = [(kind, without_hash(fields)) for kind, fields in after]
    _, heard = await imported(store, after, replace=True, allow_empty=True)

    # An address that takes a domain's mail does not become another kind of thing.
    if not heard.left:
        assert heard.failures == {}
        assert in_order(await exported(store)) == in_order(after)


def without_hash(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if name != "password_hash"}


# endregion

SMALL: list[Fields] = [
    domain("example.org", delimiter="-", catch_all="ada@example.org"),
    account("ada@example.org", name="Ada", password_hash="{X}hash"),
    account("bob@example.org", state="disabled"),
    alias("sales@example.org", "ada@example.org", "x@else.where"),
    (RowKind.FORWARD, {"address": "bob@example.org", "to": ("ada@example.org",)}),
]


async def test_a_directory_is_made_in_any_order_of_rows(store: Store) -> None:
    tally, heard = await imported(store, SMALL[::-1])

    assert (tally.created, heard.failures) == (5, {})
    assert (await store.read(access.account, OPERATOR, ADA)).password_hash == "{X}hash"
    assert (await store.read(domains.get, OPERATOR, "example.org")).catch_all == ADA
    before = len(await audited(store))
    tally, _ = await imported(store, await exported(store, hashes=True))
    assert tally.unchanged == 5
    assert len(await audited(store)) == before


async def test_bad_rows_are_told_by_number_and_the_others_imported(
    store: Store,
) -> None:
    rows: list[Fields | str] = [
        domain("example.org"),
        "torn",
        account("nonsense"),
        account("ada@example.org", quota_octets="much"),
        account("bob@example.org", password_hash="plain"),
        account("x@absent.example"),
        alias("sales@example.org"),
        account("good@example.org"),
        account("GOOD@example.org"),
        domain("bad.example", delimiter="++"),
        (RowKind.FORWARD, {"address": "good@example.org", "to": "good@example.org"}),
        alias("list@example.org", "a@x.example", state="gone"),
    ]
    tally, heard = await imported(store, rows)

    assert sorted(heard.failures) == [3, 4, 5, 6, 7, 8, 10, 11, 12, 13]
    assert (tally.created, tally.failed) == (2, 10)
    assert not tally.is_failure


async def test_a_field_that_is_not_there_is_left_alone(store: Store) -> None:
    await imported(store, SMALL)
    tally, _ = await imported(
        store,
        [
            domain("example.org"),
            account("ada@example.org", quota_octets="7"),
            alias("sales@example.org", "bob@example.org"),
        ],
    )

    assert (tally.changed, tally.unchanged) == (2, 1)
    ada = await store.read(access.account, OPERATOR, ADA)
    assert (ada.name, ada.quota_octets, ada.password_hash) == ("Ada", 7, "{X}hash")
    assert (await store.read(domains.get, OPERATOR, "example.org")).delimiter == "-"


async def test_an_empty_field_empties(store: Store) -> None:
    await imported(store, SMALL)
    row = {"domain": "example.org", "catch_all": "", "delimiter": ""}
    await imported(store, [(RowKind.DOMAIN, row), account("ada@example.org", name="")])

    found = await store.read(domains.get, OPERATOR, "example.org")
    assert (found.catch_all, found.delimiter) == (None, "")
    assert (await store.read(access.account, OPERATOR, ADA)).name == ""


async def test_replacing_removes_what_has_no_row(store: Store) -> None:
    await imported(store, [*SMALL, domain("old.example"), account("x@old.example")])
    tally, heard = await imported(store, SMALL[:2], replace=True)

    assert heard.left == []
    assert tally.removed == 5  # bob, his forward, sales, x, old.example
    assert [task.name for task in tally.vaulting] == ["account.remove"] * 2
    assert [kind for kind, _ in await exported(store)] == ["domain", "account"]


async def test_an_address_may_become_another_kind_of_thing(store: Store) -> None:
    await imported(store, SMALL)
    rows = [*SMALL[:3], account("sales@example.org")]
    tally, heard = await imported(store, rows, replace=True)

    assert (heard.failures, heard.left) == ({}, [])
    assert (tally.created, tally.removed) == (1, 2)
    assert (await store.read(access.account, OPERATOR, at("sales"))).id


async def test_merging_makes_no_address_another_kind_of_thing(store: Store) -> None:
    await imported(store, SMALL)
    _, heard = await imported(store, [account("sales@example.org")])

    assert heard.failures[2].code == "already-exists"


async def test_what_is_no_directory_at_all_is_given_up(store: Store) -> None:
    rows: list[Fields | str] = [SMALL[0], *["torn"] * 1001]
    with pytest.raises(Invalid, match="nothing was imported"):
        await imported(store, rows)
    assert await exported(store) == []


async def test_where_a_row_fails_nothing_is_removed(store: Store) -> None:
    await imported(store, SMALL)
    tally, heard = await imported(store, [SMALL[0], SMALL[1], "torn"], replace=True)

    assert list(heard.failures) == [4]
    assert tally.removed == 0
    assert len(await exported(store)) == 5


@pytest.mark.parametrize(
    "rows",
    [[], [domain("example.org", catch_all="")], [domain("new.example")]],
    ids=["none", "domain", "other"],
)
async def test_nothing_is_emptied_by_accident(store: Store, rows: list[Fields]) -> None:
    await imported(store, SMALL)
    with pytest.raises(Refused, match="--allow-empty"):
        await imported(store, rows, replace=True)
    assert len(await exported(store)) == 5

    await imported(store, rows, replace=True, allow_empty=True)
    assert [kind for kind, _ in await exported(store)] == [kind for kind, _ in rows]


# region who may


async def test_the_directory_of_others_is_neither_exported_nor_imported(
    store: Store,
) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA, at("eve", "example.net"))
    await name_alias(store, at("sales", "example.net"), ADA)

    found = await exported(store, CAROL)
    assert [fields["address"] for _, fields in found[1:]] == ["ada@example.org"]
    rows = [
        *found,
        account("bob@example.org"),
        account("eve@example.net", state="disabled"),
        account("eve@absent.example", state="disabled"),
        domain("example.net", delimiter="-"),
        domain("absent.example", delimiter="-"),
    ]
    tally, heard = await imported(store, rows, actor=CAROL)
    assert tally.created == 1
    codes = [heard.failures[number].code for number in (5, 6, 7, 8)]
    assert codes == ["not-found", "not-found", "forbidden", "forbidden"]


async def test_replacing_removes_in_ones_own_domains_only(store: Store) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA, BOB, at("eve", "example.net"))
    rows = [domain("example.org"), account("ada@example.org")]
    tally, _ = await imported(store, rows, actor=CAROL, replace=True)

    assert tally.removed == 1
    assert len(await exported(store)) == 4


async def test_each_kind_takes_its_permission(store: Store) -> None:
    await imported(store, SMALL)
    reader = Actor(
        name="reader",
        permissions=frozenset({Permission.DIRECTORY_READ, Permission.ALIAS_WRITE}),
    )
    rows = [
        *SMALL,
        account("ada@example.org", name="Eve"),
        alias("new@example.org", "x@else.where"),
    ]
    tally, heard = await imported(store, rows[:4] + rows[6:], actor=reader)
    assert (tally.created, heard.failures) == (1, {})
    _, heard = await imported(store, [rows[5]], actor=reader)
    assert isinstance(heard.failures[2], Forbidden)


async def test_password_hashes_are_for_who_may_make_backups(store: Store) -> None:
    await imported(store, SMALL)
    carol = replace(CAROL, permissions=CAROL.permissions - {Permission.BACKUP})
    with pytest.raises(Forbidden, match="backup"):
        await store.transact(exporting.begin, carol, hashes=True)
    with pytest.raises(Forbidden, match="backup"):
        await exported(store, carol, hashes=True)

    before = len(await audited(store))
    await store.transact(exporting.begin, OPERATOR, hashes=True)
    [entry] = (await audited(store))[before:]
    assert (entry.action, entry.object) == ("directory.export", "directory")
    assert "{X}hash" not in str(await audited(store))


async def test_a_disabled_account_is_imported_disabled(store: Store) -> None:
    await imported(store, SMALL)
    bob = await store.read(accounts.mailboxes, OPERATOR, BOB)
    assert bob[0].state is AccountState.DISABLED


# endregion
