"""Recordings of Stalwart's management API: JSON Lines, step 0 opens a scenario."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.exchanges.steps import Asked, Recorded, Step

_REPEATED = re.compile(r"<'(.)' repeated (\d+) times>")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a server must be set up like, and the steps from there."""

    name: str
    opening: Mapping[str, Any]
    steps: list[Step]


def read(path: Path) -> Iterator[Scenario]:
    """Yield the scenarios of a file."""
    scenario: Scenario | None = None
    for text in path.read_text("utf-8").splitlines():
        line = json.loads(text)
        if line["step"] == 0:
            if scenario:
                yield scenario
            scenario = Scenario(name=line["scenario"], opening=line, steps=[])
        elif scenario:
            scenario.steps.append(step_of(line, scenario.opening.get("roles", {})))
    if scenario:
        yield scenario


def step_of(line: dict[str, Any], roles: Mapping[str, Mapping[str, str]]) -> Step:
    """Return a step; one that is no HTTP has the whole line for its action."""
    name = f"{line['scenario']} {line['step']}"
    if line["kind"] != "http":
        return Step(name=name, action=line)
    request, response = line["request"], line["response"]
    volatile = dict(line.get("volatile") or {})
    loose = {where for where in volatile if where.startswith("header:")}
    return Step(
        name=f"{name} {request['method']} {request['path']}",
        asked=Asked(
            method=request["method"],
            path=request["path"],
            query=request["query"] or "",
            headers=_headers(request["headers"], roles),
            body=_body(request["body"]),
        ),
        recorded=Recorded(
            status=response["status"],
            headers=response["headers"],
            body=None if "" in volatile else response.get("body"),
        ),
        capture=line.get("capture") or {},
        volatile={
            where: kind for where, kind in volatile.items() if where not in loose
        },
        same=line.get("refs") or {},
        unordered=line.get("unordered") or (),
        loose_headers=frozenset(where.partition(":")[2].lower() for where in loose),
        polls=bool(line.get("poll")),
    )


def _headers(
    given: Mapping[str, str], roles: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    headers = dict(given)
    if "auth" in headers:
        role = roles[headers.pop("auth")]
        headers["Authorization"] = f"Basic {{{{b64:{role['user']}:{role['secret']}}}}}"
    return headers


def _body(text: str | None) -> str | None:
    found = _REPEATED.fullmatch(text or "")
    return found[1] * int(found[2]) if found else text
