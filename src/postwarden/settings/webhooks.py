"""The settings of webhooks, with defaults, kinds and meanings."""

from dataclasses import dataclass, field
from pathlib import Path

from postwarden.settings import kinds
from postwarden.settings.kinds import described as _of

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Telling addresses elsewhere what happens here (docs/webhooks.md)."""

    allow_private: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            kinds.networks(),
            "networks that are not public and may be told all the same, by plain "
            "HTTP too",
        ),
    )
    authorities: Path | None = field(
        default=None,
        metadata=_of(
            kinds.file(),
            "PEM file with the authorities that sign receivers' certificates; by "
            "default the system's",
        ),
    )
    timeout_seconds: float = field(
        default=10,
        metadata=_of(kinds.seconds(0.1, MINUTE), "given to a receiver for an answer"),
    )
    patience_seconds: float = field(
        default=3 * DAY,
        metadata=_of(
            kinds.seconds(MINUTE, 365 * DAY),
            "a webhook that fails for so long is disabled",
        ),
    )
    keep_seconds: float = field(
        default=7 * DAY,
        metadata=_of(
            kinds.seconds(HOUR, 365 * DAY),
            "how long deliveries that ended stay visible, and can be replayed",
        ),
    )
