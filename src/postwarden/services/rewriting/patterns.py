"""Patterns of rewriting: `pattern:template`, in time linear in the address.

The pattern is of RE2 and must match the whole address; `${1}` in the template is its
first group. A pattern without a template leads nowhere.
"""

import re
from functools import lru_cache
from typing import Any

import re2

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid

MAX_LENGTH = 1024  # characters of pattern and template
_MAX_MEMORY = 1024 * 1024  # octets of one compiled pattern
_GROUP = re.compile(r"\$\{(\d{1,3})\}|\$(\d)")


def check(text: str) -> str:
    """Return a pattern that can be used; raises Invalid."""
    if len(text) > MAX_LENGTH:
        raise Invalid(f"a pattern has {MAX_LENGTH} characters at most", field="regex")
    pattern, _, template = text.partition(":")
    groups = _compiled(pattern).groups
    for found in _GROUP.finditer(template):
        if int(found[1] or found[2]) > groups:
            raise Invalid(f"there is no group {found[0]}", field="regex")
    return text


def rewritten(text: str, address: Address) -> Address | None:
    """Return where a pattern leads an address, None when it does not match.

    Raises Invalid when what it makes is no address.
    """
    pattern, colon, template = text.partition(":")
    found = _compiled(pattern).fullmatch(f"{address.local_part}@{address.domain}")
    if found is None or not colon:
        return None
    made = _GROUP.sub(
        lambda group: found.group(int(group[1] or group[2])) or "", template
    )
    return Address.parse(made)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise Invalid(f"not a pattern: {text}", field="regex") from error
