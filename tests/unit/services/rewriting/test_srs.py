"""Reverse paths of forwarded mail, there and back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.services.rewriting import srs
from tests.support.factories import NOW

KEY, OTHER = b"k" * 32, b"o" * 32
LOCAL_PARTS = st.from_regex(r"[a-z0-9=+_-]{1,12}(\.[a-z0-9]{1,4})?", fullmatch=True)


@given(local_part=LOCAL_PARTS, days=st.integers(0, srs.MAX_AGE))
def test_a_bounce_finds_the_way_back(local_part: str, days: int) -> None:
    path = Address(local_part, "sender.example")
    made = srs.forwarded(KEY, path, "ours.example", NOW)
    assert made.domain == "ours.example"
    assert Address.parse(str(made)) == made
    assert srs.returned(KEY, made, NOW + timedelta(days=days)) == path
    lowered = Address(made.local_part.lower(), made.domain)
    assert srs.returned(KEY, lowered, NOW) == path


def test_a_second_forwarder_leads_to_the_first() -> None:
    path = Address("ada", "sender.example")
    first = srs.forwarded(OTHER, path, "first.example", NOW)
    second = srs.forwarded(KEY, first, "ours.example", NOW)
    assert second.local_part.startswith("SRS1=")
    assert srs.returned(KEY, second, NOW) == first


def test_a_third_forwarder_leads_to_the_first_as_well() -> None:
    path = Address("ada", "sender.example")
    first = srs.forwarded(OTHER, path, "first.example", NOW)
    second = srs.forwarded(OTHER, first, "second.example", NOW)
    third = srs.forwarded(KEY, second, "ours.example", NOW)
    assert srs.returned(KEY, third, NOW) == first


@pytest.mark.parametrize("kind", ["SRS0", "srs1", "SRS0+", "SRS1-"])
def test_what_others_make_up_leads_nowhere(kind: str) -> None:
    for rest in ("=AAAAAAAA=AA=victim.example=x", "=", "==", "=A=B", "=A=B=C="):
        with pytest.raises(Invalid):
            srs.returned(KEY, Address(kind + rest, "ours.example"), NOW)


def test_a_key_of_others_and_time_end_it() -> None:
    made = srs.forwarded(KEY, Address("ada", "a.example"), "ours.example", NOW)
    changed = Address(made.local_part.replace("a.example", "b.example"), made.domain)
    late = NOW + timedelta(days=srs.MAX_AGE + 1)
    for key, address, now in (
        (OTHER, made, NOW),
        (KEY, changed, NOW),
        (KEY, made, late),
    ):
        with pytest.raises(Invalid):
            srs.returned(key, address, now)


def test_only_what_is_forwarded_leaves_with_an_address_of_ours() -> None:
    zoe, ada = Address("zoe", "far.example"), Address("ada", "ours.example")
    away = Address("x", "elsewhere.example")
    made = srs.forwarded(KEY, zoe, "ours.example", NOW)
    assert srs.sent_with(KEY, zoe, [(away, away), (ada, away)], NOW) == made
    for key, path, ways in (
        (None, zoe, [(ada, away)]),
        (KEY, None, [(ada, away)]),
        (KEY, zoe, [(away, away)]),
        (KEY, Address("bob", "ours.example"), [(ada, away)]),
    ):
        assert srs.sent_with(key, path, ways, NOW) == path


def test_what_does_not_fit_stays_as_it_is() -> None:
    for path in (Address("l" * 60, "a.example"), Address("ü", "a.example")):
        assert srs.forwarded(KEY, path, "ours.example", NOW) == path
