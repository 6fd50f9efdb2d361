"""The table of all rewriting: what the directory says, and what it has no word for.

Who writes here names a source, a kind and a target. What the directory can say becomes
an alias, a group or a forward there, which others see and change as such; the rest is
kept as a row: a second kind of way from one address, addresses, domains, patterns and
refusals. Reading shows both as one.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias
from postwarden.model.errors import Invalid, LimitExceeded, Refused
from postwarden.model.permissions import Permission
from postwarden.model.rewrites import (
    EVERY_DOMAIN,
    TO_ADDRESS,
    TO_DOMAIN,
    Rewrite,
    RewriteKind,
    Source,
)
from postwarden.services import access, audit, entries, forwards
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import loops, patterns

MAX_OF_SOURCE = 1000  # rows that lead away from one source: each mail reads them all
MAX_TEXT = 500  # characters of a refusal
_P = Permission
_OF_ENTRY = {
    EntryKind.ACCOUNT: RewriteKind.FORWARD,
    EntryKind.ALIAS: RewriteKind.ALIAS,
    EntryKind.GROUP: RewriteKind.GROUP,
    EntryKind.LIST: RewriteKind.GROUP,
}


class Loop(Refused):
    """A way that would lead back to where it begins."""


def rights_to(rewrite: Rewrite) -> tuple[Permission, ...]:
    """Return what it takes to write a rewrite.

    One that may stand at an account's address takes what a forward takes too.
    """
    if rewrite.source.address is None or rewrite.kind in TO_DOMAIN:
        return (_P.DOMAIN_ALIAS_WRITE,)
    match rewrite.kind:
        case RewriteKind.GROUP:
            return (_P.GROUP_WRITE,)
        case RewriteKind.ALIAS:
            return (_P.ALIAS_WRITE,)
        case RewriteKind.FORWARD:
            return (_P.FORWARD_WRITE,)
    return (_P.ALIAS_WRITE, _P.FORWARD_WRITE)


def add(uow: UnitOfWork, actor: Actor, rewrite: Rewrite) -> bool:
    """Lead mail from a source to a target; return False when it is so already.

    Raises NotFound for a source in a domain that is not there or not the actor's,
    Invalid, Loop, LimitExceeded.
    """
    access.require(actor, *rights_to(rewrite))
    _check_source(uow, actor, rewrite.source)
    checked = _checked(rewrite)
    if any(_same(each, checked) for each in _of(uow, checked.source)):
        return False
    _check_circle(uow, checked)
    if not _in_directory(uow, actor, checked, _add):
        _add_row(uow, actor, checked)
    return True


def remove(uow: UnitOfWork, actor: Actor, rewrite: Rewrite) -> bool:
    """Lead mail there no more; return False when it was not so. Raises NotFound."""
    access.require(actor, *rights_to(rewrite))
    _check_source(uow, actor, rewrite.source)
    if _in_directory(uow, actor, rewrite, _remove):
        return True
    is_gone = uow.rewrites.remove(rewrite)
    if is_gone:
        _record(uow, actor, rewrite, is_new=False)
    return is_gone


def of(uow: UnitOfWork, actor: Actor, source: Source) -> list[Rewrite]:
    """Return everything that leads away from a source by itself, in order.

    Raises NotFound as `add` does.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    _check_source(uow, actor, source)
    return sorted(_of(uow, source), key=lambda each: each.order)


def rows(
    uow: UnitOfWork,
    actor: Actor,
    *,
    kinds: Iterable[RewriteKind] = RewriteKind,
    after: int = 0,
    limit: int,
) -> list[Rewrite]:
    """Return what the directory has no word for, in order of ids."""
    access.require(actor, Permission.DIRECTORY_READ)
    wanted = list(kinds)
    found: list[Rewrite] = []
    for domain in access.scope(uow, actor, None):
        found += uow.rewrites.page(
            domain=domain, kinds=wanted, after=after, limit=limit
        )
    return sorted(found, key=lambda each: each.id)[:limit]


def leading_to_domain(uow: UnitOfWork, actor: Actor, domain: str) -> list[str]:
    """Return the domains that are other names of one, which may be elsewhere."""
    access.require(actor, Permission.DIRECTORY_READ)
    key, kinds = Source("", domain).key, [RewriteKind.DOMAIN_ALIAS]
    found = uow.rewrites.leading_to(key, kinds, MAX_OF_SOURCE)
    names = [each.source.domain for each in found if not each.source.local_part]
    aliases = uow.domains.alias_page(of=domain, limit=MAX_OF_SOURCE)
    return sorted(
        {
            *filter(actor.manages, names),
            *(each.name for each in aliases if actor.manages(domain)),
        }
    )


def aliases_of(uow: UnitOfWork, actor: Actor, address: Address) -> list[Address]:
    """Return the addresses of the actor's that are aliases of one."""
    access.require(actor, Permission.DIRECTORY_READ)
    entries_ = uow.directory.pointing_at(address, limit=MAX_OF_SOURCE)
    found = [each.address for each in entries_ if each.kind is EntryKind.ALIAS]
    rows_ = uow.rewrites.leading_to(address.key, [RewriteKind.ALIAS], MAX_OF_SOURCE)
    found += filter(None, (each.source.address for each in rows_))
    return [each for each in found if actor.manages(each.domain)]


def of_entry(entry: Entry) -> list[Rewrite]:
    """Return what a directory entry says as rewrites."""
    source, kind = Source.of(entry.address), _OF_ENTRY[entry.kind]
    targets = [*entry.targets, *([entry.address] if entry.keep_copy else [])]
    return [Rewrite(source=source, kind=kind, target=target) for target in targets]


def of_domain_alias(alias: DomainAlias) -> Rewrite:
    """Return another name of a domain as a rewrite."""
    return Rewrite(
        source=Source("", alias.name),
        kind=RewriteKind.DOMAIN_ALIAS,
        target=alias.domain,
    )


def _of(uow: UnitOfWork, source: Source) -> list[Rewrite]:
    found = uow.rewrites.of([source.key])
    if source.address is not None:
        entry = uow.directory.find(source.address)
        return found if entry is None else [*of_entry(entry), *found]
    alias = uow.domains.find_alias(source.domain)
    return found if alias is None else [of_domain_alias(alias), *found]


def _same(one: Rewrite, other: Rewrite) -> bool:
    return (one.kind, one.target_key) == (other.kind, other.target_key) and (
        bool(one.target_key) or one.target == other.target
    )


def _check_source(uow: UnitOfWork, actor: Actor, source: Source) -> None:
    if not source.domain or source.domain == EVERY_DOMAIN:
        access.everything(actor, "rewrite addresses of every domain")
    elif source.local_part or uow.domains.find_alias(source.domain) is None:
        access.managed_domain(uow, actor, source.domain)
    else:
        access.domain_alias(uow, actor, source.domain)


def _checked(rewrite: Rewrite) -> Rewrite:
    """Return a rewrite that can be kept; raises Invalid."""
    target, source = rewrite.target, rewrite.source.address
    if source is not None:
        Address.parse(str(source))
    if isinstance(target, Address) != (rewrite.kind in TO_ADDRESS):
        raise Invalid(f"{rewrite.kind} does not lead to {target}", field="target")
    if isinstance(target, Address):
        Address.parse(str(target))
        same = rewrite.source.key == target.key
        if same and rewrite.kind in {RewriteKind.ALIAS, RewriteKind.ADDRESS}:
            raise Invalid(f"{target} cannot lead to itself", field="target")
    elif rewrite.kind is RewriteKind.REGEX:
        patterns.check(target)
    elif rewrite.kind is RewriteKind.ERROR and not (
        0 < len(target) <= MAX_TEXT and target.isascii() and target.isprintable()
    ):
        raise Invalid(
            f"a refusal has 1 to {MAX_TEXT} printable characters of ASCII",
            field="target",
        )
    return rewrite


def _check_circle(uow: UnitOfWork, rewrite: Rewrite) -> None:
    source, target = rewrite.source.address, rewrite.target
    if (
        source is not None
        and isinstance(target, Address)
        and target.key != source.key
        and loops.ends_at(uow, target, source)
    ):
        raise Loop(f"{source} to {target} would lead in a circle")


def _in_directory(
    uow: UnitOfWork,
    actor: Actor,
    rewrite: Rewrite,
    act: Callable[[UnitOfWork, Actor, Entry | None, Rewrite, Address], bool],
) -> bool:
    """Do in the directory what it has a word for; return whether it has."""
    source, target = rewrite.source.address, rewrite.target
    if source is None or not isinstance(target, Address):
        return False
    return act(uow, actor, uow.directory.find(source), rewrite, target)


def _add(
    uow: UnitOfWork,
    actor: Actor,
    entry: Entry | None,
    rewrite: Rewrite,
    target: Address,
) -> bool:
    kind = rewrite.kind
    if kind is RewriteKind.FORWARD:
        return entry is not None and _forward(uow, actor, entry, rewrite, target)
    wanted = _entry_kind(kind)
    source = rewrite.source.address
    if wanted is None or source is None or target.key == source.key:
        return False
    if entry is None:
        entries.create(uow, actor, wanted, source, [target])
    elif _OF_ENTRY[entry.kind] is kind:
        entries.change(uow, actor, entry.kind, source, add=[target])
    else:
        return False
    return True


def _forward(
    uow: UnitOfWork, actor: Actor, entry: Entry, rewrite: Rewrite, target: Address
) -> bool:
    if entry.kind is not EntryKind.ACCOUNT:
        return False
    is_own = target.key == entry.address.key
    if not entry.targets:
        if is_own:
            return False
        own = replace(rewrite, target=entry.address)
        keep = uow.rewrites.remove(own)
        forwards.create(uow, actor, entry.address, [target], keep_copy=keep)
    elif is_own:
        forwards.change(uow, actor, entry.address, keep_copy=True)
    else:
        targets = [*entry.targets, target]
        forwards.change(uow, actor, entry.address, targets=targets)
    return True


def _remove(
    uow: UnitOfWork,
    actor: Actor,
    entry: Entry | None,
    rewrite: Rewrite,
    target: Address,
) -> bool:
    if entry is None or _OF_ENTRY[entry.kind] is not rewrite.kind:
        return False
    left = [each for each in entry.targets if each.key != target.key]
    if entry.kind is EntryKind.ACCOUNT:
        return _unforward(uow, actor, entry, target, left)
    if len(left) == len(entry.targets):
        return False
    if left:
        entries.change(uow, actor, entry.kind, entry.address, remove=[target])
    else:
        entries.remove(uow, actor, entry.kind, entry.address)
    return True


def _unforward(
    uow: UnitOfWork, actor: Actor, entry: Entry, target: Address, left: list[Address]
) -> bool:
    if target.key == entry.address.key and entry.keep_copy:
        forwards.change(uow, actor, entry.address, keep_copy=False)
    elif len(left) == len(entry.targets):
        return False
    elif left:
        forwards.change(uow, actor, entry.address, targets=left)
    else:
        forwards.remove(uow, actor, entry.address)
        if entry.keep_copy:  # that it leads to itself is still said
            own = Source.of(entry.address)
            kind = RewriteKind.FORWARD
            uow.rewrites.add(Rewrite(source=own, kind=kind, target=entry.address))
    return True


def _entry_kind(kind: RewriteKind) -> EntryKind | None:
    known = {RewriteKind.ALIAS: EntryKind.ALIAS, RewriteKind.GROUP: EntryKind.GROUP}
    return known.get(kind)


def _add_row(uow: UnitOfWork, actor: Actor, rewrite: Rewrite) -> None:
    if len(uow.rewrites.of([rewrite.source.key])) >= MAX_OF_SOURCE:
        raise LimitExceeded("rewrites", MAX_OF_SOURCE)
    uow.rewrites.add(rewrite)
    _record(uow, actor, rewrite, is_new=True)


def _record(uow: UnitOfWork, actor: Actor, rewrite: Rewrite, *, is_new: bool) -> None:
    source = rewrite.source
    facts = {"kind": rewrite.kind.value, "target": str(rewrite.target)}
    is_ours = source.domain not in {"", EVERY_DOMAIN}
    audit.record(
        uow,
        actor,
        "rewrite.create" if is_new else "rewrite.remove",
        f"rewrite {source}",
        before=None if is_new else facts,
        after=facts if is_new else None,
        domains={source.domain} if is_ours else (),
    )
