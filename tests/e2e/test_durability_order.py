"""No 250 before the message is durable: the order of system calls proves it.

A killed process loses nothing that the kernel has, so only what was flushed before
the answer left says what power loss would leave (invariant 1 of the architecture).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e import books, mails
from tests.e2e.clients import accepted
from tests.e2e.processes import Postwarden
from tests.e2e.tracing import Call, calls_of, traced

FLUSHES = {"fsync", "fdatasync"}
WRITES = {"pwrite64", "write", "writev"}
CONTENT, ROWS = r"/blobs/content\.db-wal>", r"/postwarden\.db-wal>"
TOKENS = ("small", "large")  # of the mails, in the header that their rows keep


def on(calls: Sequence[Call], names: set[str], pattern: str) -> list[Call]:
    return [c for c in calls if c.name in names and re.search(pattern, c.arguments)]


def flushed(calls: Sequence[Call], writes: Sequence[Call], pattern: str) -> int:
    """Return when what was written had been flushed: the line of the flush's end."""
    assert writes, f"nothing was written to {pattern}"
    last = writes[-1].ended
    assert last is not None
    for call in on(calls, FLUSHES, pattern):
        if call.began > last and call.ended is not None and call.result == "0":
            return call.ended
    raise AssertionError(f"{pattern} was written and not flushed")


@pytest.fixture
def trace(postwarden: Postwarden, tmp_path: Path) -> list[list[Call]]:
    """The calls for a small and for a large mail, each up to its answer's end."""
    output = tmp_path / "strace.out"
    serving = postwarden.serve()
    to = ["ada@example.org", "bob@example.org"]
    with traced(serving.pid, output):
        accepted(serving.addresses["smtp"], to, mails.mail(TOKENS[0]))
        accepted(serving.addresses["smtp"], to, mails.bulky(TOKENS[1], 400_000))
    serving.stop()
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 4
    calls = calls_of(output)
    begun = on(calls, {"write", "sendto", "writev", "sendmsg"}, r'"354 ')
    assert len(begun) == 2
    return [[c for c in calls if c.began > begin.began] for begin in begun]


@pytest.mark.parametrize(("number", "is_large"), [(0, False), (1, True)])
def test_content_then_rows_are_flushed_before_the_answer_leaves(
    trace: list[list[Call]], number: int, is_large: bool
) -> None:
    calls = trace[number]
    answer = on(calls, {"write", "sendto", "writev", "sendmsg"}, "250 2.0.0 accepted")[
        0
    ]
    before = [call for call in calls if call.began < answer.began]
    content = on(before, WRITES, CONTENT)
    # Others write rows as well: tasks that are due, for one.
    rows = on(before, WRITES, ROWS + f".*X-Token: {TOKENS[number]}")
    if is_large:
        assert _file_in_place(before) < content[0].began
    assert flushed(before, content, CONTENT) < rows[0].began
    assert flushed(before, rows, ROWS) < answer.began


def _file_in_place(calls: Sequence[Call]) -> int:
    """Return when the file of a large blob was durable under its name."""
    drafts = r"/blobs/drafts/\w+>"
    ready = flushed(calls, on(calls, WRITES, drafts), drafts)
    (rename,) = on(calls, {"rename", "renameat", "renameat2"}, r"\.zst")
    assert ready < rename.began
    return flushed(calls, [rename], r"/blobs/large(/\w+)?>")


def test_rows_are_not_written_when_content_cannot_be(postwarden: Postwarden) -> None:
    """The order the other way round: no content, so no rows and no 250."""
    serving = postwarden.serve()
    with books.opened(postwarden.data) as seen:
        seen.content.execute("PRAGMA query_only = OFF")
        seen.content.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON blobs"
            " BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END"
        )
        with pytest.raises(AssertionError, match=r"451 4\.3\.0"):
            accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("lost"))
        assert not seen.filed()
        assert not seen.all("SELECT * FROM receptions")
        assert not seen.all("SELECT * FROM ledger")
        seen.content.execute("DROP TRIGGER broken")
        accepted(serving.addresses["smtp"], ["ada@example.org"], mails.mail("again"))
        assert seen.filed().total() == 1


@pytest.mark.parametrize("octets", [1000, 400_000], ids=["row", "file"])
def test_content_that_was_damaged_is_mended_by_the_mail_that_comes_again(
    postwarden: Postwarden, octets: int
) -> None:
    """What is acknowledged is readable, whatever became of its like before."""
    content = mails.bulky("again", octets)
    serving = postwarden.serve()
    smtp = serving.addresses["smtp"]
    accepted(smtp, ["ada@example.org"], content)
    damage(postwarden.data / "blobs")
    with books.opened(postwarden.data) as seen:
        assert len(seen.faults()) == 1
    accepted(smtp, ["bob@example.org"], content)
    with books.opened(postwarden.data) as seen:
        assert seen.filed().total() == 2
        assert not seen.faults()
    serving.stop()


def damage(blobs: Path) -> None:
    """Change some octets of all content, in rows and files."""
    books.tamper(
        blobs / "content.db",
        "UPDATE blobs SET content = zeroblob(100) WHERE content IS NOT NULL",
    )
    for path in blobs.rglob("*.zst"):
        octets = bytearray(path.read_bytes())
        octets[1000:1100] = bytes(100)
        path.write_bytes(octets)
