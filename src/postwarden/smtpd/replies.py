"""Every reply of ours, and the one table from MailError to them.

Texts for strangers are generic: what exactly went wrong is for the log. Enhanced
codes are those of RFC 3463 and RFC 4954 §6.
"""

from functools import lru_cache

from postwarden.model.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    LimitExceeded,
    MailError,
    NotFound,
    OverQuota,
    Refused,
    Stale,
    StorageFull,
    Suspended,
    TooManyFailures,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from postwarden.wire.sasl import encode_base64
from postwarden.wire.smtp.problems import Problem
from postwarden.wire.smtp.replies import Reply

_TRY_AGAIN = Reply(451, "4.3.0", "Try again later")

ERRORS: dict[type[MailError], Reply] = {
    MailError: _TRY_AGAIN,
    Invalid: Reply(501, "5.1.3", "Bad address"),
    Unauthenticated: Reply(535, "5.7.8", "Authentication failed"),
    TooManyFailures: Reply(535, "5.7.8", "Authentication failed"),
    Forbidden: Reply(550, "5.7.1", "Not permitted"),
    NotFound: Reply(550, "5.1.1", "No such recipient here"),
    AlreadyExists: Reply(554, "5.5.0", "Already exists"),
    Refused: Reply(550, "5.7.1", "Refused"),
    Suspended: Reply(550, "5.2.1", "Mailbox disabled"),
    Stale: _TRY_AGAIN,
    LimitExceeded: Reply(452, "4.5.3", "Limit reached, try again later"),
    OverQuota: Reply(452, "4.2.2", "Mailbox full"),
    Unsupported: Reply(504, "5.5.4", "Not supported"),
    Unavailable: _TRY_AGAIN,
    StorageFull: Reply(452, "4.3.1", "Out of storage, try again later"),
}
OUR_FAULT = Reply(451, "4.3.0", "Local error, try again later")

PROBLEMS: dict[Problem, Reply] = {
    Problem.LINE: Reply(500, "5.5.2", "Syntax error"),
    Problem.LINE_TOO_LONG: Reply(500, "5.5.2", "Line too long"),
    Problem.ARGUMENTS: Reply(501, "5.5.4", "Bad arguments"),
    Problem.REVERSE_PATH: Reply(501, "5.1.7", "Bad sender address syntax"),
    Problem.FORWARD_PATH: Reply(501, "5.1.3", "Bad recipient address syntax"),
    Problem.PATH_NEEDS_SMTPUTF8: Reply(553, "5.6.7", "Address needs SMTPUTF8"),
    Problem.PARAMETER_UNKNOWN: Reply(555, "5.5.4", "Parameter not recognized"),
    Problem.PARAMETER_REPEATED: Reply(501, "5.5.4", "Parameter given twice"),
    Problem.PARAMETER_VALUE: Reply(501, "5.5.4", "Bad parameter value"),
    Problem.PARAMETER_UNSUPPORTED: Reply(504, "5.5.4", "Parameter not implemented"),
}

OK = Reply(250, "2.0.0", "OK")
BYE = Reply(221, "2.0.0", "Bye")
HELP = Reply(214, "2.0.0", "See RFC 5321")
CANNOT_VERIFY = Reply(252, "2.0.0", "Send some mail, we will try")
SENDER_OK = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient OK")
START_DATA = Reply(354, None, "End data with <CR><LF>.<CR><LF>")
CHUNK_OK = Reply(250, "2.0.0", "Chunk OK")
START_TLS = Reply(220, "2.0.0", "Ready to start TLS")
LOGGED_IN = Reply(235, "2.7.0", "Authentication succeeded")

UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognized")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
HELO_FIRST = Reply(503, "5.5.1", "Say hello first")
MAIL_FIRST = Reply(503, "5.5.1", "MAIL first")
RECIPIENT_FIRST = Reply(503, "5.5.1", "No valid recipients")
NESTED_MAIL = Reply(503, "5.5.1", "Sender already given")
CHUNKS_BEGUN = Reply(503, "5.5.1", "Only BDAT or RSET may follow BDAT")
ALREADY_TLS = Reply(503, "5.5.1", "TLS already active")
ALREADY_LOGGED_IN = Reply(503, "5.5.1", "Already authenticated")
NOT_IN_MAIL = Reply(503, "5.5.1", "Not while a mail is being sent")

TOO_LARGE = Reply(552, "5.3.4", "Message too large")
BARE_LINE_END = Reply(550, "5.6.0", "Bare CR or LF in message, see RFC 5321 2.3.8")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients")

STARTTLS_FIRST = Reply(530, "5.7.0", "Must issue a STARTTLS command first")
LOGIN_FIRST = Reply(530, "5.7.0", "Authentication required")
LOGIN_NEEDS_TLS = Reply(538, "5.7.11", "Encryption required for authentication")
UNKNOWN_MECHANISM = Reply(504, "5.5.4", "Mechanism not offered")
LOGIN_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
BAD_LOGIN_RESPONSE = Reply(501, "5.5.2", "Cannot decode response")
LOGIN_LINE_TOO_LONG = Reply(500, "5.5.6", "Authentication exchange line is too long")

# Replies after which we close (RFC 5321 §3.8).
SHUTTING_DOWN = Reply(421, "4.3.2", "Shutting down, try again later")
TOO_MANY_CONNECTIONS = Reply(421, "4.3.2", "Too many connections, try again later")
TOO_MANY_FROM_ADDRESS = Reply(421, "4.7.0", "Too many connections from your address")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands without mail")
TOO_MANY_LOGINS = Reply(421, "4.7.0", "Too many failed logins")
NOT_SMTP = Reply(421, "4.7.0", "This is not a web server")
IMPROPER_PIPELINING = Reply(421, "4.7.0", "Content sent before it was asked for")
TIMEOUT = Reply(421, "4.4.2", "Timeout")
TOO_MUCH_CONTENT = Reply(421, "4.7.0", "Too much content after a refusal")
CHUNK_UNREADABLE = Reply(421, "4.7.0", "Cannot tell where the chunk ends")


def reply_for(error: MailError) -> Reply:
    """Return the reply for an error, or for the nearest class it is made of."""
    return next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)


@lru_cache(maxsize=64)
def greeting(hostname: str, protocol: str) -> Reply:
    return Reply(220, None, f"{hostname} {protocol} Postwarden")


@lru_cache(maxsize=64)
def hello(hostname: str, keywords: tuple[str, ...]) -> Reply:
    return Reply(250, None, "\n".join((hostname, *keywords)))


def challenge(octets: bytes) -> Reply:
    return Reply(334, None, encode_base64(octets))


def accepted(trace_id: str) -> Reply:
    return Reply(250, "2.0.0", f"accepted trace={trace_id}")
