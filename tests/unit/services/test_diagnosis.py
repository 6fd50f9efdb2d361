"""When a measure is good, doubtful or bad."""

from datetime import UTC, datetime, timedelta

import pytest

from postwarden.services import diagnosis
from postwarden.services.diagnosis import Status
from tests.support.factories import NOW

MIB = 1 << 20


@pytest.mark.parametrize(
    ("free", "status"),
    [
        (63 * MIB, Status.FAILED),
        (64 * MIB, Status.WARNING),
        (255 * MIB, Status.WARNING),
        (256 * MIB, Status.OK),
    ],
)
def test_a_disk_needs_more_room_than_the_least(free: int, status: Status) -> None:
    assert diagnosis.disk(free, 64 * MIB).status is status


@pytest.mark.parametrize(
    ("now", "newest", "status"),
    [
        (NOW, None, Status.OK),
        (NOW, NOW + timedelta(minutes=5), Status.OK),
        (NOW, NOW + timedelta(minutes=6), Status.FAILED),
        (NOW, NOW - timedelta(days=900), Status.OK),
        (datetime(1970, 1, 1, tzinfo=UTC), None, Status.FAILED),
    ],
)
def test_a_clock_is_not_behind_what_it_has_seen(
    now: datetime, newest: datetime | None, status: Status
) -> None:
    assert diagnosis.clock(now, newest).status is status


@pytest.mark.parametrize(
    ("left", "status"),
    [
        (timedelta(0), Status.FAILED),
        (timedelta(seconds=1), Status.WARNING),
        (timedelta(days=13), Status.WARNING),
        (timedelta(days=15), Status.OK),
    ],
)
def test_a_certificate_is_to_be_renewed_in_time(
    left: timedelta, status: Status
) -> None:
    assert diagnosis.certificate(NOW, NOW + left).status is status


def test_counters_and_full_text_are_right_or_not() -> None:
    assert diagnosis.counters(0, 0).status is Status.OK
    assert diagnosis.counters(1, 0).status is Status.FAILED
    assert diagnosis.counters(0, 1).status is Status.FAILED
    assert diagnosis.indexing(0).status is Status.OK
    assert diagnosis.indexing(1).status is Status.WARNING


def test_whatever_is_not_well_has_a_hint() -> None:
    for finding in (
        diagnosis.disk(0, 1),
        diagnosis.counters(1, 1),
        diagnosis.indexing(1),
        diagnosis.certificate(NOW, NOW),
        diagnosis.clock(NOW, NOW + timedelta(days=1)),
    ):
        assert finding.hint


def test_few_examples_stand_for_many() -> None:
    assert diagnosis.some([1, 2]) == "1, 2"
    assert diagnosis.some([1, 2, 3, 4]) == "1, 2, 3, ..."
