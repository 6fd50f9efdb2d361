"""Deadlines, with a clock of our own."""

from postwarden.smtpd.options import Limits
from postwarden.smtpd.pace import Pace

LIMITS = Limits(command_seconds=300, data_seconds=180, data_rate=500, idle_seconds=900)


def test_a_command_has_its_time_from_the_last_answer_on() -> None:
    pace = Pace(LIMITS)

    assert pace.command_deadline(1000) == 1300
    # An octet of it came, and the deadline stays.
    assert pace.command_deadline(1200) == 1300
    pace.took_command()
    assert pace.command_deadline(1250) == 1550


def test_waits_for_commands_have_a_budget() -> None:
    pace = Pace(LIMITS)
    pace.waited(700)
    pace.took_command()

    assert pace.command_deadline(2000) == 2200


def test_an_accepted_mail_renews_the_budget() -> None:
    pace = Pace(LIMITS)
    pace.waited(700)
    pace.accepted(0)
    assert pace.command_deadline(2000) == 2200

    pace.accepted(1)

    assert pace.command_deadline(2000) == 2300


def test_content_may_pause() -> None:
    pace = Pace(LIMITS)

    assert pace.content_deadline(0) == 180
    pace.took_content(500 * 1000, is_complete=False)
    assert pace.content_deadline(100) == 280


def test_content_may_not_trickle() -> None:
    pace = Pace(LIMITS)
    pace.content_deadline(0)
    for second in range(1, 200):
        pace.took_content(1, is_complete=False)
        deadline = pace.content_deadline(second)
        assert deadline < 181

    assert pace.content_deadline(199) < 199


def test_content_at_the_rate_may_last() -> None:
    pace = Pace(LIMITS)
    pace.content_deadline(0)
    for second in range(1, 10_000):
        pace.took_content(500, is_complete=False)
        assert pace.content_deadline(second) > second


def test_a_rate_of_nothing_asks_for_none() -> None:
    pace = Pace(Limits(data_seconds=180, data_rate=0))
    pace.content_deadline(0)

    assert pace.content_deadline(5000) == 5180


def test_content_ends_some_time() -> None:
    pace = Pace(LIMITS)
    pace.content_deadline(0)
    pace.took_content(1_000_000_000, is_complete=False)

    assert pace.content_deadline(14_399) == 14_400


def test_each_content_begins_anew() -> None:
    pace = Pace(LIMITS)
    pace.content_deadline(0)
    pace.took_content(10, is_complete=True)

    assert pace.content_deadline(5000) == 5180
