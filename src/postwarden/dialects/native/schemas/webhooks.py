"""What is asked of webhooks."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from postwarden.dialects.native.schemas.fields import Domains, OnOff, Paging, Taken
from postwarden.model.webhooks import MAX_URL, DeliveryState

Url = Annotated[
    str, Meta(min_length=1, max_length=MAX_URL, examples=["https://example.org/hook"])
]
EventWords = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(min_length=1, max_length=200, examples=[["case.done"], ["all"]]),
]
WebhookSecret = Annotated[str, Meta(max_length=200, description="`whsec_...`")]


OverlapHours = Annotated[
    int,
    Meta(ge=0, le=720, description="For how long the secret of before signs as well."),
]


class WebhookOrder(Taken):
    """Who is to be told of what; without domains of every one."""

    url: Url
    events: EventWords
    domains: Domains = msgspec.field(default_factory=list)
    secret: WebhookSecret | UnsetType = UNSET


class WebhookChange(Taken):
    """What to change of a webhook; `events` names all of them anew."""

    url: Url | UnsetType = UNSET
    events: EventWords | UnsetType = UNSET
    state: OnOff | UnsetType = UNSET
    secret: WebhookSecret | UnsetType = UNSET
    new_secret: bool = False
    overlap_hours: OverlapHours | UnsetType = UNSET


class DeliveryQuery(Paging):
    """Which deliveries."""

    webhook: Annotated[int, Meta(ge=1, le=2**53)] | UnsetType = UNSET
    state: Annotated[list[DeliveryState], Meta(max_length=10)] = msgspec.field(
        default_factory=list
    )
