"""The tables of what dialects offer: a tick stands for a test, and for nothing else."""

from postwarden.dialects.james.routes import ROUTES
from postwarden.dialects.smartermail.routes import OFFERED
from scripts.coverage_tables import james_covered, smartermail_covered, tick


def test_tests_cover_operations_that_there_are() -> None:
    assert smartermail_covered() <= {each.name for each in OFFERED}


def test_every_call_of_smartermail_is_held_against_its_documents() -> None:
    assert {each.name for each in OFFERED} <= smartermail_covered()


def test_every_call_of_james_is_held_against_a_recording_or_a_test() -> None:
    assert {each.name for each in ROUTES} == james_covered()


def test_what_no_test_covers_has_no_tick() -> None:
    assert tick("GET /a", {"GET /a"})
    assert not tick("GET /b", {"GET /a"})
