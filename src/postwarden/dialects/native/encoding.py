"""Shapes as JSON, and the tags that tell whether a thing has changed."""

import hashlib
from collections.abc import Mapping

import msgspec

from postwarden.dialects.kit.asgi import Answer

# What moves without anybody having administered it.
_VOLATILE = frozenset(
    {
        *("used_octets", "used_messages", "vault_octets", "vault_messages"),
        *("mailboxes", "last_login_at"),
        *("accounts", "aliases", "groups", "lists", "domain_aliases"),
    }
)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value))  # a shape of ours that JSON cannot hold


encode = msgspec.json.Encoder(enc_hook=_plain).encode
"""Times become RFC 3339 in UTC, as with `--json`."""


def etag_of(shape: Mapping[str, object]) -> str:
    """Return a strong entity tag over what administrators can change."""
    kept = {name: shape[name] for name in sorted(shape) if name not in _VOLATILE}
    return f'"{hashlib.blake2b(encode(kept), digest_size=12).hexdigest()}"'


def answer_with(
    shape: Mapping[str, object], *, status: int = 200, if_none_match: str = ""
) -> Answer:
    """Return one thing with its tag, or that it is what the client has."""
    tag = etag_of(shape)
    if if_none_match and tag in [each.strip() for each in if_none_match.split(",")]:
        return Answer(status=304, headers={"etag": tag})
    return Answer(status=status, body=encode(shape), headers={"etag": tag})
