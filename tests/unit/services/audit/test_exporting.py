"""The exported audit log: checked by anybody, whatever was done to the file."""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.actors import OPERATOR
from postwarden.model.audit_heads import HeadsHash, seal_facts, seal_statement
from postwarden.model.errors import Forbidden, Invalid
from postwarden.services.audit import anchoring, exporting
from postwarden.services.audit.verification import verify
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import audit_entry
from tests.unit.services.registry import CAROL

SIGNER = MemorySigner()
KEY = SIGNER.public_key()


def record(uow: UnitOfWork, name: str) -> None:
    uow.audit.record(audit_entry(object=name, reason="é"))


async def exported(store: Store) -> list[bytes]:
    parts = [part async for part in exporting.export(store, SIGNER, OPERATOR)]
    return b"".join(parts).splitlines(keepends=True)


async def filled(store: Store, count: int = 6) -> None:
    for number in range(count):
        await store.transact(record, f"o{number}")
        if number == 2:
            await anchoring.sign_head(store, MemorySigner())


async def test_an_export_is_whole_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_PAGE", 3)
    await filled(store)

    lines = await exported(store)
    verdict = exporting.check(lines, key=KEY)

    assert verdict.problem is None
    assert verdict.entries == 7  # the export is one of them
    assert verdict.head == (await verify(store, OPERATOR)).head
    assert verdict.signed is not None
    assert verdict.signed.public_key == KEY
    assert json.loads(lines[-3])["entry"]["action"] == "audit.export"
    assert exporting.check(lines, anchors=[verdict.signed]).problem is None


@pytest.fixture(scope="module")
def whole() -> list[bytes]:
    async def make() -> list[bytes]:
        store = MemoryStore()
        await filled(store)
        return await exported(store)

    return asyncio.run(make())


@given(st.data())
def test_lines_that_were_dropped_doubled_or_moved_are_found(
    whole: list[bytes], data: st.DataObject
) -> None:
    head, *others = whole
    changed = data.draw(st.lists(st.sampled_from(others), max_size=12))

    verdict = exporting.check([head, *changed], key=KEY)

    assert (verdict.problem is None) == (changed == others)


@pytest.mark.parametrize("key", [KEY, None], ids=["our key", "any key"])
def test_a_signed_head_that_was_taken_out_is_missed(
    whole: list[bytes], key: bytes | None
) -> None:
    first = next(n for n, line in enumerate(whole) if b'{"head"' in line)
    lines = [*whole[:first], *whole[first + 1 :]]

    problem = exporting.check(lines, key=key).problem

    assert problem == "there were 2 signed heads: one was taken out or replaced"


def test_a_seal_of_somebody_else_is_not_taken(whole: list[bytes]) -> None:
    other = MemorySigner()
    seal = HeadsHash().seal(other.public_key())
    seal = replace(seal, signature=other.sign(seal_statement(seal)))
    line = json.dumps({"seal": seal_facts(seal)}).encode()

    problem = exporting.check([*whole[:-1], line]).problem

    assert problem == "the seal over the signed heads is not of the newest head's key"
    assert "missing" in str(exporting.check(whole[:-1]).problem)


@given(st.data())
def test_an_altered_octet_is_found(whole: list[bytes], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(whole) - 1))
    line = bytearray(whole[number])
    position = data.draw(st.integers(0, len(line) - 2))
    line[position] ^= 1 << data.draw(st.integers(0, 7))
    lines = [*whole[:number], bytes(line), *whole[number + 1 :]]
    try:
        same = json.loads(line) == json.loads(whole[number])
    except ValueError:
        same = False

    assert (exporting.check(lines, key=KEY).problem is None) == same


def test_another_store_s_export_is_not_taken_for_ours(whole: list[bytes]) -> None:
    problem = exporting.check(whole, key=MemorySigner().public_key()).problem
    assert problem == "the newest signed head is not of the key that it must be of"


@pytest.mark.parametrize(
    "lines", [[], [b"\n"], [b"[" * 100_000], [b"{}"], [b'{"kind": "other"}']]
)
def test_another_file_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(Invalid):
        exporting.check(lines)


def test_a_newer_form_is_not_guessed_at(whole: list[bytes]) -> None:
    begin = {**json.loads(whole[0]), "version": 2}
    with pytest.raises(Invalid, match="newer"):
        exporting.check([json.dumps(begin).encode(), *whole[1:]])


async def test_only_who_may_read_all_of_the_log_exports_it() -> None:
    with pytest.raises(Forbidden):
        await anext(exporting.export(MemoryStore(), SIGNER, CAROL))
