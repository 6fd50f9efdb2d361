"""What is asked about mail: where it lies, what happened to it, what is in it."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from postwarden.dialects.native.schemas.fields import Filter, Paging, Reason, Taken


class Finding(Paging, kw_only=True):
    """Which copies; live ones, unless `state` or an `is:` term says otherwise."""

    filter: Filter
    state: (
        Annotated[str, Meta(pattern="^(any|live|contained|vaulted)$")] | UnsetType
    ) = UNSET


class Counting(Taken):
    """Which copies to count."""

    filter: Filter
    state: (
        Annotated[str, Meta(pattern="^(any|live|contained|vaulted)$")] | UnsetType
    ) = UNSET


class Tracing(Paging, kw_only=True):
    """Which events of the ledger."""

    filter: Filter


class CountingEvents(Taken):
    """Which events of the ledger to count by the mail they name."""

    filter: Filter


class Looking(Taken):
    """Why somebody's mail is looked at; it stands in the audit log."""

    reason: Reason


class Reading(Looking, kw_only=True):
    """Which part of a message, by its number; all of it without one."""

    part: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
