"""Addresses as our own tables spell them."""

from postwarden.model.addresses import Address


def stored_address(text: str) -> Address:
    """Return an address that `str` of one wrote; ten times as fast as parsing.

    What we wrote is canonical; only a quoted local part still has its quotes.
    """
    if text.startswith('"'):
        return Address.parse(text)
    local_part, _, domain = text.rpartition("@")
    return Address(local_part, domain)
