"""Errors, delays and the end of patience."""

from postwarden.smtpd import replies
from postwarden.smtpd.options import Limits
from postwarden.smtpd.patience import Patience
from postwarden.wire.smtp.replies import Reply

LIMITS = Limits(
    errors_before_delay=2,
    error_delay_seconds=1,
    max_error_delay_seconds=3,
    errors=8,
    commands=3,
    recipients=2,
    failed_logins=2,
)
BAD, BUSY = Reply(550, "5.1.1", "no"), Reply(451, "4.3.0", "later")


def answered(
    patience: Patience, *answer: Reply, accepted: int = 0, failed_logins: int = 0
) -> float:
    patience.answered(answer, accepted=accepted, failed_logins=failed_logins)
    return patience.delay


def test_replies_are_delayed_more_and_more() -> None:
    patience = Patience(LIMITS)

    delays = [answered(patience, BAD) for _ in range(7)]

    assert delays == [0, 0, 1, 2, 3, 3, 3]
    assert patience.farewell is None
    assert answered(patience, replies.OK) == 0


def test_too_many_errors_end_it() -> None:
    patience = Patience(LIMITS)
    for _ in range(8):
        answered(patience, BAD)

    assert patience.farewell is replies.TOO_MANY_ERRORS


def test_our_trouble_is_not_their_error() -> None:
    patience = Patience(LIMITS)

    assert [answered(patience, BUSY) for _ in range(20)] == [0] * 20
    assert patience.farewell is None


def test_many_replies_to_one_content_are_one_error() -> None:
    patience = Patience(LIMITS)

    assert answered(patience, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD) == 0
    assert patience.farewell is None


def test_an_accepted_mail_forgives() -> None:
    patience = Patience(LIMITS)
    for _ in range(7):
        answered(patience, BAD)
    answered(patience, replies.OK, accepted=1)

    assert answered(patience, BAD, accepted=1) == 0


def test_commands_without_mail_are_counted() -> None:
    patience = Patience(LIMITS)

    assert [patience.may_command() for _ in range(6)] == [True] * 5 + [False]
    assert patience.farewell is replies.TOO_MANY_COMMANDS


def test_recipients_too_many_do_not_end_the_session_before_its_mail() -> None:
    patience = Patience(LIMITS)
    most = 20 * LIMITS.recipients
    for _ in range(most):
        assert patience.may_command()
        answered(patience, replies.TOO_MANY_RECIPIENTS)

    left = LIMITS.commands + LIMITS.recipients
    for _ in range(left):
        assert patience.may_command()
        answered(patience, replies.TOO_MANY_RECIPIENTS)
    assert not patience.may_command()


def test_failed_logins_are_not_forgiven() -> None:
    patience = Patience(LIMITS)
    answered(patience, BAD, failed_logins=1)
    answered(patience, replies.OK, accepted=1, failed_logins=1)
    assert patience.farewell is None

    answered(patience, BAD, failed_logins=2)

    assert patience.farewell is replies.TOO_MANY_LOGINS


def test_the_first_reason_is_told() -> None:
    patience = Patience(LIMITS)
    patience.end(replies.NOT_SMTP)
    patience.end(replies.TOO_MANY_ERRORS)

    assert patience.farewell is replies.NOT_SMTP
