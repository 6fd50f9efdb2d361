"""Addresses: what is one, and which two are the same."""

import pytest

from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Invalid


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        ("[127.0.0.1]", "[127.0.0.1]"),
        ("[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
        ("[IPv6:::ffff:192.0.2.1]", "[ipv6:::ffff:192.0.2.1]"),
        ("[x400:some!thing]", "[x400:some!thing]"),
    ],
)
def test_address_literals_are_domains(literal: str, name: str) -> None:
    assert domain_name(literal) == name
    assert Address.parse(f"a@{literal}").domain == name


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "[999.1.1.1]", "[1.2.3]", "[127.0.0.1", "[::1]", "[IPv6:1.2.3.4]"),
        *("[IPv6:fe80::1%eth0]", "[IPv6:]", "[-:x]", "[a b]", "[x:[]", "[x:\u00e9]"),
        f"[x:{'y' * 300}]",
    ],
)
def test_what_is_no_address_literal_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        domain_name(text)
