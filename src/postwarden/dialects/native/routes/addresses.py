"""Aliases, groups, lists and forwards: addresses that lead to others."""

from functools import partial
from typing import Any

from msgspec import UNSET

from postwarden.dialects.native import bulk
from postwarden.dialects.native.answers import BulkShape, Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Named, Operations
from postwarden.dialects.native.references import (
    account_address,
    domain_or_none,
    entry_address,
    given,
    parsed,
)
from postwarden.dialects.native.schemas.directory import (
    AliasChange,
    ForwardChange,
    MembersChange,
    NewAlias,
    NewAliases,
    NewForward,
    NewForwards,
    NewGroups,
    NewLists,
    NewMembers,
)
from postwarden.dialects.native.schemas.fields import InDomain, Writing
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.accounts import AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.permissions import Permission
from postwarden.services import entries
from postwarden.services import forwards as service
from postwarden.services.ports import UnitOfWork

aliases = Operations("Aliases")
groups = Operations("Groups")
lists = Operations("Lists")
forwards = Operations("Forwards")

_BOB = {"account": "bob@example.org"}


def _add(
    operations: Operations,
    kind: EntryKind,
    *,
    writing: Permission,
    shape: Any,
    new: type[NewAlias] | type[NewMembers],
    many: type[NewAliases] | type[NewGroups] | type[NewLists],
    change: type[AliasChange] | type[MembersChange],
    example: dict[str, object],
) -> None:
    """Add the operations of one kind; `example` has targets of its own."""
    plural = "/aliases" if kind is EntryKind.ALIAS else f"/{kind}s"
    named = {"address": f"the-{kind}@example.org"}
    one = f"{plural}/{{address}}"

    async def list_(call: Call, query: InDomain) -> Any:
        """List them in order of domain and name."""
        domain = domain_or_none(query.domain)
        return await call.page(
            query,
            lambda uow, after, limit: entries.page(
                uow, call.actor, kind, domain=domain, after=after, limit=limit
            ),
            first="",
            key=lambda entry: entry.address.key,
            shape=shapes.entry,
            total=lambda uow: entries.total(uow, call.actor, kind, domain=domain),
        )

    async def create(call: Call, query: Writing, body: Any) -> Any:
        """Create one that leads to others, here or elsewhere."""
        new = _new(kind, body)
        return await call.write(
            lambda uow: shapes.entry(entries.create(uow, call.actor, kind, *new)),
            at=lambda shape: (plural.strip("/"), shape["address"]),
        )

    async def create_many(call: Call, query: Writing, body: Any) -> Any:
        """Create many; each has a status of its own, and none stops the others."""
        items = [bulk.read(e.address, partial(_new, kind, e)) for e in body_of(body)]
        return await call.write(
            lambda uow: bulk.create_each(
                items, lambda new: entries.create(uow, call.actor, kind, *new)
            )
        )

    def body_of(body: Any) -> Any:
        return getattr(body, plural.strip("/"))

    async def show(call: Call, address: str) -> Any:
        """Show where it leads."""
        return await call.one(_named, call.actor, kind, address)

    async def change_(call: Call, address: str, query: Writing, body: Any) -> Any:
        """Let it lead to others, to more or to less; or switch mail off and on."""
        targets = getattr(body, _word(kind))
        return await call.write(
            lambda uow: shapes.entry(
                entries.change(
                    uow,
                    call.actor,
                    kind,
                    entry_address(uow, call.actor, kind, address),
                    targets=None if targets is UNSET else parsed(targets),
                    add=parsed(body.add),
                    remove=parsed(body.remove),
                    enabled=None
                    if body.state is UNSET
                    else body.state == AccountState.ACTIVE.value,
                )
            ),
            current=lambda uow: _named(uow, call.actor, kind, address),
        )

    async def remove(call: Call, address: str, query: Writing) -> Any:
        """Take it away; who it led to stays."""
        return await call.write(
            lambda uow: shapes.entry(
                entries.remove(
                    uow, call.actor, kind, entry_address(uow, call.actor, kind, address)
                )
            ),
            current=lambda uow: _named(uow, call.actor, kind, address),
        )

    targets = {_word(kind): ["ada@example.org", "eve@example.net"]}
    made = Example(body={"address": f"new-{kind}@example.org", **targets})
    there = Example(variables=named)
    written = Written[shape]
    operations.get(
        plural,
        Permission.DIRECTORY_READ,
        named=Named(id=f"list_{plural.strip('/')}", answer=Listed[shape]),
    )(list_)
    operations.post(
        plural,
        writing,
        example=made,
        named=Named(id=f"create_{kind}", answer=written, body=new),
    )(create)
    operations.post(
        f"{plural}/bulk",
        writing,
        status=207,
        example=Example(body={plural.strip("/"): [made.body]}),
        named=Named(
            id=f"create_{plural.strip('/')}", answer=Written[BulkShape], body=many
        ),
    )(create_many)
    operations.get(
        one,
        *(Permission.DIRECTORY_READ, writing),
        example=there,
        named=Named(id=f"show_{kind}", answer=One[shape]),
    )(show)
    operations.patch(
        one,
        writing,
        example=Example(variables=named, body=example),
        named=Named(id=f"change_{kind}", answer=written, body=change),
    )(change_)
    operations.delete(
        one,
        writing,
        example=there,
        named=Named(id=f"remove_{kind}", answer=written),
    )(remove)


def _word(kind: EntryKind) -> str:
    return "to" if kind is EntryKind.ALIAS else "members"


def _new(kind: EntryKind, body: Any) -> tuple[Address, list[Address]]:
    return Address.parse(body.address), parsed(getattr(body, _word(kind)))


def _named(
    uow: UnitOfWork, actor: Actor, kind: EntryKind, reference: str
) -> shapes.AliasShape | shapes.MembersShape:
    address = entry_address(uow, actor, kind, reference)
    return shapes.entry(entries.get(uow, actor, kind, address))


_add(
    aliases,
    EntryKind.ALIAS,
    writing=Permission.ALIAS_WRITE,
    shape=shapes.AliasShape,
    new=NewAlias,
    many=NewAliases,
    change=AliasChange,
    example={"add": ["eve@example.net"]},
)
_add(
    groups,
    EntryKind.GROUP,
    writing=Permission.GROUP_WRITE,
    shape=shapes.MembersShape,
    new=NewMembers,
    many=NewGroups,
    change=MembersChange,
    example={"remove": ["ada@example.org"]},
)
_add(
    lists,
    EntryKind.LIST,
    writing=Permission.LIST_WRITE,
    shape=shapes.MembersShape,
    new=NewMembers,
    many=NewLists,
    change=MembersChange,
    example={"state": "disabled"},
)


@forwards.get("/forwards", Permission.DIRECTORY_READ)
async def list_forwards(call: Call, query: InDomain) -> Listed[shapes.ForwardShape]:
    """List the accounts whose mail is forwarded."""
    domain = domain_or_none(query.domain)
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow, call.actor, domain=domain, after=after, limit=limit
        ),
        first="",
        key=lambda entry: entry.address.key,
        shape=shapes.forward,
    )


@forwards.post(
    "/forwards",
    Permission.FORWARD_WRITE,
    example=Example(body={"address": "ada@example.org", "to": ["ada@example.net"]}),
)
async def create_forward(
    call: Call, query: Writing, body: NewForward
) -> Written[shapes.ForwardShape]:
    """Forward the mail of an account."""
    address, targets = Address.parse(body.address), parsed(body.to)
    return await call.write(
        lambda uow: shapes.forward(
            service.create(uow, call.actor, address, targets, keep_copy=body.keep_copy)
        ),
        at=lambda shape: ("forwards", shape["address"]),
    )


@forwards.post(
    "/forwards/bulk",
    Permission.FORWARD_WRITE,
    status=207,
    example=Example(
        body={"forwards": [{"address": "ada@example.org", "to": ["a@example.net"]}]}
    ),
)
async def create_forwards(
    call: Call, query: Writing, body: NewForwards
) -> Written[BulkShape]:
    """Forward the mail of many; each has a status of its own."""
    items = [
        bulk.read(each.address, partial(_new_forward, each)) for each in body.forwards
    ]
    return await call.write(
        lambda uow: bulk.create_each(
            items,
            lambda new: service.create(uow, call.actor, *new[:2], keep_copy=new[2]),
        )
    )


def _new_forward(body: NewForward) -> tuple[Address, list[Address], bool]:
    return Address.parse(body.address), parsed(body.to), body.keep_copy


@forwards.get(
    "/forwards/{account}",
    Permission.DIRECTORY_READ,
    Permission.FORWARD_WRITE,
    example=Example(variables=_BOB),
)
async def show_forward(call: Call, account: str) -> One[shapes.ForwardShape]:
    """Show where the mail of an account goes."""
    return await call.one(_forward, call.actor, account)


def _forward(uow: UnitOfWork, actor: Actor, account: str) -> shapes.ForwardShape:
    return shapes.forward(_forwarding(uow, actor, account))


def _forwarding(uow: UnitOfWork, actor: Actor, account: str) -> Entry:
    return service.of_account(uow, actor, account_address(uow, actor, account))


@forwards.patch(
    "/forwards/{account}",
    Permission.FORWARD_WRITE,
    example=Example(variables=_BOB, body={"keep_copy": True}),
)
async def change_forward(
    call: Call, account: str, query: Writing, body: ForwardChange
) -> Written[shapes.ForwardShape]:
    """Forward the mail of an account elsewhere, or keep a copy or none."""
    targets = None if body.to is UNSET else parsed(body.to)
    return await call.write(
        lambda uow: shapes.forward(
            service.change(
                uow,
                call.actor,
                account_address(uow, call.actor, account),
                targets=targets,
                keep_copy=given(body.keep_copy),
            )
        ),
        current=lambda uow: _forward(uow, call.actor, account),
    )


@forwards.delete(
    "/forwards/{account}", Permission.FORWARD_WRITE, example=Example(variables=_BOB)
)
async def remove_forward(
    call: Call, account: str, query: Writing
) -> Written[shapes.ForwardShape]:
    """Deliver the mail of an account to itself again."""
    return await call.write(
        lambda uow: shapes.forward(
            service.remove(uow, call.actor, account_address(uow, call.actor, account))
        ),
        current=lambda uow: _forward(uow, call.actor, account),
    )
