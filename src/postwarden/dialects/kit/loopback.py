"""Whether an address is of this machine alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether HOST or HOST:PORT is a name or address of this machine alone."""
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
