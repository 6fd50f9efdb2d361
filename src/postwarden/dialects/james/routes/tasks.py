"""Tasks (WebAdmin's "Task management"): shown, awaited, canceled."""

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.durations import BadDuration, seconds_of
from postwarden.dialects.james.envelope import (
    NOT_FOUND,
    SERVER,
    Fault,
    done,
    found,
    invalid,
)
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.reports import (
    STATUSES,
    BadTaskId,
    number_of,
    report,
    task_id,
)
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.errors import NotFound, Refused
from postwarden.model.tasks import Task, TaskState
from postwarden.services import awaiting, steering
from postwarden.services import tasks as service

tasks = Operations()

_PAGE = 500  # tasks that one transaction reads
_MOST = 10_000  # of a listing, the newest
_LONGEST_WAIT = 365 * 86_400.0  # seconds


@tasks.get("/tasks")
async def list_tasks(call: Call) -> Answer:
    """List tasks, the newest first; `status` takes those of one state alone."""
    status = call.parameter("status")
    states: list[TaskState] = []
    if status is not None:
        known = [s for s, name in STATUSES.items() if name.lower() == status.lower()]
        if not known:
            details = f"Unknown status value '{status}'"
            raise invalid("Invalid status query parameter", details)
        states = known
    rows: list[Task] = []
    before = service.LAST
    while len(rows) < _MOST:
        page = await call.read(service.page, before=before, limit=_PAGE, states=states)
        rows += page
        if len(page) < _PAGE:
            break
        before = page[-1].id
    return found([report(each, call.house.host) for each in rows])


@tasks.get("/tasks/{task}")
async def show_task(call: Call, task: str) -> Answer:
    """Show how far a task is, and what became of it."""
    number, name = _number(task)
    try:
        shown = await call.read(service.find, number)
    except NotFound as error:
        raise Fault(404, NOT_FOUND, f"{name} can not be found") from error
    return found(report(shown, call.house.host))


@tasks.get("/tasks/{task}/await")
async def await_task(call: Call, task: str) -> Answer:
    """Show what became of a task when it has ended."""
    number, _ = _number(task)
    seconds = _timeout(call.parameter("timeout"))
    try:
        ended = await awaiting.wait_for(
            call.house.store, call.actor, number, seconds=seconds
        )
    except NotFound as error:
        raise Fault(404, SERVER, "The taskId is not found") from error
    if not ended.has_ended:
        raise Fault(408, SERVER, "The timeout has been reached")
    return found(report(ended, call.house.host))


@tasks.delete("/tasks/{task}")
async def cancel_task(call: Call, task: str) -> Answer:
    """Cancel a task; one that has ended or that there is not stays as it is."""
    number, _ = _number(task)
    try:
        await call.write(steering.cancel, number)
    except NotFound:
        return done()
    except Refused:
        if not (await call.read(service.find, number)).has_ended:
            raise  # it must end
    return done()


def made(task: Task) -> Answer:
    """Return the answer that an order became a task."""
    name = task_id(task.id)
    answer = found({"taskId": name}, 201)
    answer.headers["location"] = f"/tasks/{name}"
    return answer


def _number(text: str) -> tuple[int, str]:
    """Return the number of a task and its name in full; raises Fault."""
    try:
        return number_of(text)
    except BadTaskId as error:
        raise invalid("Invalid task id", f"Invalid UUID string: {text}") from error


def _timeout(text: str | None) -> float:
    if not text:
        return _LONGEST_WAIT
    try:
        seconds = seconds_of(text)
    except BadDuration as error:
        raise invalid("Invalid timeout", str(error)) from error
    if seconds > _LONGEST_WAIT:
        raise invalid("Invalid timeout", "Timeout should not exceed 365 days")
    return seconds
