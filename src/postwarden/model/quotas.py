"""Quotas at three levels: for every account, for those of a domain, for one."""

from dataclasses import dataclass

UNLIMITED = -1
LARGEST = 2**63 - 1
MOST_KEPT = 2**60  # octets or messages: more is without end all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much accounts may keep, as one level says it.

    None is not said at this level, `UNLIMITED` is said to be without end, and 0 is
    nothing at all.
    """

    octets: int | None = None
    messages: int | None = None

    @property
    def is_silent(self) -> bool:
        """Whether this level says nothing."""
        return self.octets is None and self.messages is None

    def over(self, wider: "Limits") -> "Limits":
        """Return what holds where a wider level stands behind this one."""
        return Limits(
            octets=wider.octets if self.octets is None else self.octets,
            messages=wider.messages if self.messages is None else self.messages,
        )

    @property
    def kept(self) -> tuple[int, int]:
        """As an account keeps it: octets and messages, where 0 is without end.

        Nothing at all is one octet there, in which no mail fits.
        """
        octets, messages = _kept(self.octets), _kept(self.messages)
        return (
            (1, messages or 0)
            if 0 in {self.octets, self.messages}
            else (
                octets,
                messages,
            )
        )


def _kept(limit: int | None) -> int:
    return min(limit, MOST_KEPT) if limit is not None and limit > 0 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What each level says of an account, or of a domain."""

    everywhere: Limits
    domain: Limits
    own: Limits = Limits()

    @property
    def computed(self) -> Limits:
        """What holds: the narrowest level that says something."""
        return self.own.over(self.inherited)

    @property
    def inherited(self) -> Limits:
        """What holds where the account's own level says nothing."""
        return self.domain.over(self.everywhere)
