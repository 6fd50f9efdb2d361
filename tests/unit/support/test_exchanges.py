"""The player of recorded exchanges, against a counter that answers in JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Answered, Client
from tests.support.exchanges import documented, james, stalwart
from tests.support.exchanges.captures import Nowhere, captured
from tests.support.exchanges.comparing import Rules, differences
from tests.support.exchanges.kinds import JAMES, STALWART
from tests.support.exchanges.placeholders import Unbound, Variables
from tests.support.exchanges.playing import Player, through
from tests.support.exchanges.steps import Asked, Recorded, Step

Said = Mapping[str, Any]


class Counter:
    """Answers every POST with how many it has had, and what was sent."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, scope: Said, receive: Any, send: Any) -> None:
        body = (await receive())["body"].decode()
        self.count += 1
        said = {
            "id": f"n{self.count}",
            "count": self.count,
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "sent": body,
            "all": ["b", "a"],
        }
        headers = [(b"content-type", b"application/json;charset=utf-8")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


def player(**more: Any) -> Player:
    return Player(through(Client(Counter())), kinds=JAMES, **more)


def line(step: int, response: Said, **more: Any) -> dict[str, Any]:
    """Return a line as James' recordings have them."""
    request: Said = {"method": "POST", "path": "/x", "query": None, "headers": {}}
    return {
        "scenario": "counting",
        "step": step,
        "request": {**request, "body": None, **more.pop("request", {})},
        "response": {
            "status": 201,
            "headers": {"content-type": "application/json"},
            "body": json.dumps(response),
        },
        **more,
    }


ANSWER = {"id": "n1", "count": 1, "path": "/x", "query": "", "sent": ""}
ANSWER["all"] = ["a", "b"]
LOOSE = {"volatile": [["/count", "int"]], "unordered": ["/all"]}


async def test_what_is_answered_as_recorded_differs_in_nothing() -> None:
    second = {
        **ANSWER,
        "id": "n2",
        "path": "/x/a%2Fb;c",
        "query": "q=n1&%20",
        "sent": "{n1}",
    }
    asked = {"path": "/x/a%2Fb;c", "query": "q={{first}}&%20", "body": "{{{first}}}"}
    steps = [
        line(1, {**ANSWER, "id": "{{first}}"}, capture={"first": "/id"}, **LOOSE),
        line(2, second, request=asked, **LOOSE),
    ]
    assert await player().play(map(james.step_of, steps)) == []


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ({"count": "1"}, '/count: "1" was due, 1 came'),
        ({"count": 1.0}, "/count: 1.0 was due, 1 came"),
        ({"all": ["b"]}, "/all: 1 were due, 2 came"),
        ({"all": ["a", "a"]}, '/all: ["a", "a"] was due in any order'),
        ({"new": None}, "/new: is missing"),
        ({"id": "{{unbound}}"}, "nothing is known of unbound"),
    ],
)
async def test_each_difference_is_told(recorded: Said, said: str) -> None:
    step = line(1, {**ANSWER, **recorded}, unordered=["/all"])
    [found] = await player().play([james.step_of(step)])
    assert found == f"counting 1 POST /x: {said}"


async def test_a_status_a_header_and_a_name_too_many_are_told() -> None:
    less = {name: value for name, value in ANSWER.items() if name != "sent"}
    step = line(1, less, unordered=["/all"])
    step["response"] |= {"status": 200, "headers": {"Location": "/x"}}
    found = await player().play([james.step_of(step)])
    assert [each.partition(": ")[2][:30] for each in found] == [
        '200 was due, 201 came: {"id": ',
        "location: '/x' was due, '' cam",
        "/sent: is one too many",
    ]


async def test_a_step_that_polls_is_asked_until_it_is_right() -> None:
    waits = []

    async def wait() -> None:
        waits.append(1)

    step = line(1, {**ANSWER, "id": "n4", "count": 4}, poll=True, unordered=["/all"])
    assert await player(wait=wait).play([james.step_of(step)]) == []
    assert len(waits) == 3


async def test_what_is_no_request_is_done_by_the_test() -> None:
    done: list[Said] = []

    async def act(action: Said) -> None:
        done.append(action)

    lines = [
        {"scenario": "x", "step": 1, "bind": {"user": "ada"}},
        {
            "scenario": "x",
            "step": 2,
            "action": {"type": "imap", "commands": [["{{user}}"]]},
        },
    ]
    assert await player(act=act).play(map(james.step_of, lines)) == []
    assert done == [{"type": "imap", "commands": [["ada"]]}]


@pytest.mark.parametrize(
    ("how", "bound"),
    [
        ("/0/name", "a"),
        ("/1", '{"name": "b", "at": 2}'),
        ('regex:at": (\\d)', "1"),
        ("header:location:/tasks/(.*)", "7"),
        ("where:/name=b:/at", "2"),
    ],
)
def test_variables_are_bound_from_an_answer(how: str, bound: str) -> None:
    body = b'[{"name": "a", "at": 1}, {"name": "b", "at": 2}]'
    answered = Answered(200, {"location": "/tasks/7"}, body)
    assert captured(how, answered, []) == bound


def test_what_no_variable_holds_is_new() -> None:
    answered = Answered(200, {}, b'["x", "y"]')
    assert captured("new", answered, ["x"]) == "y"
    with pytest.raises(Nowhere):
        captured("new", answered, ["x", "y"])
    with pytest.raises(Nowhere):
        captured("/7/name", answered, [])


def test_placeholders_are_made_on_the_spot() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    variables = Variables({"name": 'a/"b', "n": "255"}, now=lambda: now)
    assert variables.fill("{{name}} {{url:name}} {{json:name}} {{hex:n}}") == (
        'a/"b a%2F%22b a/\\"b FF'
    )
    assert variables.fill("{{now+60}} {{yyyymm}}") == "2026-11-21T12:01:00Z 202611"
    assert variables.fill("{{b64:u:{{n}}}}") == "dToyNTU="
    with pytest.raises(Unbound):
        variables.fill("{{url:nobody}}")


async def test_a_recording_of_stalwart_is_played(tmp_path: Path) -> None:
    opening = {"roles": {"admin": {"user": "admin", "secret": "pw"}}}
    request = {
        "method": "POST",
        "path": "/a",
        "query": "x",
        "headers": {"auth": "admin"},
    }
    body = json.dumps({**ANSWER, "path": "/a", "query": "x", "sent": "zzz", "id": "?"})
    written = [
        {"scenario": "s", "step": 0, "kind": "setup", **opening},
        {
            "scenario": "s",
            "step": 1,
            "kind": "http",
            "request": {**request, "body": "<'z' repeated 3 times>"},
            "response": {"status": 201, "headers": {"age": "1"}, "body": body},
            "capture": {"id": "/id"},
            "refs": {"/id": "{{id}}"},
            "volatile": {"/*": "any", "header:Age": "digits"},
            "unordered": ["/all"],
        },
    ]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(map(json.dumps, written)))
    [scenario] = stalwart.read(path)
    asked = scenario.steps[0].asked
    assert asked
    assert asked.headers == {"Authorization": "Basic {{b64:admin:pw}}"}
    own = Player(through(Client(Counter())), kinds=STALWART)
    assert await own.play(scenario.steps) == []


def test_any_token_of_a_pointer_may_be_meant() -> None:
    rules = Rules(kinds=STALWART, fill=str, volatile={"/*/at/*": "int"})
    recorded = {"a": {"at": [1, 2.0]}}
    assert not list(differences(recorded, {"a": {"at": [7, 8]}}, rules))
    [found] = differences(recorded, {"a": {"at": [7, "8"]}}, rules)
    assert found == '/a/at/1: "8" is no int'


def test_partners_are_found_whatever_comes_first() -> None:
    rules = Rules(kinds=STALWART, fill=str, volatile={"/0": "any"}, unordered=["/"[:0]])
    assert not list(differences(["?", "b"], ["b", "a"], rules))
    assert list(differences(["?", "b"], ["c", "a"], rules))


async def test_events_are_compared_one_by_one() -> None:
    stream = 'event: e\ndata: {"n": 1}\n\nevent: e\ndata: [2]\n\n'

    async def ask(_: Asked) -> Answered:
        return Answered(200, {}, stream.replace("1", "7").encode())

    headers = {"content-type": "text/event-stream"}
    step = Step(
        name="s",
        asked=Asked(method="GET", path="/"),
        recorded=Recorded(status=200, headers=headers, body=stream),
        volatile={"/0/data/n": "int"},
    )
    found = await Player(ask, kinds=STALWART).play([step])
    assert found == ["s: content-type: 'text/event-stream' was due, '' came"]


async def test_what_is_written_from_documents_may_have_more(tmp_path: Path) -> None:
    path = tmp_path / "documented.yaml"
    path.write_text(
        "steps:\n"
        "- call: POST /x?a\n"
        "  body: {take: 1}\n"
        "  status: 201\n"
        "  answer: {count: 1, all: [b, a]}\n"
    )
    assert await player().play(documented.read(path)) == []
    path.write_text("steps:\n- {call: POST /x, status: 201, answer: {none: 1}}\n")
    assert len(await player().play(documented.read(path))) == 1
