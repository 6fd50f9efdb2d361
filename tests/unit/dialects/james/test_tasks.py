"""Tasks: their ids, their states, and how long somebody waits for one."""

import re
from datetime import timedelta

import pytest

from postwarden.dialects.james.durations import BadDuration, seconds_of
from postwarden.dialects.james.reports import BadTaskId, number_of, task_id
from postwarden.model.tasks import Task, TaskState
from postwarden.services import tasks, vault
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import saying
from tests.support.covering import covers
from tests.unit.dialects.james.conftest import Village

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
_FORM = "Supplied value do not follow the unit format"


def newest(uow: UnitOfWork) -> Task:
    return uow.tasks.page(before=tasks.LAST, limit=1)[0]


def end(uow: UnitOfWork) -> None:
    """Do the expiry that waits, in name only."""
    until = uow.now + timedelta(minutes=1)
    leased = uow.tasks.lease("me", names=[vault.EXPIRE], now=uow.now, until=until)
    assert leased
    done, result = TaskState.COMPLETED, {"destroyed": 3}
    assert uow.tasks.finish(leased.id, "me", done, uow.now, result=result)


@covers("GET /tasks", "GET /tasks/{task}", "GET /tasks/{task}/await")
async def test_an_order_becomes_a_task_that_can_be_awaited(village: Village) -> None:
    made = await village.client("DELETE", "/deletedMessages", query="scope=expired")
    name = made.json["taskId"]
    assert (made.status, made.headers["location"]) == (201, f"/tasks/{name}")
    waiting = (await village.client.get(f"/tasks/{name}")).json
    assert waiting["status"] == "waiting"
    assert waiting["type"] == "deleted-messages-blob-store-based-garbage-collection"
    assert DATE.fullmatch(waiting["submitDate"])
    assert waiting["executedOn"] is waiting["cancelledFrom"] is None
    late = await village.client.get(f"/tasks/{name}/await", timeout="1ms")
    assert (late.status, late.json["type"]) == (408, "ServerError")
    await village.store.transact(end)
    ended = await village.client.get(f"/tasks/{name}/await", timeout="5s")
    assert ended.json["status"] == "completed"
    assert ended.json["additionalInformation"]["destroyedMessages"] == 3
    assert DATE.fullmatch(ended.json["completedDate"])
    assert (await village.client.get("/tasks", status="COMPLETED")).json == [ended.json]
    assert (await village.client.get("/tasks", status="waiting")).json == []
    assert (await village.client("DELETE", f"/tasks/{name}")).status == 204


@covers("DELETE /tasks/{task}")
async def test_a_task_is_canceled_unless_it_must_end(village: Village) -> None:
    made = await village.client("DELETE", "/deletedMessages", query="scope=expired")
    path = made.headers["location"]
    assert (await village.client("DELETE", path)).status == 204
    canceled = (await village.client.get(path)).json
    assert canceled["status"] == "canceled"
    assert DATE.fullmatch(canceled["canceledDate"])
    assert canceled["cancelledFrom"] == village.house.host
    await village.client("PUT", "/quota/count", content=b"7")
    task = await village.store.read(newest)
    assert task.name == saying.APPLY
    refused = await village.client("DELETE", f"/tasks/{task_id(task.id)}")
    assert (refused.status, refused.json["type"]) == (409, "WrongState")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        ("5s", 5.0),
        (" 5 S ", 5.0),
        ("1000ms", 1.0),
        ("1minute", 60.0),
        ("2Hours", 7200.0),
        ("7d", 604_800.0),
        ("1w", 604_800.0),
        ("12month", 365.2425 * 86_400),
        ("1y", 365.2425 * 86_400),
    ],
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-5s", "Duration amount should be positive"),
        ("abc", _FORM),
        ("1.5s", _FORM),
        ("s", _FORM),
        ("+5s", _FORM),
        ("5parsecs", "Unknown unit: parsecs"),
        ("99999999999s", 'For input string: "99999999999"'),
        ("9" * 99, _FORM),
    ],
)
async def test_what_is_no_duration_is_refused(
    village: Village, text: str, said: str
) -> None:
    with pytest.raises(BadDuration):
        seconds_of(text)
    path = f"/tasks/{task_id(1)}/await"
    answered = await village.client.get(path, timeout=text)
    assert (answered.status, answered.json["message"]) == (400, "Invalid timeout")
    assert answered.json["details"].startswith(said)
    too_long = await village.client.get(path, timeout="366d")
    assert too_long.json["details"] == "Timeout should not exceed 365 days"


@pytest.mark.parametrize("number", [1, 77, 2**47])
def test_the_number_of_a_task_is_in_its_id(number: int) -> None:
    assert number_of(task_id(number).upper()) == (number, task_id(number))


def test_ids_of_others_are_nobodys_here() -> None:
    short = "5641376-02ed-47bd-bcc7-76ff6262d92a"
    assert number_of(short) == (0, f"0{short}")
    for text in ("", "abc", "1-1-1-1", f"{task_id(1)}-1", "x" * 40):
        with pytest.raises(BadTaskId):
            number_of(text)


@covers("DELETE /deletedMessages")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "'scope' query parameter is compulsory. Supported values are [expired]"),
        (
            "scope=%20",
            "'scope' query parameter cannot be empty or blank. "
            "Supported values are [expired]",
        ),
        (
            "scope=EXPIRED",
            "Invalid value supplied for query parameter 'scope': EXPIRED. "
            "Supported values are [expired]",
        ),
    ],
)
async def test_what_is_purged_must_be_said(
    village: Village, query: str, said: str
) -> None:
    answered = await village.client("DELETE", "/deletedMessages", query=query)
    assert (answered.status, answered.json["details"]) == (400, said)


@covers("POST /quota/users")
async def test_what_users_keep_is_counted_anew(village: Village) -> None:
    query = "task=RecomputeCurrentQuotas&usersPerSecond=20"
    made = await village.client("POST", "/quota/users", query=query)
    assert made.status == 201
    told = (await village.client.get(made.headers["location"])).json
    assert told["type"] == "recompute-current-quotas"
    information = told["additionalInformation"]
    assert information["runningOptions"] == {"usersPerSecond": 20}
    assert information["failedQuotaRoots"] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "'task' query parameter is compulsory."),
        ("task=nope", "Invalid value supplied for query parameter 'task': nope."),
        (
            "task=RecomputeCurrentQuotas&usersPerSecond=0",
            "'usersPerSecond' needs to be strictly positive",
        ),
        (
            "task=RecomputeCurrentQuotas&usersPerSecond=abc",
            "Illegal value supplied for query parameter 'usersPerSecond', "
            "expecting a strictly positive optional integer",
        ),
    ],
)
async def test_what_is_counted_and_how_fast_must_be_said_well(
    village: Village, query: str, said: str
) -> None:
    answered = await village.client("POST", "/quota/users", query=query)
    assert answered.status == 400
    assert answered.json["details"].startswith(said)
