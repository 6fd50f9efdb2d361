"""Documented requests with something wrong in them: an answer, and no fault of ours."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.exchanges import documented
from tests.support.exchanges.placeholders import Variables
from tests.support.exchanges.steps import Asked, Step
from tests.unit.dialects.smartermail.conftest import PASSWORD, Town

STEPS = [
    step
    for path in sorted(Path(__file__).parent.glob("*.yaml"))
    for step in documented.read(path)
]
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 2**64, 1e308, 0.5, "", " ", "x", "0", "-1", "\0"),
    *("\ud800", "\u202e", "@", "a@b@c", "ada@example.net", "..", "*", '"', "'--", "|"),
    *("x" * 5000, "1970-01-01T00:00:00", [], [[]], {}, {"a": {}}, [None], ["x"] * 300),
    *([1, "x", None], "{{", "%s", "true", "Inbox", "Deleted Items", "example.org"),
)
odd = st.sampled_from(ODD) | st.text(max_size=20) | st.integers()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything in a JSON value, itself included."""
    found = [path]
    if isinstance(value, dict):
        found += [p for k, v in value.items() for p in places(v, (*path, k))]
    elif isinstance(value, list):
        found += [p for n, v in enumerate(value) for p in places(v, (*path, n))]
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Step, Asked]:
    """Draw a documented request with one or two things put in another's place."""
    step = draw(st.sampled_from(STEPS))
    assert step.asked
    asked = step.asked
    body = None if asked.body is None else json.loads(asked.body)
    path, headers = asked.path, dict(asked.headers)
    for _ in range(draw(st.integers(1, 2))):
        match draw(st.sampled_from(["body", "path", "header"])):
            case "body" if body is not None:
                body = _replaced(body, draw(st.sampled_from(places(body))), draw(odd))
            case "path":
                at = draw(st.integers(0, len(path)))
                path = path[:at] + draw(
                    st.sampled_from(["/", "%00", "x", "%ff", "%2F"])
                )
            case "header" if headers:
                name = draw(st.sampled_from(sorted(headers)))
                headers[name] = draw(
                    st.sampled_from(["", "x", "@", "Bearer", "é", "a@b"])
                )
    content = None if body is None else json.dumps(body)
    return step, Asked(
        method=asked.method, path=path, query=asked.query, headers=headers, body=content
    )


def _replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


def test_there_is_much_to_mutate() -> None:
    assert len(STEPS) > 80


@pytest.fixture
async def variables(furnished: Town) -> Variables:
    tokens = {
        name.partition("@")[0]: (await furnished.log_in(name)).json["accessToken"]
        for name in ("root", "carol", "ada@example.org")
    }
    names = ("access", "refresh", "acting", "managing")
    numbers = {"id": "5", "lunch": "1", "invoice": "2"}
    return Variables(
        {"password": PASSWORD, **dict.fromkeys(names, "x"), **numbers, **tokens}
    )


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=mutated())
async def test_no_request_makes_a_fault(
    furnished: Town, variables: Variables, drawn: tuple[Step, Asked]
) -> None:
    _, asked = drawn

    def fill(text: str) -> str:
        return variables.fill(text) if "{{" in text and "}}" in text else text

    answered = await furnished.client(
        asked.method,
        fill(asked.path),
        query=asked.query,
        headers={name: fill(text) for name, text in asked.headers.items()},
        content=None if asked.body is None else fill(asked.body).encode(),
    )
    assert answered.status < 500, answered.body
    assert answered.json["success"] is (answered.status == 200)
