"""The audit log as one file that anybody can check, with no store at hand.

JSON Lines: a line that says what it is, then each entry as `{"entry": ...}`, and
behind an entry the heads that were signed of it as `{"head": ...}`. The last entry has
a head, and the last line is a signed `{"seal": ...}` over all heads, so that nothing
can be taken out of the file or cut off it unseen.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import postwarden
from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry, facts, stamp
from postwarden.model.audit_heads import (
    HeadsHash,
    HeadsSeal,
    SignedHead,
    head_facts,
    parse_head,
    parse_seal,
    seal_facts,
    seal_statement,
)
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.audit.anchoring import sign_head
from postwarden.services.audit.verification import LogCheck, Verdict, no_news
from postwarden.services.ports import Signer, Store, UnitOfWork
from postwarden.wire.ed25519 import is_signed

KIND = "postwarden audit log"
VERSION = 1
MAX_LINE = 16 * 1024 * 1024  # octets of one entry
_PAGE = 500


async def export(
    store: Store,
    signer: Signer,
    actor: Actor,
    *,
    progress: Callable[[int], None] = no_news,
) -> AsyncIterator[bytes]:
    """Yield the lines of the file; the export itself is the last entry in it."""
    access.require(actor, Permission.AUDIT_READ)
    access.everything(actor, "export the audit log")
    await store.transact(audit.record, actor, "audit.export", "audit log")
    newest = await sign_head(store, signer)
    assert newest is not None  # noqa: S101  an entry was just written
    yield _line(
        {
            "kind": KIND,
            "version": VERSION,
            "exported_at": stamp(newest.time),
            "postwarden": postwarden.__version__,
        }
    )
    after, heads_hash = 0, HeadsHash()
    while after < newest.entry:
        limit = min(_PAGE, newest.entry - after)
        entries, heads = await store.read(_page, after, limit)
        if not entries:
            raise Invalid(f"the audit log ends at entry {after}: run `audit verify`")
        for head in heads:
            heads_hash.add(head)
        yield b"".join(_lines(entries, heads))
        progress(len(entries))
        after = entries[-1].id
    seal = heads_hash.seal(signer.public_key())
    seal = replace(seal, signature=signer.sign(seal_statement(seal)))
    yield _line({"seal": seal_facts(seal)})


def _page(
    uow: UnitOfWork, after: int, limit: int
) -> tuple[list[AuditEntry], list[SignedHead]]:
    entries = uow.audit.page(after=after, limit=limit)
    return entries, uow.audit.signed(after=after, up_to=after + len(entries))


def _lines(
    entries: Sequence[AuditEntry], heads: Sequence[SignedHead]
) -> Iterable[bytes]:
    left = list(heads)
    for entry in entries:
        yield _line({"entry": facts(entry)})
        while left and left[0].entry <= entry.id:
            yield _line({"head": head_facts(left.pop(0))})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def check(
    lines: Iterable[bytes],
    *,
    anchors: Sequence[SignedHead] = (),
    key: bytes | None = None,
    progress: Callable[[int], None] = no_news,
) -> Verdict:
    """Check the lines of an exported file; needs no store.

    Raises Invalid when they are not of such a file at all.
    """
    found = LogCheck(anchors, key=key)
    numbered = iter(lines)
    begin = _read(next(numbered, b""))
    if begin.get("kind") != KIND:
        raise Invalid("this is no exported audit log")
    if begin.get("version") != VERSION:
        raise Invalid("this log was exported by a newer release: check it with that")
    heads = _SealedHeads()
    problem = None
    for number, line in enumerate(numbered, 2):
        if problem := _heard(found, heads, line, number):
            break
        progress(1)
    problem = problem or _cut_off(found) or heads.problem(found.signed) or found.end()
    return Verdict(head=found.head, signed=found.signed, problem=problem)


class _SealedHeads:
    """Hears the signed heads of a file, and the seal that is over them all."""

    def __init__(self) -> None:
        self._hash = HeadsHash()
        self.seal: HeadsSeal | None = None

    def add(self, head: SignedHead) -> None:
        self._hash.add(head)

    def problem(self, newest: SignedHead | None) -> str | None:
        """Say what is wrong with the heads as a whole, of which one is the newest."""
        seal = self.seal
        if seal is None:
            return "the seal over the signed heads is missing: lines were cut off"
        if newest is None or seal.public_key != newest.public_key:
            return "the seal over the signed heads is not of the newest head's key"
        if not is_signed(seal_statement(seal), seal.signature, seal.public_key):
            return "the signature of the seal over the signed heads is wrong"
        if replace(seal, signature=b"") != self._hash.seal(seal.public_key):
            return (
                f"there were {seal.heads} signed heads: one was taken out or replaced"
            )
        return None


def _heard(
    found: LogCheck, heads: _SealedHeads, line: bytes, number: int
) -> str | None:
    if heads.seal is not None:
        return f"line {number} comes behind the end"
    try:
        read = _read(line)
        if isinstance(read.get("entry"), dict):
            return found.entry(read["entry"])
        if "seal" in read:
            heads.seal = parse_seal(read["seal"])
            return None
        head = parse_head(read.get("head"))
    except Invalid:
        return f"line {number} is neither an entry nor a signed head"
    heads.add(head)
    return found.signed_head(head)


def _cut_off(found: LogCheck) -> str | None:
    if found.signed is None or found.signed.entry != found.entries:
        return f"entry {found.entries} has no signed head: lines were cut off behind it"
    return None


def _read(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid("this is no JSON") from error
    if not isinstance(read, dict):
        raise Invalid("this is no JSON object")
    return read
