"""Exchanges that we write down from a system's documents, as YAML.

    about: what it shows
    steps:
      - call: POST /auth/authenticate-user
        headers: {Authorization: "Bearer {{token}}"}
        body: {username: ada@example.org, password: secret}
        status: 200                      # what is due; 200 where nothing is said
        answer: {success: true}          # more names than these may come
        capture: {token: /accessToken}
        volatile: {/accessToken: token}
        unordered: [/results]

`answer` says what documents say, so that an answer may have more.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support.exchanges.steps import Asked, Recorded, Step

_KNOWN = {
    *("call", "headers", "body", "status", "answer"),
    *("capture", "volatile", "same", "unordered"),
}


def read(path: Path) -> Sequence[Step]:
    """Return the steps of a file."""
    return list(_steps(path))


def _steps(path: Path) -> Iterator[Step]:
    written = yaml.safe_load(path.read_text("utf-8"))
    for number, each in enumerate(written["steps"], start=1):
        yield step_of(each, f"{path.stem} {number}")


def step_of(written: dict[str, Any], name: str) -> Step:
    assert written.keys() <= _KNOWN, f"{name}: {written.keys() - _KNOWN}"
    method, _, target = written["call"].partition(" ")
    path, _, query = target.partition("?")
    body, answer = written.get("body"), written.get("answer")
    headers = dict(written.get("headers") or {})
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    return Step(
        name=f"{name} {written['call']}",
        asked=Asked(
            method=method,
            path=path,
            query=query,
            headers=headers,
            body=None if body is None else json.dumps(body),
        ),
        recorded=Recorded(
            status=written.get("status", 200),
            body=None if answer is None else json.dumps(answer),
        ),
        capture=written.get("capture") or {},
        volatile=written.get("volatile") or {},
        same=written.get("same") or {},
        unordered=written.get("unordered") or (),
        allows_more=True,
    )
