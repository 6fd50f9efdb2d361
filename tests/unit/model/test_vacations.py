"""When an absent owner's mail is to be answered."""

from datetime import timedelta

import pytest

from postwarden.model.errors import Invalid
from postwarden.model.vacations import Absence, Vacation, check
from tests.support.factories import NOW

WEEK = Vacation(
    absence=Absence.PLANNED, begins=NOW, ends=NOW + timedelta(days=7), inside="away"
)


def test_a_planned_absence_has_its_time() -> None:
    check(WEEK)
    assert not WEEK.is_away(NOW - timedelta(seconds=1))
    assert WEEK.is_away(NOW)
    assert not WEEK.is_away(NOW + timedelta(days=7))


def test_other_absences_have_none() -> None:
    assert Vacation(absence=Absence.AWAY).is_away(NOW)
    assert not Vacation().is_away(NOW)
    assert not Vacation(absence=Absence.PLANNED).is_away(NOW)


@pytest.mark.parametrize(
    ("vacation", "field"),
    [
        (Vacation(absence=Absence.PLANNED), "begins"),
        (Vacation(begins=NOW), "ends"),
        (Vacation(begins=NOW, ends=NOW), "ends"),
        (Vacation(inside="x" * 32_769), "inside"),
        (Vacation(outside="x" * 32_769), "outside"),
    ],
)
def test_what_cannot_be(vacation: Vacation, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(vacation)
    assert raised.value.field == field
