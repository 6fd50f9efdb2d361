"""Names as James checks them, each refusal in his words."""

from dataclasses import dataclass

from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Invalid

_LONGEST = 255  # characters of a domain, and of a username
_FORBIDDEN = '"(),:; <>@[\\]'
_DOMAIN_RULE = "Domain can not be empty nor contain `@` nor `/`"
_LENGTH_RULE = "Domain name length should not exceed 255 characters"


class BadName(ValueError):
    """A name that breaks a rule; the text is James'."""


def domain_of(text: str) -> str:
    """Return what a domain is looked up by, though there may be none of that name.

    Raises BadName.
    """
    if not text or "@" in text or "/" in text:
        raise BadName(_DOMAIN_RULE)
    if len(text) > _LONGEST:
        raise BadName(_LENGTH_RULE)
    try:
        return domain_name(_bare(text))
    except Invalid:
        return _bare(text).lower()


def _bare(text: str) -> str:
    """Return a name without the brackets of an address, which James takes off."""
    is_literal = text.startswith("[") and text.endswith("]")
    return text[1:-1] if is_literal else text


def new_domain(text: str) -> str:
    """Return the name of a domain to be; raises BadName.

    James 3.6 hosts `*` and blanks; these rules and words are those of 3.8.
    """
    name = domain_of(text)
    for label in _bare(text).split("."):
        if not label:
            raise BadName("Domain part should not be empty")
        if any(c.isascii() and not (c.isalnum() or c in "-_") for c in label):
            raise BadName("Domain parts ASCII chars must be a-z A-Z 0-9 - or _")
        if label[0] in "-_":
            raise BadName("Domain part should not start with '-' or '_'")
    try:
        return domain_name(name)
    except Invalid as error:
        raise BadName(str(error)) from error


@dataclass(frozen=True, slots=True)
class Username:
    """Who logs in: `local_part@domain`, or a local part alone."""

    local_part: str
    domain: str | None

    def __str__(self) -> str:
        return self.local_part + ("" if self.domain is None else f"@{self.domain}")

    @property
    def address(self) -> Address:
        """Return the address, though it may be none that can be made."""
        return Address(self.local_part, self.domain or "")

    @property
    def dump(self) -> str:
        """Return the form that James' messages have of it by accident."""
        part = (
            "Optional.empty"
            if self.domain is None
            else f"Optional[Domain : {self.domain}]"
        )
        return f"Username{{localPart={self.local_part}, domainPart={part}}}"


def username_of(text: str) -> Username:
    """Read a username, in lower case; raises BadName."""
    if not text.strip():
        raise BadName("username should not be null or empty after being trimmed")
    if len(text) > _LONGEST:
        raise BadName("username length should not be longer than 255 characters")
    if text.count("@") > 1:
        raise BadName(
            f"The username should not contain multiple domain delimiter. Value: {text}"
        )
    local_part, at, domain = text.partition("@")
    if not local_part:
        raise BadName("username local part should not be empty")
    return Username(local_part.lower(), domain_of(domain) if at else None)


def check_new(name: Username) -> Address:
    """Return the address of an account to be; raises BadName.

    The domain is looked up by who calls.
    """
    if any(c in name.local_part for c in _FORBIDDEN):
        raise BadName(
            f"Given Username '{name}' should not contain any of those characters: "
            f"{_FORBIDDEN}"
        )
    try:
        return Address.parse(f'"{name.local_part}"@{name.domain}')
    except Invalid as error:
        raise BadName(str(error)) from error


def text_of(address: Address) -> str:
    """Return an address as James writes it, who quotes nothing."""
    return f"{address.local_part}@{address.domain}"
