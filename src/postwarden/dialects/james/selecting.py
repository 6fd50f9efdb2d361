"""The parameter that says which task is meant."""

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import illegal


def selected(call: Call, name: str, *known: str) -> str:
    """Return the value of a parameter that takes some words alone; raises Fault."""
    value = call.parameter(name)
    supported = f"Supported values are [{', '.join(known)}]"
    if value is None:
        raise illegal(f"'{name}' query parameter is compulsory. {supported}")
    if not value.strip():
        raise illegal(f"'{name}' query parameter cannot be empty or blank. {supported}")
    if value not in known:
        raise illegal(
            f"Invalid value supplied for query parameter '{name}': {value}. {supported}"
        )
    return value
