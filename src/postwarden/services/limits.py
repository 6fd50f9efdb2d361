"""What every size and name given by people must keep to."""

from collections.abc import Iterator

from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission

MAX_NAME = 255  # characters
MAX_QUOTA = 2**60


def check_quota(quota: int | None, default: int = 0) -> int:
    """Return a quota, `default` for None; 0 is unlimited. Raises Invalid."""
    if quota is None:
        return default
    if not 0 <= quota <= MAX_QUOTA:
        raise Invalid(f"a quota is from 0 (unlimited) to {MAX_QUOTA}", field="quota")
    return quota


def rights_to_quota(old: int, new: int) -> Iterator[Permission]:
    """Yield what it takes to make one quota the other; 0 is unlimited."""
    if new != old:
        yield Permission.ACCOUNT_QUOTA
        if not new:
            yield Permission.ACCOUNT_UNLIMITED_QUOTA


def check_name(name: str) -> str:
    """Return a person's name without blanks around it; raises Invalid."""
    stripped = name.strip()
    if len(stripped) > MAX_NAME or not stripped.isprintable():
        raise Invalid(
            f"a name has {MAX_NAME} printable characters at most", field="name"
        )
    return stripped
