"""Health checks, for everybody (WebAdmin's "HealthCheck")."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import NOT_FOUND, Fault, found
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.errors import MailError
from postwarden.services.ports import UnitOfWork

health = Operations(is_open=True)

HEALTHY, UNHEALTHY = "healthy", "unhealthy"
_Check = Callable[[Call], Awaitable[str | None]]


async def _lifecycle(call: Call) -> str | None:
    """Whether mail could be taken now: the rows can be read and the disk has room."""
    try:
        await call.house.store.peek(_look)
        call.house.blobs.check_room()
    except MailError as error:
        return error.code
    return None


def _look(uow: UnitOfWork) -> None:
    uow.domains.page(limit=1)


async def _always(_: Call) -> str | None:
    """Be well: what this part of James keeps apart is one with its mail here."""
    return None


_CHECKS: dict[str, _Check] = {
    "Guice application lifecycle": _lifecycle,
    "EventDeadLettersHealthCheck": _always,
    "MessageFastViewProjection": _always,
}


@health.get("/healthcheck")
async def check_all(call: Call) -> Answer:
    """Check everything; the worst part is the state of the whole."""
    checks = [await _checked(call, name) for name in _CHECKS]
    is_well = all(each["status"] == HEALTHY for each in checks)
    status = HEALTHY if is_well else UNHEALTHY
    return found({"status": status, "checks": checks}, 200 if is_well else 503)


@health.get("/healthcheck/checks")
async def list_checks(call: Call) -> Answer:
    """List what can be checked."""
    return found([_named(name) for name in _CHECKS])


@health.get("/healthcheck/checks/{name}")
async def check_one(call: Call, name: str) -> Answer:
    """Check one part."""
    if name not in _CHECKS:
        message = f"Component with name {name} cannot be found"
        raise Fault(404, NOT_FOUND, message)
    checked = await _checked(call, name)
    return found(checked, 200 if checked["status"] == HEALTHY else 503)


def _named(name: str) -> dict[str, str | None]:
    return {"componentName": name, "escapedComponentName": quote(name, safe="")}


async def _checked(call: Call, name: str) -> dict[str, str | None]:
    cause = await _CHECKS[name](call)
    status = HEALTHY if cause is None else UNHEALTHY
    return {**_named(name), "status": status, "cause": cause}
