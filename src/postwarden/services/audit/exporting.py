"""The audit log as one file that anybody can check, with no store at hand.

JSON Lines: a line that says what it is, then each entry as `{"entry": ...}`, and
behind an entry the heads that were signed of it as `{"head": ...}`. The last line is
a head, so that nothing can be cut off the file unseen.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import postwarden
from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry, facts, stamp
from postwarden.model.audit_heads import SignedHead, head_facts, parse_head
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.audit.anchoring import sign_head
from postwarden.services.audit.verification import LogCheck, Verdict, no_news
from postwarden.services.ports import Signer, Store, UnitOfWork

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
    after = 0
    while after < newest.entry:
        limit = min(_PAGE, newest.entry - after)
        entries, heads = await store.read(_page, after, limit)
        if not entries:
            raise Invalid(f"the audit log ends at entry {after}: run `audit verify`")
        yield b"".join(_lines(entries, heads))
        progress(len(entries))
        after = entries[-1].id


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
    problem = None
    for number, line in enumerate(numbered, 2):
        if problem := _heard(found, line, number):
            break
        progress(1)
    problem = problem or _cut_off(found) or found.end()
    return Verdict(head=found.head, signed=found.signed, problem=problem)


def _heard(found: LogCheck, line: bytes, number: int) -> str | None:
    try:
        read = _read(line)
        if isinstance(read.get("entry"), dict):
            return found.entry(read["entry"])
        return found.signed_head(parse_head(read.get("head")))
    except Invalid:
        return f"line {number} is neither an entry nor a signed head"


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
