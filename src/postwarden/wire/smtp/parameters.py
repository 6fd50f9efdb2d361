"""Parameters of MAIL and RCPT (RFC 5321 §4.1.1.11, RFC 1870, 3461, 6152, 6531)."""

import re

from postwarden.wire.smtp.problems import Malformed, Problem

MAX_ENVID = 100  # characters, RFC 3461 §4.4
MAX_ORCPT = 500  # characters, RFC 3461 §4.2

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\x00-\x20\x7f]+))?\Z")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*\Z")
_HEX = re.compile(r"\+([0-9A-Fa-f]{2})")
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_PRINTABLE = re.compile(r"[\x20-\x7e]+\Z")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}\Z")
_DIGITS = re.compile(r"[0-9]{1,20}\Z")  # RFC 1870 §6
_NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})


def parse_parameters(
    text: str, offered: frozenset[str], path_problem: Problem
) -> dict[str, str]:
    """Read ` KEYWORD=VALUE` pairs that follow a path; a bare keyword gives ``.

    Raises Malformed: for text that touches the path, a keyword not `offered`, one
    given twice, or what is no parameter at all.
    """
    if text and not text.startswith(" "):
        raise Malformed(path_problem)
    parameters: dict[str, str] = {}
    for word in filter(None, text.split(" ")):
        match = _PARAMETER.match(word)
        if match is None:
            raise Malformed(Problem.ARGUMENTS)
        keyword = match[1].upper()
        if keyword not in offered:
            raise Malformed(Problem.PARAMETER_UNKNOWN)
        if keyword in parameters:
            raise Malformed(Problem.PARAMETER_REPEATED)
        parameters[keyword] = match[2] or ""
    return parameters


def parse_size(value: str | None) -> int | None:
    """Read SIZE=, in octets (RFC 1870 §6)."""
    if value is None:
        return None
    if not _DIGITS.match(value):
        raise Malformed(Problem.PARAMETER_VALUE)
    return int(value)


def parse_body(value: str | None) -> str:
    """Read BODY=: 7BIT or 8BITMIME (RFC 6152 §2).

    BINARYMIME is a value that exists and is not offered here (RFC 3030 §3).
    """
    body = "7BIT" if value is None else value.upper()
    if body == "BINARYMIME":
        raise Malformed(Problem.PARAMETER_UNSUPPORTED)
    if body not in {"7BIT", "8BITMIME"}:
        raise Malformed(Problem.PARAMETER_VALUE)
    return body


def parse_flag(value: str | None) -> bool:
    """Read a parameter that takes no value, as SMTPUTF8 (RFC 6531 §3.4)."""
    if value:
        raise Malformed(Problem.PARAMETER_VALUE)
    return value is not None


def parse_ret(value: str | None) -> str | None:
    """Read RET=: FULL or HDRS (RFC 3461 §4.3)."""
    if value is None:
        return None
    ret = value.upper()
    if ret not in {"FULL", "HDRS"}:
        raise Malformed(Problem.PARAMETER_VALUE)
    return ret


def parse_envid(value: str | None) -> str | None:
    """Read ENVID= and decode it; it is printable ASCII (RFC 3461 §4.4)."""
    if value is None:
        return None
    if len(value) > MAX_ENVID:
        raise Malformed(Problem.PARAMETER_VALUE)
    return _printable(decode_xtext(value))


def parse_notify(value: str | None) -> tuple[str, ...]:
    """Read NOTIFY=: NEVER alone, or others once each (RFC 3461 §4.1)."""
    if value is None:
        return ()
    notify = tuple(value.upper().split(","))
    if notify == ("NEVER",):
        return notify
    if len(set(notify)) != len(notify) or not _NOTIFY.issuperset(notify):
        raise Malformed(Problem.PARAMETER_VALUE)
    return notify


def parse_orcpt(value: str | None, *, smtputf8: bool) -> str | None:
    """Read ORCPT=, decoded, as `type;address` with the type in lower case.

    Type `utf-8` may hold Unicode, escaped or, with SMTPUTF8, as it is
    (RFC 6533 §3); any other holds printable ASCII (RFC 3461 §4.2).
    """
    if value is None:
        return None
    kind, semicolon, address = value.partition(";")
    if not semicolon or len(value) > MAX_ORCPT or not _ADDRESS_TYPE.match(kind):
        raise Malformed(Problem.PARAMETER_VALUE)
    kind = kind.lower()
    if kind == "utf-8":
        return f"{kind};{_unicode_address(address, smtputf8=smtputf8)}"
    return f"{kind};{_printable(decode_xtext(address))}"


def decode_xtext(text: str) -> str:
    """Undo `+3D` and its like (RFC 3461 §4); raises Malformed."""
    if not _XTEXT.match(text):
        raise Malformed(Problem.PARAMETER_VALUE)
    return _HEX.sub(lambda match: chr(int(match[1], 16)), text)


def _printable(text: str) -> str:
    if not _PRINTABLE.match(text):
        raise Malformed(Problem.PARAMETER_VALUE)
    return text


def _unicode_address(text: str, *, smtputf8: bool) -> str:
    if text.isascii():
        text = decode_xtext(text)
    elif not smtputf8:
        raise Malformed(Problem.PATH_NEEDS_SMTPUTF8)
    decoded = _UNITEXT.sub(_code_point, text)
    if not decoded or _CONTROLS.search(decoded):
        raise Malformed(Problem.PARAMETER_VALUE)
    return decoded


def _code_point(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    if number > 0x10FFFF:
        raise Malformed(Problem.PARAMETER_VALUE)
    return chr(number)
