"""Every edge answers every expected error: one table each, none of them partial."""

from collections.abc import Mapping

import pytest

from postwarden.cli.exits import EXITS
from postwarden.dialects.ews.failures import CODES as EWS_CODES
from postwarden.dialects.james.envelope import CODES as JAMES_CODES
from postwarden.dialects.native.envelope import STATUSES
from postwarden.dialects.smartermail.envelope import CODES
from postwarden.model import errors
from postwarden.smtpd.replies import ERRORS as SMTP_REPLIES
from postwarden.smtpd.replies import PROBLEMS as SMTP_PROBLEMS
from postwarden.wire.smtp.problems import Problem

# A new edge adds its table here.
TABLES: dict[str, Mapping[type[errors.MailError], object]] = {
    "cli": EXITS,
    "ews": EWS_CODES,
    "james": JAMES_CODES,
    "native": STATUSES,
    "smartermail": CODES,
    "smtp": SMTP_REPLIES,
}
EVERY = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, errors.MailError)
]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.__name__)
def test_every_edge_translates_every_error(
    error: type[errors.MailError], table: Mapping[type[errors.MailError], object]
) -> None:
    assert error in table


@pytest.mark.parametrize("problem", Problem, ids=lambda problem: problem.name)
def test_smtp_answers_every_problem_of_its_grammar(problem: Problem) -> None:
    assert problem in SMTP_PROBLEMS
