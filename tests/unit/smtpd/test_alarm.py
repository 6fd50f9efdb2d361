"""Deadlines on a loop."""

import asyncio

from postwarden.smtpd.alarm import Alarm


async def test_it_rings_once_at_its_deadline() -> None:
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    alarm = Alarm(loop, rung.set)
    deadline = loop.time() + 0.02

    alarm.set(deadline)
    await rung.wait()

    assert loop.time() >= deadline


async def test_a_later_deadline_is_kept() -> None:
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    alarm = Alarm(loop, rung.set)
    alarm.set(loop.time() + 0.01)
    deadline = loop.time() + 0.04

    alarm.set(deadline)
    await rung.wait()

    assert loop.time() >= deadline


async def test_an_earlier_deadline_is_kept() -> None:
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    alarm = Alarm(loop, rung.set)
    alarm.set(loop.time() + 1000)

    alarm.set(loop.time() + 0.01)
    async with asyncio.timeout(10):
        await rung.wait()


async def test_what_is_cleared_or_cancelled_does_not_ring() -> None:
    loop = asyncio.get_running_loop()
    rung: list[str] = []
    cleared = Alarm(loop, lambda: rung.append("cleared"))
    cancelled = Alarm(loop, lambda: rung.append("cancelled"))
    after = asyncio.Event()
    last = Alarm(loop, after.set)

    cleared.set(loop.time() + 0.01)
    cleared.clear()
    cancelled.set(loop.time() + 0.01)
    cancelled.cancel()
    last.set(loop.time() + 0.03)
    await after.wait()

    assert rung == []
