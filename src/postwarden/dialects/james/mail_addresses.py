"""Mail addresses as James reads them, each refusal in his words."""

from ipaddress import IPv4Address

from postwarden.dialects.james.decoding import Undecodable, decoded_again
from postwarden.dialects.james.envelope import illegal, invalid
from postwarden.dialects.james.names import BadName
from postwarden.model.addresses import Address

_NEVER = frozenset('()<>[]:;\\,"')
_INSIDE = frozenset("-_")


def asked_address(segment: str, kind: str) -> Address:
    """Return the address that a segment of a path names; raises Fault.

    `kind` is what James calls it, as in "group member".
    """
    try:
        return parse(decoded_again(segment))
    except Undecodable as error:
        raise illegal(str(error)) from error
    except BadName as error:
        message = f"The {kind} is not an email address"
        raise invalid(message, str(error)) from error


def parse(text: str) -> Address:
    """Read an address, its domain in lower case; raises BadName."""
    text = text.strip()
    if "@" not in text:
        raise BadName(f"Out of data at position 1 in '{text}'")
    local_part, end = _quoted(text) if text.startswith('"') else _plain(text)
    if not local_part:
        raise _bad("No local-part (user account) found", end, text)
    if end >= len(text):
        raise _bad("Out of data", end, text)
    if text[end] != "@":
        raise _bad("Did not find @ between local-part and domain", end, text)
    return Address(local_part, _domain(text, end + 1))


def _bad(what: str, position: int, text: str) -> BadName:
    return BadName(f"{what} at position {position + 1} in '{text}'")


def _plain(text: str) -> tuple[str, int]:
    """Return a local part and where it ends."""
    if text.startswith("."):
        raise BadName("Local part must not start with a '.'")
    for position, character in enumerate(text):
        if character == "@":
            return text[:position], position
        if not "!" <= character <= "~" or character in _NEVER:
            what = "Invalid character in local-part (user account)"
            raise _bad(what, position, text)
    return text, len(text)


def _quoted(text: str) -> tuple[str, int]:
    """Return a local part without its quotes, and where they end."""
    kept: list[str] = []
    position = 1
    while position < len(text) and text[position] != '"':
        position += text[position] == "\\"
        if not " " <= text[position : position + 1] <= "~":
            raise _bad("Unterminated quoted string", position, text)
        kept.append(text[position])
        position += 1
    return "".join(kept), position + 1


def _domain(text: str, start: int) -> str:
    domain = text[start:]
    if not domain:
        raise _bad("Out of data", start, text)
    if domain.startswith("["):
        return _literal(text, domain)
    label = start
    for position in range(start, len(text) + 1):
        character = text[position : position + 1] or "."
        if character == ".":
            if position == label:
                raise BadName(
                    f"Subdomain expected before '.' or duplicate '.' in {text}"
                )
            if "-" in {text[label], text[position - 1]}:
                what = 'Domain name cannot begin or end with a hyphen "-"'
                raise _bad(what, position, text)
            label = position + 1
        elif not (character.isascii() and character.isalnum()) and (
            character not in _INSIDE
        ):
            raise BadName(f"Invalid character at {position} in '{text}'")
    return domain.lower()


def _literal(text: str, domain: str) -> str:
    try:
        IPv4Address(domain[1:-1])
    except ValueError as error:
        raise BadName(
            f"End of number reached too quickly at {len(text)} in '{text}'"
        ) from error
    return domain
