"""MailError to reply."""

import pytest

from postwarden.model import errors
from postwarden.smtpd import replies
from postwarden.wire.smtp.replies import Reply

EXPECTED = {
    "Invalid": "501 5.1.3",
    "Unauthenticated": "535 5.7.8",
    "Forbidden": "550 5.7.1",
    "NotFound": "550 5.1.1",
    "AlreadyExists": "554 5.5.0",
    "Refused": "550 5.7.1",
    "Suspended": "550 5.2.1",
    "Stale": "451 4.3.0",
    "LimitExceeded": "452 4.5.3",
    "OverQuota": "452 4.2.2",
    "Unsupported": "504 5.5.4",
    "Unavailable": "451 4.3.0",
    "StorageFull": "452 4.3.1",
}


@pytest.mark.parametrize(("name", "codes"), EXPECTED.items())
def test_the_codes_of_an_error(name: str, codes: str) -> None:
    reply = replies.ERRORS[getattr(errors, name)]

    assert f"{reply.code} {reply.enhanced}" == codes


def test_what_is_temporary_is_never_refused_for_good() -> None:
    for error, reply in replies.ERRORS.items():
        if error.temporary:
            assert not reply.is_permanent


def test_a_class_unknown_to_the_table_is_answered_as_its_parent() -> None:
    class Greylisted(errors.Unavailable):
        code = "greylisted"

    assert replies.reply_for(Greylisted()).code == 451


def test_texts_say_nothing_of_the_error() -> None:
    reply = replies.reply_for(errors.NotFound("account", "secret@example.org"))

    assert "secret" not in reply.text


def test_the_first_digits_of_both_codes_agree() -> None:
    for value in vars(replies).values():
        if isinstance(value, Reply) and value.enhanced is not None:
            assert value.enhanced[0] == str(value.code)[0]


def test_the_reply_that_accepts_mail() -> None:
    assert replies.accepted("01J").octets == b"250 2.0.0 accepted trace=01J\r\n"
