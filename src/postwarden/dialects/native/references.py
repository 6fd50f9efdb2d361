"""Things by the names that paths give them: an address, or an id."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from msgspec import UnsetType

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.administrators import Network, network_of
from postwarden.model.directory import EntryKind
from postwarden.model.errors import Invalid, NotFound
from postwarden.services import access, entries
from postwarden.services.ports import UnitOfWork

T = TypeVar("T")

_MOST_DIGITS = 18  # of an id that every engine can hold


def account_address(uow: UnitOfWork, actor: Actor, reference: str) -> Address:
    """Return the address of an account that is named by it or by its id.

    Raises NotFound for an id that is not there or not the actor's, Invalid for
    what is neither.
    """
    if not reference.isascii() or not reference.isdecimal():
        return Address.parse(reference)
    return access.account_by_id(uow, actor, number(reference, "account")).address


def entry_address(
    uow: UnitOfWork, actor: Actor, kind: EntryKind, reference: str
) -> Address:
    """Return the address of an alias, group or list, as `account_address` does."""
    if not reference.isascii() or not reference.isdecimal():
        return Address.parse(reference)
    return entries.with_id(uow, actor, kind, number(reference, kind.value)).address


def number(reference: str, kind: str) -> int:
    """Return an id; raises NotFound for what cannot be one."""
    if (
        not reference.isascii()
        or not reference.isdecimal()
        or len(reference) > _MOST_DIGITS
    ):
        raise NotFound(kind, reference[:80])
    return int(reference)


def given(value: T | UnsetType) -> T | None:
    """Return a field of a change, None when it is not there."""
    return None if isinstance(value, UnsetType) else value


def parsed(addresses: list[str] | UnsetType) -> list[Address]:
    """Read every address; raises Invalid for the first that is none."""
    return (
        []
        if isinstance(addresses, UnsetType)
        else [Address.parse(each) for each in addresses]
    )


def networks_of(texts: list[str]) -> list[Network]:
    """Read networks; raises Invalid for the first that is none."""
    try:
        return [network_of(text) for text in texts]
    except Invalid as error:
        raise Invalid(str(error), field="networks") from error


def domain_or_none(text: str | UnsetType) -> str | None:
    """Return the name of a domain if one is given; raises Invalid."""
    return None if isinstance(text, UnsetType) else domain_name(text)


def seconds(value: int | UnsetType) -> timedelta | None:
    """Return a duration if one is given."""
    return None if isinstance(value, UnsetType) else timedelta(seconds=value)


def aware(time: datetime | None) -> datetime | None:
    """Return a time with its zone: UTC where none is said."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
