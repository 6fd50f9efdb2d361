"""Sends what was recorded, step by step, and collects what is answered otherwise."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.support.api import Answered, Client
from tests.support.exchanges.captures import Nowhere, captured
from tests.support.exchanges.comparing import Rules, differences
from tests.support.exchanges.kinds import Kinds
from tests.support.exchanges.placeholders import Unbound, Variables
from tests.support.exchanges.steps import Asked, Recorded, Step

Ask = Callable[[Asked], Awaitable[Answered]]
Act = Callable[[Mapping[str, Any]], Awaitable[None]]
Wait = Callable[[], Awaitable[None]]

_POLLS = 160  # of a quarter of a second each, where nothing else is waited for


def through(client: Client) -> Ask:
    """Ask an app in this process."""

    async def ask(asked: Asked) -> Answered:
        return await client(
            asked.method,
            asked.path,
            query=asked.query,
            headers=asked.headers,
            content=None if asked.body is None else asked.body.encode(),
        )

    return ask


async def _a_little() -> None:
    await asyncio.sleep(
        0.25
    )  # as the recordings say; better is to wait for what is due


class Player:
    """Plays scenarios; `variables` may be given before and read after.

    `act` does what is no HTTP, with its placeholders filled. `wait` waits between
    two tries of a step that polls: tests that can wait for the work itself should.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        kinds: Kinds,
        variables: Variables | Mapping[str, str] | None = None,
        act: Act | None = None,
        wait: Wait = _a_little,
    ) -> None:
        given = variables
        self.variables = given if isinstance(given, Variables) else Variables(given)
        self._ask, self._act, self._wait = ask, act, wait
        self._kinds = kinds

    async def play(self, steps: Iterable[Step]) -> list[str]:
        """Return what was answered otherwise; trust the first, the rest may follow."""
        found: list[str] = []
        for step in steps:
            self.variables.update(step.bind)
            if step.action is not None:
                await self._do(step.action)
            if step.asked is not None:
                found += [f"{step.name}: {each}" for each in await self._try(step)]
        return found

    async def _do(self, action: Mapping[str, Any]) -> None:
        assert self._act is not None, f"nobody does {action}"
        filled = json.loads(
            json.dumps(action), object_hook=lambda each: _filled(each, self.variables)
        )
        await self._act(filled)

    async def _try(self, step: Step) -> list[str]:
        found = await self._once(step)
        for _ in range(_POLLS if step.polls else 0):
            if not found:
                break
            await self._wait()
            found = await self._once(step)
        return found

    async def _once(self, step: Step) -> list[str]:
        assert step.asked is not None
        fill = self.variables.fill
        asked = step.asked
        try:
            answered = await self._ask(
                Asked(
                    method=asked.method,
                    path=fill(asked.path),
                    query=fill(asked.query),
                    headers={name: fill(text) for name, text in asked.headers.items()},
                    body=None if asked.body is None else fill(asked.body),
                )
            )
            bound = {
                name: captured(how, answered, self.variables.values())
                for name, how in step.capture.items()
            }
            self.variables.update(bound)
            return list(self._compared(step, answered))
        except (Nowhere, Unbound) as error:
            return [f"nothing is known of {error}"]

    def _compared(self, step: Step, answered: Answered) -> Iterator[str]:
        recorded = step.recorded
        if recorded.status != answered.status:
            came = answered.body[:300].decode(errors="replace")
            yield f"{recorded.status} was due, {answered.status} came: {came}"
        for name, wanted in recorded.headers.items():
            if name.lower() not in step.loose_headers:
                yield from self._header(name.lower(), wanted, answered)
        if recorded.body is not None:
            yield from self._body(step, recorded, answered)

    def _header(self, name: str, wanted: Any, answered: Answered) -> Iterator[str]:
        whole = wanted if isinstance(wanted, str) else ", ".join(wanted)
        due, came = self.variables.fill(whole), answered.headers.get(name, "")
        if name == "content-type":
            due, came = (each.partition(";")[0].strip() for each in (due, came))
        if due != came:
            yield f"{name}: {due!r} was due, {came!r} came"

    def _body(
        self, step: Step, recorded: Recorded, answered: Answered
    ) -> Iterator[str]:
        came = answered.body.decode(errors="replace")
        due = recorded.body or ""
        is_stream = "event-stream" in str(recorded.headers.get("content-type", ""))
        read = _events if is_stream else json.loads
        try:
            values = read(due), read(came)
        except ValueError:
            yield from self._texts(step, due, came)
            return
        rules = Rules(
            kinds=self._kinds,
            fill=self.variables.fill,
            volatile=step.volatile,
            same=step.same,
            unordered=step.unordered,
            allows_more=step.allows_more,
        )
        yield from differences(*values, rules)

    def _texts(self, step: Step, due: str, came: str) -> Iterator[str]:
        if "" in step.volatile:
            if not self._kinds[step.volatile[""]](came):
                yield f"the body is no {step.volatile['']}: {came[:200]}"
            return
        due = self.variables.fill(due)
        for pattern in step.without:
            due, came = (re.sub(pattern, "", each) for each in (due, came))
        if due.replace("\r\n", "\n") != came.replace("\r\n", "\n"):
            yield f"{due[:200]!r} was due, {came[:200]!r} came"


def _filled(action: dict[str, Any], variables: Variables) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return variables.fill(value)
        return list(map(fill, value)) if isinstance(value, list) else value

    return {name: fill(value) for name, value in action.items()}


def _events(stream: str) -> list[dict[str, Any]]:
    """Read server-sent events whose data is JSON."""
    found: list[dict[str, Any]] = []
    for block in filter(None, stream.replace("\r\n", "\n").split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append({**fields, "data": json.loads(fields["data"])})
    return found
