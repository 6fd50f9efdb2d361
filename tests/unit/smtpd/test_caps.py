"""How many may be connected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.smtpd.caps import ConnectionCaps, Networks, parse_ip


def test_the_total_is_counted() -> None:
    caps = ConnectionCaps(total=2)

    assert [caps.enter(), caps.enter(), caps.enter()] == [True, True, False]
    caps.leave()
    assert caps.enter()


def test_each_ipv4_address_is_counted() -> None:
    caps = ConnectionCaps(per_address=1)

    key = caps.enter_address("192.0.2.1")
    assert key
    assert caps.enter_address("192.0.2.1") is None
    assert caps.enter_address("192.0.2.2")
    caps.leave_address(key)
    assert caps.enter_address("192.0.2.1")


def test_ipv6_counts_by_64() -> None:
    caps = ConnectionCaps(per_address=1)

    assert caps.enter_address("2001:db8::1")
    assert caps.enter_address("2001:db8::ffff:2") is None
    assert caps.enter_address("2001:db8:0:1::1")


def test_ipv4_over_ipv6_is_ipv4() -> None:
    caps = ConnectionCaps(per_address=1)

    assert caps.enter_address("192.0.2.1")
    assert caps.enter_address("::ffff:192.0.2.1") is None
    assert str(parse_ip("::ffff:192.0.2.1")) == "192.0.2.1"
    assert str(parse_ip("fe80::1%eth0")) == "fe80::1"


def test_loopback_and_unix_sockets_count_in_all_only() -> None:
    caps = ConnectionCaps(per_address=0)

    assert caps.enter_address("127.0.0.1") == ""
    assert caps.enter_address("::1") == ""
    assert caps.enter_address("") == ""
    assert caps.enter_address("192.0.2.1") is None


def test_networks_contain_addresses() -> None:
    networks = Networks(["192.0.2.0/24", "2001:db8::/32"])

    assert "192.0.2.77" in networks
    assert "::ffff:192.0.2.77" in networks
    assert "2001:db8:1::1" in networks
    assert "198.51.100.1" not in networks
    assert "192.0.2.77" not in Networks([])
    with pytest.raises(ValueError, match="host bits"):
        Networks(["192.0.2.1/24"])


@given(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"])))
def test_what_entered_and_left_leaves_nothing(ips: list[str]) -> None:
    caps = ConnectionCaps(per_address=2)
    keys = [key for ip in ips if (key := caps.enter_address(ip)) is not None]
    for key in keys:
        caps.leave_address(key)

    assert not caps._by_network
