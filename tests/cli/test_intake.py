"""An import's way into the store: bounded, and counted however it ends."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from postwarden.adapters.mailfiles import Item
from postwarden.cli import intake
from postwarden.cli.intake import BATCH, Intake, digest_only
from postwarden.cli.output import Output, Progress
from postwarden.services.found_mail import Arrival, FoundMail
from postwarden.services.importing import Outcome
from tests.support.factories import NOW
from tests.support.mail_files import mail

NO_BAR = Progress(None, None)


def found(count: int) -> Iterator[Item]:
    for number in range(count):
        yield FoundMail(
            place=str(number),
            name=str(number),
            mailbox="INBOX",
            content=mail(str(number)),
            file_time=NOW,
        )


async def test_what_is_being_filed_when_a_run_is_cancelled_is_counted() -> None:
    waits, go_on = asyncio.Event(), asyncio.Event()
    stored = 0

    async def put(content: bytes) -> bytes:
        nonlocal stored
        stored += 1
        if stored == 2 * BATCH:  # then the first batch is waited for
            asyncio.get_running_loop().call_later(0.05, waits.set)
        return await digest_only(content)

    async def file(arrivals: Sequence[Arrival]) -> list[Outcome]:
        await go_on.wait()
        return [None] * len(arrivals)

    work = Intake(Output(), put=put, file=file)
    run = asyncio.create_task(work.take(found(3 * BATCH), NO_BAR))
    await waits.wait()
    run.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert work.tally.imported == BATCH


async def test_a_failure_to_file_ends_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def file(_: Sequence[Arrival]) -> list[Outcome]:
        raise RuntimeError("no store")

    work = Intake(Output(), put=digest_only, file=file)
    with pytest.raises(RuntimeError):
        await work.take(found(3 * BATCH), NO_BAR)
    assert work.tally.imported == 0


async def test_mails_in_memory_are_bounded_by_number_and_by_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    async def file(arrivals: Sequence[Arrival]) -> list[Outcome]:
        sizes.append(len(arrivals))
        return [None] * len(arrivals)

    await Intake(Output(), put=digest_only, file=file).take(found(150), NO_BAR)
    assert sizes == [BATCH, BATCH, 150 - 2 * BATCH]
    sizes.clear()
    monkeypatch.setattr(intake, "BATCH_OCTETS", 1)
    await Intake(Output(), put=digest_only, file=file).take(found(3), NO_BAR)
    assert sizes == [1, 1, 1]


async def test_mails_are_filed_in_the_order_they_are_found() -> None:
    names: list[str] = []

    async def file(arrivals: Sequence[Arrival]) -> list[Outcome]:
        names.extend(each.name for each in arrivals)
        return [None] * len(arrivals)

    await Intake(Output(), put=digest_only, file=file).take(found(150), NO_BAR)
    assert names == [str(number) for number in range(150)]
