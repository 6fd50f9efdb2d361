"""What is asked of cases, holds and the vault."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from postwarden.dialects.native.schemas.fields import (
    AddressText,
    Filter,
    Name,
    Reason,
    Taken,
)
from postwarden.model.cases import INCLUDABLE, Action, OwnerNotice


class NewCase(Taken):
    """What a case is about; `query` is in the language of `filter`."""

    query: Filter
    reason: Reason
    ticket: Annotated[str, Meta(max_length=255)] | None = None


class CaseEdit(Taken):
    """Another query for a case that has not acted yet."""

    query: Filter


class Preview(Taken):
    """What a plan does, to which classes beside exact, same and match, to what not.

    `exclude` has addresses and `@domain`s, `exclude_items` numbers of items of the
    newest plan. `systems` are names of where to look, `local` being our own store;
    without any it is that alone.
    """

    action: Action = Action.CONTAIN
    exclude: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=320)]], Meta(max_length=1000)
    ] = msgspec.field(default_factory=list)
    exclude_items: Annotated[
        list[Annotated[int, Meta(ge=1, le=2**53)]], Meta(max_length=10_000)
    ] = msgspec.field(default_factory=list)
    include_sent: bool = False
    notice: Annotated[
        OwnerNotice, Meta(description="What owners are told of removed mail.")
    ] = OwnerNotice.SILENT
    include: Annotated[
        list[Annotated[str, Meta(pattern=f"^({'|'.join(sorted(INCLUDABLE))})$")]],
        Meta(max_length=10),
    ] = msgspec.field(default_factory=list)
    systems: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=63)]], Meta(max_length=101)
    ] = msgspec.field(default_factory=list)


class PlanApproval(Taken):
    """Which plan may run: its hash, as the preview told it."""

    plan: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    break_glass: (
        Annotated[
            Reason,
            Meta(description="Approve one's own large plan, in an emergency: why."),
        ]
        | UnsetType
    ) = UNSET


class UndoOrder(Taken):
    """Whose copies to return; everybody's without accounts."""

    accounts: Annotated[list[AddressText], Meta(max_length=1000)] = msgspec.field(
        default_factory=list
    )
    to: (
        Annotated[
            AddressText, Meta(description="Where to, for an account that was removed.")
        ]
        | UnsetType
    ) = UNSET


class Arming(Taken):
    """How long a rule catches late copies."""

    hours: Annotated[int, Meta(ge=1, le=24 * 366)]


class NewHold(Taken):
    """What to hold: a query, an account, the plans of a case; one at least."""

    reason: Reason
    query: Filter | None = None
    account: AddressText | None = None
    case: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    name: Name = ""


class Restoring(Taken):
    """What to restore: what a query finds in the vault, or one item; and to whom."""

    query: Filter | UnsetType = UNSET
    item: Annotated[int, Meta(ge=1, le=2**53)] | UnsetType = UNSET
    to: AddressText | UnsetType = UNSET
