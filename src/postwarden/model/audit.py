"""Audit entries: one administrative act each, chained by hash.

The hash of an entry is SHA-256 over all its other fields as canonical JSON, the
hash of the entry before it among them; docs/audit.md has the form in words.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which object; `before` and `after` never hold secrets."""

    id: int = 0  # given by the store: 1, 2, 3 ... without gaps
    time: datetime
    actor: str
    dialect: str
    client_ip: str | None
    request_id: str | None
    action: str  # object.verb, e.g. account.create
    object: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""
    on_behalf_of: str | None = None
    domain: str | None = None  # whose administrators see it; None: global ones only
    domains: tuple[str, ...] = ()  # where it concerns several: all, `domain` the first
    previous_hash: bytes | None = None  # given by the store; None of the first
    hash: bytes = b""  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The newest entry at a moment: it stands for all that came before it."""

    entry: int
    hash: bytes


def chained(entry: AuditEntry, head: AuditHead | None) -> AuditEntry:
    """Return an entry as it stands in the log behind `head`.

    `before` and `after` become what JSON gives back of them. Raises TypeError or
    ValueError when JSON has no word for what is in them.
    """
    placed = replace(
        entry,
        id=1 if head is None else head.entry + 1,
        before=_as_json(entry.before),
        after=_as_json(entry.after),
        previous_hash=None if head is None else head.hash,
    )
    return replace(placed, hash=digest_of(hashed_fields(placed)))


def concerning(entry: AuditEntry, domains: Collection[str]) -> AuditEntry:
    """Return an entry as one that concerns some domains, or none."""
    names = tuple(sorted(domains))
    several = names if len(names) > 1 else ()
    return replace(entry, domain=names[0] if names else None, domains=several)


def domains_of(entry: AuditEntry) -> tuple[str, ...]:
    """Return what an entry concerns, none for what is for global ones only."""
    return entry.domains or (() if entry.domain is None else (entry.domain,))


def is_within(entry: AuditEntry, domains: Collection[str]) -> bool:
    """Whether an entry concerns some of these domains and nothing else."""
    return entry.domain in domains and set(domains).issuperset(entry.domains)


def head_of(entry: AuditEntry) -> AuditHead:
    return AuditHead(entry=entry.id, hash=entry.hash)


def hashed_fields(entry: AuditEntry) -> dict[str, Any]:
    """Return the fields that the hash is over, as JSON has them."""
    return {
        "id": entry.id,
        "time": stamp(entry.time),
        "actor": entry.actor,
        "on_behalf_of": entry.on_behalf_of,
        "dialect": entry.dialect,
        "client_ip": entry.client_ip,
        "request_id": entry.request_id,
        "action": entry.action,
        "object": entry.object,
        "domain": entry.domain,
        # Left out of most, as it was before there were entries of several domains.
        **({"domains": list(entry.domains)} if entry.domains else {}),
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "previous_hash": entry.previous_hash and entry.previous_hash.hex(),
    }


def facts(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as scripts and auditors see it."""
    return {**hashed_fields(entry), "hash": entry.hash.hex()}


def digest_of(fields: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical(fields)).digest()


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return JSON in the one form that hashes and signatures are over.

    Keys sorted, no spaces, ASCII only; raises TypeError or ValueError.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("ascii")


def stamp(time: datetime) -> str:
    """Return a time as RFC 3339 in UTC; a fraction of zero is left out."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _as_json(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if value is None:
        return None
    read: Mapping[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    return read


class ChainCheck:
    """Follows a log entry by entry; `head` is the last that was in order."""

    def __init__(self, head: AuditHead | None = None) -> None:
        self.head = head

    def problem(self, fields: Mapping[str, Any]) -> str | None:
        """Say what is wrong with the next entry, None when it follows.

        `fields` are those of `facts`. After a problem the check is over: what
        comes behind a broken entry proves nothing.
        """
        number, claimed = fields.get("id"), fields.get("hash")
        expected = 1 if self.head is None else self.head.entry + 1
        previous = None if self.head is None else self.head.hash.hex()
        if number != expected:
            return f"entry {expected} is missing: {number} comes in its place"
        actual = _recomputed(fields)
        if actual is None or actual.hex() != claimed:
            return f"entry {number} was altered: its hash is of other content"
        if fields.get("previous_hash") != previous:
            return (
                f"entry {number} does not follow entry {expected - 1}: "
                "one of the two was inserted, replaced or moved"
            )
        self.head = AuditHead(entry=expected, hash=actual)
        return None


def _recomputed(fields: Mapping[str, Any]) -> bytes | None:
    """Return the hash of an entry's other fields, None when they are none of ours."""
    try:
        return digest_of({name: fields[name] for name in fields if name != "hash"})
    except (TypeError, ValueError, RecursionError):
        return None
