"""Recordings of Apache James' WebAdmin: JSON Lines, one step each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.exchanges.steps import Asked, Recorded, Step


def read(path: Path) -> Iterator[Step]:
    """Yield the steps of a file."""
    for line in path.read_text("utf-8").splitlines():
        yield step_of(json.loads(line))


def step_of(line: dict[str, Any]) -> Step:
    scenario = f"{line['scenario']} {line['step']}"
    if "request" not in line:
        return Step(
            name=scenario, action=line.get("action"), bind=line.get("bind") or {}
        )
    request, response = line["request"], line["response"]
    volatile = [(where, kind) for where, kind in line.get("volatile") or []]
    return Step(
        name=f"{scenario} {request['method']} {request['path']}",
        asked=Asked(
            method=request["method"],
            path=request["path"],
            query=request["query"] or "",
            headers=request["headers"],
            body=request["body"],
        ),
        recorded=Recorded(
            status=response["status"],
            headers=response["headers"],
            body=response["body"],
        ),
        bind=line.get("bind") or {},
        capture=line.get("capture") or {},
        volatile={where: kind for where, kind in volatile if kind != "regex"},
        without=[pattern for pattern, kind in volatile if kind == "regex"],
        unordered=line.get("unordered") or (),
        polls=bool(line.get("poll")),
    )
