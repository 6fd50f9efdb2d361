"""Vacations: what those who write to an absent owner are told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postwarden.model.errors import Invalid

MAX_TEXT = 32 * 1024  # characters of an answer


class Absence(StrEnum):
    """When an owner is away."""

    PRESENT = "present"
    AWAY = "away"  # until he says otherwise
    PLANNED = "planned"  # from one time to another


class Audience(StrEnum):
    """Whom outside the owner's domain an absent owner answers."""

    NOBODY = "nobody"
    KNOWN = "known"  # whom he has written to
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacation:
    """An absence with its two answers: for the owner's own domain, and for others.

    `begins` and `ends` are both there or neither; a planned absence has them.
    """

    absence: Absence = Absence.PRESENT
    audience: Audience = Audience.NOBODY
    begins: datetime | None = None
    ends: datetime | None = None
    inside: str = ""
    outside: str = ""

    def is_away(self, now: datetime) -> bool:
        """Whether mail that comes now is to be answered."""
        if self.absence is not Absence.PLANNED:
            return self.absence is Absence.AWAY
        if self.begins is None or self.ends is None:
            return False
        return self.begins <= now < self.ends


def check(vacation: Vacation) -> None:
    """Raise Invalid for a vacation that cannot be."""
    begins, ends = vacation.begins, vacation.ends
    if (begins is None) != (ends is None):
        raise Invalid("a time has a beginning and an end", field="ends")
    if begins is not None and ends is not None and begins >= ends:
        raise Invalid("it ends before it begins", field="ends")
    if vacation.absence is Absence.PLANNED and begins is None:
        raise Invalid("a planned absence has a time", field="begins")
    for field in ("inside", "outside"):
        if len(getattr(vacation, field)) > MAX_TEXT:
            message = f"an answer has {MAX_TEXT} characters at most"
            raise Invalid(message, field=field)
