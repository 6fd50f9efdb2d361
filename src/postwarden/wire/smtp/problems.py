"""What can be wrong with an SMTP command, before anybody asks what it means."""

from enum import Enum


class Problem(Enum):
    """A closed set, so that the edge's table of replies can be shown total."""

    LINE = "the line holds what no command may hold"
    LINE_TOO_LONG = "the line is longer than its bound"
    ARGUMENTS = "the arguments do not fit the command"
    REVERSE_PATH = "the argument of MAIL is no path"
    FORWARD_PATH = "the argument of RCPT is no path"
    PATH_NEEDS_SMTPUTF8 = "a path beyond ASCII without the SMTPUTF8 parameter"
    PARAMETER_UNKNOWN = "a parameter that was not offered"
    PARAMETER_REPEATED = "a parameter given twice"
    PARAMETER_VALUE = "a parameter whose value does not fit"
    PARAMETER_UNSUPPORTED = "a known value of a parameter that is not offered"


class Malformed(Exception):
    """The only exception that leaves the grammar; `problem` says what is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem
