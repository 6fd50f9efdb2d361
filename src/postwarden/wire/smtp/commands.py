"""Command lines to commands (RFC 5321 §4.1.1)."""

import re
from dataclasses import dataclass

from postwarden.wire.smtp import parameters
from postwarden.wire.smtp.paths import Path, parse_path
from postwarden.wire.smtp.problems import Malformed, Problem

MAX_DOMAIN = 255  # octets, RFC 5321 §4.5.3.1.2

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_HELO = re.compile(r"[!-~]+\Z")
_BDAT = re.compile(r"([0-9]{1,20})(?: +(LAST))?\Z", re.IGNORECASE | re.ASCII)
_AUTH = re.compile(r"([A-Za-z0-9_-]{1,20})(?: +([^ ]+))?\Z")  # RFC 4422 §3.1
_MAIL = re.compile(r"FROM: *", re.IGNORECASE | re.ASCII)
_RCPT = re.compile(r"TO: *", re.IGNORECASE | re.ASCII)
_MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"})
_MAIL_PARAMETERS_WITH_AUTH = _MAIL_PARAMETERS | {"AUTH"}
_RCPT_PARAMETERS = frozenset({"NOTIFY", "ORCPT"})
_NO_PARAMETERS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Command:
    """A verb in upper case and the rest of its line."""

    verb: str
    argument: str


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL FROM (RFC 5321 §4.1.1.2) with the parameters of RFC 1870 and others."""

    path: Path
    size: int | None
    body: str
    smtputf8: bool
    ret: str | None
    envid: str | None


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RCPT TO (RFC 5321 §4.1.1.3) with the parameters of RFC 3461."""

    path: Path
    notify: tuple[str, ...]
    original_recipient: str | None


def parse_command(line: bytes) -> Command:
    """Split a line, which comes without its CRLF; raises Malformed.

    Octets beyond ASCII must be UTF-8 (RFC 6531 §3.3) and cannot be in a verb.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(Problem.LINE) from error
    if _CONTROLS.search(text):
        raise Malformed(Problem.LINE)
    verb, _, argument = text.partition(" ")
    if not verb.isascii():
        raise Malformed(Problem.LINE)
    # RFC 5321 §4.1.1: white space before the CRLF is tolerated.
    return Command(verb.upper(), argument.strip(" "))


def parse_helo(argument: str) -> str:
    """Read the name a client gives itself (RFC 5321 §4.1.1.1).

    It is kept for the trace and trusted for nothing, so that any printable word
    passes; real clients send underscores and bare addresses.
    """
    if len(argument) > MAX_DOMAIN or not _HELO.match(argument):
        raise Malformed(Problem.ARGUMENTS)
    return argument


def parse_mail(argument: str, *, extended: bool, authentication: bool) -> Mail:
    """Read `FROM:<path> parameters`; raises Malformed.

    `extended` says that EHLO offered parameters at all, `authentication` that it
    offered AUTH, whose AUTH= is read and not trusted (RFC 4954 §5). A space after
    the colon is common and tolerated.
    """
    start = _MAIL.match(argument)
    if start is None:
        raise Malformed(Problem.ARGUMENTS)
    path, rest = parse_path(argument[start.end() :], Problem.REVERSE_PATH)
    offered = _MAIL_PARAMETERS_WITH_AUTH if authentication else _MAIL_PARAMETERS
    given = parameters.parse_parameters(
        rest, offered if extended else _NO_PARAMETERS, Problem.REVERSE_PATH
    )
    mail = Mail(
        path,
        size=parameters.parse_size(given.get("SIZE")),
        body=parameters.parse_body(given.get("BODY")),
        smtputf8=parameters.parse_flag(given.get("SMTPUTF8")),
        ret=parameters.parse_ret(given.get("RET")),
        envid=parameters.parse_envid(given.get("ENVID")),
    )
    if "AUTH" in given:
        _check_mail_auth(given["AUTH"])
    if not (mail.smtputf8 or path.is_ascii):
        raise Malformed(Problem.PATH_NEEDS_SMTPUTF8)  # RFC 6531 §3.5
    return mail


def parse_rcpt(argument: str, *, extended: bool, smtputf8: bool) -> Rcpt:
    """Read `TO:<path> parameters`; raises Malformed.

    `smtputf8` says whether MAIL asked for it (RFC 6531 §3.4).
    """
    start = _RCPT.match(argument)
    if start is None:
        raise Malformed(Problem.ARGUMENTS)
    path, rest = parse_path(argument[start.end() :], Problem.FORWARD_PATH)
    if path.is_null:
        raise Malformed(Problem.FORWARD_PATH)
    given = parameters.parse_parameters(
        rest, _RCPT_PARAMETERS if extended else _NO_PARAMETERS, Problem.FORWARD_PATH
    )
    rcpt = Rcpt(
        path,
        notify=parameters.parse_notify(given.get("NOTIFY")),
        original_recipient=parameters.parse_orcpt(
            given.get("ORCPT"), smtputf8=smtputf8
        ),
    )
    if not (smtputf8 or path.is_ascii):
        raise Malformed(Problem.PATH_NEEDS_SMTPUTF8)
    return rcpt


def parse_bdat(argument: str) -> tuple[int, bool]:
    """Read `chunk-size [LAST]`: octets, and whether it ends (RFC 3030 §2)."""
    match = _BDAT.match(argument)
    if match is None:
        raise Malformed(Problem.ARGUMENTS)
    return int(match[1]), match[2] is not None


def parse_auth(argument: str) -> tuple[str, str | None]:
    """Read `mechanism [initial-response]`, still in base64 (RFC 4954 §4)."""
    match = _AUTH.match(argument)
    if match is None:
        raise Malformed(Problem.ARGUMENTS)
    return match[1].upper(), match[2]


def _check_mail_auth(value: str) -> None:
    if not value:
        raise Malformed(Problem.PARAMETER_VALUE)
    if value != "<>":
        parameters.decode_xtext(value)
